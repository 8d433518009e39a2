"""/api/folders, and what order programs can bring into conversations."""

import json
import uuid

import pytest

from chat.conversations import folders
from chat.conversations.folders import FolderForm
from chat.models import Conversation
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from tests.api.conftest import error_of, program_of

LIST = "/api/conversations"


def made(person, name, **more):
    return folders.create(person.id, FolderForm(name, **more))


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
async def row(alice):
    return await in_database_thread(lambda: Conversation.objects.create(owner=alice, title="Leases"))


async def change(program, row, **values):
    body = json.dumps(values)
    return await program.client.patch(
        f"{LIST}/{row.id}", body, content_type="application/json", headers=program.headers
    )


async def test_folders_are_listed_with_those_in_them(program, alice, bob):
    outer = await in_database_thread(lambda: made(alice, "Law", instructions="Be brief."))
    inner = await in_database_thread(lambda: made(alice, "Leases", parent=outer.id, collections=[]))
    await in_database_thread(lambda: made(bob, "Bob's"))
    await in_database_thread(lambda: Conversation.objects.create(owner=alice, title="x", folder=inner))
    found = (await program.get("/api/folders")).json()["folders"]
    assert [(one["name"], one["parent"], one["conversations"]) for one in found] == [
        ("Law", None, 0),
        ("Leases", str(outer.id), 1),
    ]
    assert (found[0]["instructions"], found[0]["collections"], found[1]["collections"]) == ("Be brief.", None, [])


async def test_a_conversation_is_moved_pinned_archived_and_found_there(program, alice, row):
    folder = await in_database_thread(made, alice, "Law")
    changed = (await change(program, row, folder=str(folder.id), pinned=True, title="Rent")).json()
    assert (changed["title"], changed["folder"], changed["pinned"], changed["archived"]) == (
        "Rent",
        str(folder.id),
        True,
        False,
    )
    changed = (await change(program, row, archived=True)).json()
    assert (changed["folder"], changed["archived"]) == (str(folder.id), True)
    for query, count in (
        ({"folder": folder.id}, 1),
        ({"archived": "true"}, 1),
        ({"archived": "false"}, 0),
        ({"pinned": "false"}, 0),
        ({}, 1),
    ):
        assert len((await program.get(LIST, **query)).json()["conversations"]) == count
    changed = (await change(program, row, folder=None, pinned=False, archived=False)).json()
    assert (changed["folder"], changed["pinned"], changed["archived"]) == (None, False, False)


async def test_other_peoples_folders_and_conversations_are_not_there(program, bob, row):
    theirs = await in_database_thread(made, bob, "Law")
    assert error_of(await program.get(LIST, folder=theirs.id)) == (404, "not_found")
    assert error_of(await change(program, row, folder=str(theirs.id), title="Rent")) == (404, "not_found")
    # All of it or nothing.
    assert (await in_database_thread(Conversation.objects.get)).title == "Leases"
    stranger = await program_of(bob, Scope.CHAT)
    assert error_of(await change(stranger, row, pinned=True)) == (404, "not_found")
    assert error_of(await change(program, Conversation(id=uuid.uuid4()), pinned=True)) == (404, "not_found")


async def test_what_is_not_known_is_refused(program, row):
    assert error_of(await change(program, row, colour=3))[0] == 422
