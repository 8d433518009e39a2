"""The list of places and actions: what is the person's own or open to them, and nothing else."""

import re

import pytest
from django.test import AsyncClient
from django.urls import reverse

from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from search.models import Collection, Source
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}
GO = "/go/"


@pytest.fixture
async def client(transactional_db, alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


def said(alice, question, answer):
    started = storage.post(alice, None, question, "quotes")
    finish(started, answer)
    return started


def furnished(alice, bob):
    said(alice, "How long is the parental leave?", "Fourteen weeks.")
    said(bob, "Bob's parental secret", "None.")
    mine = Collection.objects.create(name="Handbook", everyone=True)
    other = Collection.objects.create(name="Board")
    for number, (title, collection, live) in enumerate(
        [("Parental guide", mine, True), ("Parental minutes", other, True), ("Parental draft", mine, False)]
    ):
        Source.objects.create(
            id=f"{number:032x}",
            document=f"{number:032x}",
            collection=collection,
            title=title,
            file_name="p.pdf",
            live=live,
        )


def titles(response) -> list[str]:
    return re.findall(r"<b(?: [^>]*)?>(.*?)</b>", response.text)


async def test_it_finds_what_is_open_to_the_person_alone(client, alice, bob):
    await in_database_thread(furnished, alice, bob)
    found = await client.get(GO, {"q": "parental", "typed": "1"}, headers=HTMX)
    assert titles(found) == ["How long is the parental leave?", "Parental guide"]
    assert "<html" not in found.text
    assert 'aria-posinset="2" aria-setsize="2"' in found.text
    message = await client.get(GO, {"q": "fourteen", "typed": "1"}, headers=HTMX)
    assert "<mark>Fourteen</mark> weeks." in message.text
    assert "?reply=" in message.text


async def test_attached_files_are_not_among_the_documents(client, alice):
    files = await Collection.objects.acreate(kind="attached", holder=alice, name="attached files of person 1")
    key = f"{1:032x}"
    await Source.objects.acreate(id=key, document=key, collection=files, title="Payslip", file_name="p.pdf", live=True)
    assert titles(await client.get(GO, {"q": "payslip", "typed": "1"}, headers=HTMX)) == []


async def test_without_words_it_lists_recent_conversations_and_actions(client, alice, bob):
    await in_database_thread(furnished, alice, bob)
    found = await client.get(GO, headers=HTMX)
    assert titles(found)[:2] == ["How long is the parental leave?", "New chat"]
    assert "palette" in found.text
    assert "Admin" not in titles(found)


async def test_actions_are_found_by_other_words_and_accents_do_not_matter(client):
    assert "Theme: dark" in titles(await client.get(GO, {"q": "dark"}, headers=HTMX))
    assert titles(await client.get(GO, {"q": "cost", "typed": "1"}, headers=HTMX)) == ["Usage"]
    nothing = await client.get(GO, {"q": "zébra<b>", "typed": "1"}, headers=HTMX)
    assert "Nothing found for “zébra&lt;b&gt;”." in nothing.text


async def test_what_has_the_words_in_its_title_stands_before_messages_that_have_them_somewhere(client, alice):
    await in_database_thread(said, alice, "When do I see them?", "The theme is dark at night.")
    found = titles(await client.get(GO, {"q": "dark", "typed": "1"}, headers=HTMX))
    assert found == ["Theme: dark", "When do I see them?"]


async def test_admins_find_the_pages_that_they_may_open(transactional_db, admin, bob):
    boss = AsyncClient()
    await boss.aforce_login(admin)
    assert "Admin: Invitations" in titles(await boss.get(GO, {"q": "invitations", "typed": "1"}, headers=HTMX))
    await User.objects.filter(pk=bob.pk).aupdate(is_staff=True)
    helper = AsyncClient()
    await helper.aforce_login(bob)
    assert titles(await helper.get(GO, {"q": "admin", "typed": "1"}, headers=HTMX)) == ["Admin"]


async def test_without_javascript_it_is_a_page_with_links_and_the_keys_are_one_too(client, alice, bob):
    await in_database_thread(furnished, alice, bob)
    page = await client.get(GO, {"q": "parental"})
    assert "<html" in page.text
    assert 'role="option"' not in page.text
    assert "Parental guide" in page.text
    keys = await client.get(reverse("chat:keys"))
    assert "<kbd>Ctrl K</kbd>" in keys.text
    for address in (GO, reverse("chat:keys")):
        assert "/accounts/login/" in (await AsyncClient().get(address))["Location"]


@pytest.mark.parametrize("query", ["?!", "\0", "' OR 1=1", "x" * 5000, "%", "_"])
async def test_no_words_break_it(client, query):
    assert (await client.get(GO, {"q": query, "typed": "1"}, headers=HTMX)).status_code == 200
