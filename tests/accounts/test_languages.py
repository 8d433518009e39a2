"""Pages speak the language that a person chose, or that their browser asks for; programs get English."""

import asyncio
import json

import polib
import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient, Client
from django.utils import translation

from langai_site.accounts.models import User
from langai_site.accounts.person_socket import PersonSocket
from langai_site.processes import catalogues
from langai_site.request_id import fresh_context
from langai_site.web.languages import language_of, language_of_browser

ACCOUNT = "/accounts/"
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
SAVED = {"first_name": "", "last_name": "", "email": "", "theme": "", "text_size": ""}


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def page(client, bob):
    client.force_login(bob)
    return client


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH, en;q=0.8", "de"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("en-GB, de;q=0.5", "en"),
        ("pt, *;q=0.1", "en"),
        ("x" * 5000, "en"),
        ("../../etc", "en"),
    ],
)
def test_the_first_language_that_the_browser_accepts_is_spoken(accepted, language):
    assert language_of_browser(accepted) == language


@pytest.mark.django_db
@pytest.mark.parametrize(("headers", "language"), [({}, "en"), (GERMAN, "de")])
def test_a_stranger_is_answered_in_the_language_of_the_browser_without_a_cookie(client, headers, language):
    response = client.get("/accounts/login/", headers=headers)
    assert f'<html lang="{language}"' in response.text
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    assert "django_language" not in response.cookies


def test_what_a_person_chose_counts_more_than_the_browser(page, bob):
    assert "Gespeichert." in page.post(ACCOUNT, SAVED | {"language": "de"}, follow=True).text
    bob.refresh_from_db()
    assert bob.language == "de"
    for address in (ACCOUNT, "/", "/library/", "/search/", "/conversations/list/"):
        response = page.get(address, headers={"Accept-Language": "en"})
        assert response["Content-Language"] == "de", address
    page.post(ACCOUNT, SAVED | {"language": "en"})
    assert '<html lang="en"' in page.get(ACCOUNT, headers=GERMAN).text
    page.post(ACCOUNT, SAVED | {"language": ""})
    assert '<html lang="de"' in page.get(ACCOUNT, headers=GERMAN).text


def test_an_unknown_language_is_refused_and_one_that_is_kept_is_not_spoken(page, bob):
    assert "errorlist" in page.post(ACCOUNT, SAVED | {"language": "xx"}).text
    User.objects.filter(pk=bob.pk).update(language="../de")
    assert '<html lang="en"' in page.get(ACCOUNT).text


@pytest.mark.parametrize("address", ["/api/conversations/none", "/v1/models", "/api/none"])
def test_programs_get_english_whatever_is_chosen(page, bob, address):
    User.objects.filter(pk=bob.pk).update(language="de")
    response = page.get(address, headers=GERMAN)
    assert "Content-Language" not in response
    assert response.text.isascii()
    assert translation.get_language() == "en"


async def test_the_language_reaches_the_threads_and_stays_with_its_request(bob):
    bob.language = "de"
    await bob.asave()
    browser, other = AsyncClient(), AsyncClient()
    await browser.aforce_login(bob)
    german, english = await asyncio.gather(browser.get("/"), other.get("/accounts/login/"))
    assert (german["Content-Language"], english["Content-Language"]) == ("de", "en")
    assert '<html lang="de"' in german.content.decode()


def test_somebody_whose_browser_decides_is_answered_as_the_request_or_task_began():
    assert language_of(User(language="")) == "en"
    with translation.override("de"):
        assert language_of(User(language="")) == "de"
        assert fresh_context().run(translation.get_language) == "de"
        assert language_of(User(language="en")) == "en"


class Speaking(PersonSocket):
    """Says in which language it would draw."""

    async def connect(self):
        await self.accept()
        await self.enter(self.scope["user"])
        await self.send(translation.get_language())

    async def receive(self, text_data=None, bytes_data=None):
        await self.send(await self.read(translation.get_language))


@pytest.mark.parametrize(("chosen", "language"), [("", "de"), ("en", "en")])
async def test_a_socket_speaks_the_language_of_its_person(bob, chosen, language):
    bob.language = chosen
    await bob.asave()
    browser = AsyncClient()
    await browser.aforce_login(bob)
    socket = WebsocketCommunicator(Speaking.as_asgi(), "/", headers=[(b"accept-language", b"de")])
    socket.scope |= {"user": bob, "session": await browser.asession()}
    await socket.connect()
    assert await socket.receive_from() == language
    await socket.send_to("?")
    assert await socket.receive_from() == language
    await socket.disconnect()


def test_the_languages_are_compiled_once_and_again_when_a_source_changed(settings, tmp_path, monkeypatch):
    source = tmp_path / "source" / "de" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "one"\nmsgstr "eins"\n')
    monkeypatch.setattr(catalogues, "SOURCES", tmp_path / "source")
    settings.DATA_DIR, settings.COMPILED_CATALOGUES = tmp_path, tmp_path / "locale"
    assert catalogues.setup_step()
    assert catalogues.setup_step() == ""
    compiled = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.mo"
    assert [entry.msgstr for entry in polib.mofile(str(compiled))] == ["eins"]
    source.write_text(source.read_text().replace("eins", "Eins"))
    assert catalogues.setup_step()
    assert [entry.msgstr for entry in polib.mofile(str(compiled))] == ["Eins"]
    compiled.unlink()
    assert catalogues.setup_step()
    assert [path.name for path in compiled.parent.iterdir()] == ["django.mo"]


@pytest.mark.django_db
def test_the_manifest_is_told_apart_by_language(client: Client):
    response = client.get("/manifest.webmanifest", headers=GERMAN)
    assert json.loads(response.text)["name"] == "LangAI"
    assert "Accept-Language" in response["Vary"]
