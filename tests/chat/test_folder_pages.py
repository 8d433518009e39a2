"""The pages of folders, and the lists in which many conversations are chosen."""

import uuid

import pytest
from django.test import AsyncClient
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import access, ordering
from chat.conversations.ordering import Action
from chat.models import Conversation, Folder, ListChange
from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from tests.chat.test_conversations import finish
from tests.chat.test_folders import made, talk
from tests.chat.test_labels import CARD

pytestmark = pytest.mark.django_db(transaction=True)

ORDER, ALL, ARCHIVE, FOLDERS = (reverse(f"chat:{name}") for name in ("order", "all", "archive", "folders"))
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/conversations/all/"}


@pytest.fixture
async def alice():
    return await User.objects.acreate_user("alice", password="a long enough one")


@pytest.fixture
async def bob():
    return await User.objects.acreate_user("bob", password="a long enough one")


@pytest.fixture
async def client(alice):
    return await client_of(alice)


async def client_of(person):
    client = AsyncClient()
    await client.aforce_login(person)
    return client


@pytest.fixture
async def folder(alice):
    return await in_database_thread(made, alice)


async def talks(person, count, **more):
    return [await in_database_thread(lambda n=n: talk(person, f"Talk {n}", **more)) for n in range(count)]


async def page_of(client, url):
    answer = await client.get(url)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def titles(page):
    return [link.text(strip=True) for link in page.css(".talk-row > a")]


def at(name, folder):
    return reverse(f"chat:{name}", args=[folder.id])


async def test_a_folder_is_made_changed_and_shown(client, alice):
    made_at = await client.post(FOLDERS, {"name": " Contracts ", "colour": "3"})
    page = await page_of(client, made_at["Location"])
    assert page.css_first("h1").text(strip=True) == "Contracts"
    folder = await in_database_thread(Folder.objects.get)
    fields = {"name": "Contracts 2026", "colour": "2", "instructions": "Be brief.", "parent": ""}
    saved = await client.post(at("folder-settings", folder), fields)
    assert saved.status_code == 302
    page = await page_of(client, saved["Location"])
    assert "are saved" in page.css_first("#notices").text()
    assert page.css_first("#instructions").text() == "Be brief."
    page = await page_of(client, FOLDERS)
    assert [link.text(strip=True) for link in page.css(".folder-list a")] == ["Contracts 2026"]


async def test_what_is_refused_is_shown_again_as_it_was_sent(client, folder):
    refused = await client.post(at("folder-settings", folder), {"name": "", "instructions": "Be brief."})
    page = LexborHTMLParser(refused.text)
    assert refused.status_code == 400
    assert page.css_first("[role=alert]").text() == "Give the folder a name."
    assert page.css_first("#instructions").text() == "Be brief."
    refused = await client.post(FOLDERS, {"name": "x" * 61})
    assert refused.status_code == 400
    assert "61 characters" in refused.text


async def test_instructions_with_a_secret_say_what_they_do(client, alice):
    folder = await in_database_thread(lambda: made(alice, instructions=f"The card is {CARD}."))
    page = await page_of(client, at("folder", folder))
    assert "a payment card number, so every conversation" in page.css_first("#settings .notice").text()


async def test_a_new_chat_in_a_folder_is_put_there(client, folder, alice):
    page = await page_of(client, f"/?folder={folder.id}")
    assert page.css_first("#composer [name=folder]").attributes["value"] == str(folder.id)
    assert page.css_first("#head .home .name").text() == "Contracts"
    started = await client.post(reverse("chat:start"), {"text": "What is due?", "model": "quotes", "folder": folder.id})
    page = await page_of(client, started["Location"])
    assert page.css_first("#head .home .name").text() == "Contracts"
    assert titles(await page_of(client, at("folder", folder))) == ["What is due?"]


async def test_each_address_is_404_for_others(folder, client, alice, bob):
    (row,) = await talks(alice, 1)
    stranger = await client_of(bob)
    addresses = [at("folder", folder), at("arrange", row), f"/?folder={folder.id}", "/?folder=nonsense"]
    assert [(await stranger.get(url)).status_code for url in addresses] == [404] * 4
    change = await in_database_thread(ordering.order, alice.id, [row.id], Action.ARCHIVE)
    posts = [
        (at("folder-settings", folder), {"name": "Mine"}),
        (at("folder-delete", folder), {}),
        (ORDER, {"ids": row.id, "action": "delete"}),
        (ORDER, {"ids": row.id, "action": "export"}),
        (reverse("chat:undo", args=[change.change.id]), {}),
        (reverse("chat:start"), {"text": "Hello", "model": "quotes", "folder": folder.id}),
        (reverse("chat:start"), {"text": "Hello", "model": "quotes", "folder": "nonsense"}),
    ]
    assert [(await stranger.post(url, form)).status_code for url, form in posts] == [404] * len(posts)
    assert await in_database_thread(Conversation.objects.filter(owner=bob).count) == 0


async def test_a_message_for_a_folder_that_was_deleted_meanwhile_is_not_lost(client):
    refused = await client.post(
        reverse("chat:start"), {"text": "My long text", "model": "quotes", "folder": uuid.uuid4()}
    )
    page = LexborHTMLParser(refused.text)
    assert refused.status_code == 404
    assert page.css_first("#text").text() == "My long text"
    assert "was deleted" in page.css_first("[role=alert]").text()
    assert page.css_first("#composer [name=folder]") is None


async def test_many_are_chosen_archived_and_brought_back_without_a_script(client, alice):
    rows = await talks(alice, 3)
    done = await client.post(ORDER, {"ids": [row.id for row in rows[:2]], "action": "archive", "back": ALL})
    assert done["Location"].startswith(f"{ALL}?changed=")
    page = await page_of(client, done["Location"])
    assert titles(page) == ["Talk 2"]
    toast = page.css_first("#notices .toast")
    assert toast.css_first("p").text().strip() == "Archived 2 conversations."
    # The focus is where one would go next.
    assert "autofocus" in toast.css_first("button").attributes
    assert set(titles(await page_of(client, ARCHIVE))) == {"Talk 0", "Talk 1"}
    undone = await client.post(toast.css_first("form").attributes["action"], {"back": done["Location"]})
    assert undone["Location"] == ALL
    assert len(titles(await page_of(client, ALL))) == 3


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_sent_to_another_site(client, alice, back):
    (row,) = await talks(alice, 1)
    done = await client.post(ORDER, {"ids": row.id, "action": "pin", "back": back})
    assert done["Location"].startswith(f"{ALL}?changed=")


async def test_what_makes_no_sense_is_refused(client, alice):
    (row,) = await talks(alice, 1)
    for form in ({"action": "archive"}, {"ids": "nonsense", "action": "archive"}, {"ids": row.id, "action": "sell"}):
        assert (await client.post(ORDER, form)).status_code == 400


async def test_the_menu_of_a_row_moves_pins_and_archives(client, folder, alice):
    (row,) = await talks(alice, 1)
    menu = await client.get(at("arrange", row), headers=HTMX)
    deeds = LexborHTMLParser(menu.text).css("button[name=action]")
    assert [button.attributes["value"] for button in deeds] == ["pin", "archive", "move"]
    moved = await client.post(ORDER, {"ids": row.id, "action": "move", "folder": folder.id}, headers=HTMX)
    assert f'<li id="c-{row.id}" hx-swap-oob="delete">' in moved.text
    assert "Moved “Talk 0” to “Contracts”." in moved.text
    pinned = await client.post(ORDER, {"ids": row.id, "action": "pin"}, headers=HTMX)
    assert 'id="conversations"' in pinned.text
    assert "<h2>Pinned</h2>" in pinned.text
    # Without a script, the same is a page.
    page = await page_of(client, at("arrange", row))
    assert [form.attributes["action"] for form in page.css("main form")] == [
        at("rename", row),
        ORDER,
        at("delete", row),
    ]
    assert page.css_first("main [hx-post]") is None
    assert page.css_first("option[selected]").text() == "Contracts"


async def test_a_deleted_folder_says_what_became_of_its_conversations_and_can_come_back(client, folder, alice):
    await talks(alice, 2, folder=folder)
    deleted = await client.post(at("folder-delete", folder))
    page = await page_of(client, deleted["Location"])
    assert page.css_first(".toast p").text().strip() == (
        "Deleted the folder “Contracts”. 2 conversations that were in it are kept."
    )
    assert len(titles(await page_of(client, ALL))) == 2
    await client.post(page.css_first(".toast form").attributes["action"])
    assert len(titles(await page_of(client, at("folder", folder)))) == 2


async def test_deleting_with_conversations_stops_their_answers(client, folder, alice):
    started = await in_database_thread(lambda: storage.post(alice, None, "What is due?", folder=folder.id))
    await client.post(at("folder-delete", folder), {"conversations": "delete"})
    assert await in_database_thread(access.listed, alice.id) == ([], None)
    await in_database_thread(finish, started)


async def test_the_lists_go_on_with_and_without_a_script(client, folder, alice, monkeypatch):
    monkeypatch.setattr(access, "LISTED", 2)
    await talks(alice, 3, folder=folder)
    for url in (at("folder", folder), ALL):
        page = await page_of(client, url)
        assert titles(page) == ["Talk 2", "Talk 1"]
        older = page.css_first("a.older").attributes["href"]
        assert titles(await page_of(client, older)) == ["Talk 0"]
        part = await client.get(older, headers=HTMX)
        assert part.text.lstrip().startswith("<li")
        assert titles(LexborHTMLParser(part.text)) == ["Talk 0"]


async def test_the_sidebar_shows_folders_and_pins_above_the_days(client, folder, alice):
    rows = await talks(alice, 3)
    await in_database_thread(ordering.order, alice.id, [rows[0].id], Action.PIN)
    await in_database_thread(ordering.order, alice.id, [rows[1].id], Action.MOVE, folder.id)
    page = await page_of(client, reverse("chat:conversation", args=[rows[1].id]))
    names = [row.css_first("a span").text() for row in page.css("#conversations .row")]
    assert names == ["Contracts", "Talk 0", "Talk 2"]
    assert page.css_first("#conversations [aria-current]").text(strip=True) == "Contracts"


async def test_the_words_of_an_undo_are_nobody_elses(client, alice, bob):
    (row,) = await talks(bob, 1)
    done = await in_database_thread(ordering.order, bob.id, [row.id], Action.ARCHIVE)
    page = await page_of(client, f"{ALL}?changed={done.change.id}")
    assert page.css_first(".toast") is None
    assert await in_database_thread(ListChange.objects.count) == 1
