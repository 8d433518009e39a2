"""Who is signed out, or whose conversation was deleted in another tab, is told so, and loses nothing they wrote."""

import uuid
from urllib.parse import urlencode

import pytest
from django.test import AsyncClient
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import access
from chat.models import Conversation
from langai_site.accounts.session import SIGNED_OUT
from langai_site.database.writer import in_database_thread
from tests.chat.test_views import ask, client_of
from tests.shared import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "half a thought"


def by_htmx(path):
    return {"HX-Request": "true", "HX-Current-URL": f"http://testserver{path}"}


async def posted(client, address, conversation, **headers):
    url = reverse(address, args=[conversation] if conversation else [])
    form = urlencode({"text": TEXT, "model": "auto"})
    answer = await client.post(url, form, "application/x-www-form-urlencoded", headers=headers)
    return answer, LexborHTMLParser(answer.content.decode())


@pytest.fixture
async def client(alice):
    return await client_of(alice)


@pytest.fixture
async def deleted(client, alice):
    await ask(client)
    conversation = await Conversation.objects.aget()
    await in_database_thread(access.delete, alice.id, conversation.id)
    return conversation.id


async def test_a_notice_with_a_link_says_once_that_one_is_signed_out():
    conversation = uuid.uuid4()
    page = f"/conversations/{conversation}/"
    answer, html = await posted(AsyncClient(), "chat:post", conversation, **by_htmx(page))
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#notices", "innerHTML")
    assert html.css_first(".toast p").text() == f"{SIGNED_OUT} Sign in again"
    link = html.css_first(".toast a").attributes["href"]
    assert link == f"/accounts/login/?next=%2Fconversations%2F{conversation}%2F"


async def test_the_preview_says_it_in_its_own_line():
    answer, html = await posted(AsyncClient(), "chat:preview-new", None, **by_htmx("/"))
    assert "HX-Retarget" not in answer
    assert html.body.text(strip=True) == f"{SIGNED_OUT}Sign in again"
    assert not html.css("[role=alert]")


async def test_without_javascript_the_page_has_the_text_and_the_link():
    answer, html = await posted(AsyncClient(), "chat:start", None, Referer="http://testserver/", Accept="text/html")
    assert answer.status_code == 401
    assert html.css_first("textarea").text() == TEXT
    assert html.css_first(".card a").attributes["href"] == "/accounts/login/?next=%2F"


async def test_a_link_leads_to_no_other_site():
    _answer, html = await posted(AsyncClient(), "chat:start", None, Referer="http://elsewhere.example/x")
    assert html.css_first(".card a").attributes["href"] == "/accounts/login/?next=%2F"


async def test_a_conversation_that_was_deleted_elsewhere_says_so(client, deleted):
    page = f"/conversations/{deleted}/"
    answer, html = await posted(client, "chat:post", deleted, **by_htmx(page))
    assert answer["HX-Reswap"] == "innerHTML"
    assert html.css_first(".toast p").text() == f"{access.GONE} Start a new chat"
    _answer, line = await posted(client, "chat:preview", deleted, **by_htmx(page))
    assert line.body.text().strip() == f"{access.GONE} Start a new chat"


async def test_without_javascript_the_text_for_it_stands_in_a_new_chat(client, deleted):
    answer, html = await posted(client, "chat:post", deleted, Accept="text/html")
    assert answer.status_code == 404
    assert html.css_first("#text").text() == TEXT
    assert html.css_first("#composer").attributes["action"] == reverse("chat:start")
    assert access.GONE in html.css_first("[role=alert]").text()


async def test_a_refused_message_stands_in_the_composer_without_javascript(client):
    await ask(client)
    conversation = await Conversation.objects.aget()
    url = reverse("chat:post", args=[conversation.id])
    answer = await client.post(url, {"text": TEXT, "model": "auto", "temperature": "9"})
    html = LexborHTMLParser(answer.content.decode())
    assert (answer.status_code, html.css_first("#text").text()) == (400, TEXT)
    assert html.css_first("#temperature").attributes["value"] == "9"


def test_the_socket_says_the_same_words():
    script = "".join(path.read_text() for path in (ROOT / "static").glob("*.js"))
    assert str(SIGNED_OUT) in script
    assert access.GONE in script
