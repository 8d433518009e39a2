"""/api/shares and /api/imports: what the pages of links and imports do, for programs."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from chat.models import Conversation, Share
from chat.transfers import jobs
from langai_site.accounts.models import Team
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from tests.api.conftest import error_of, program_of
from tests.chat.exports import chatgpt
from tests.chat.factories import long_conversation

SHARES, IMPORTS = "/api/shares", "/api/imports"


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
async def row(alice):
    return (await in_database_thread(long_conversation, alice, 4))[0]


async def put(program, path, **values):
    return await program.client.put(path, json.dumps(values), content_type="application/json", headers=program.headers)


async def opened(person, url):
    client = AsyncClient()
    await client.aforce_login(person)
    return (await client.get(url.removeprefix("http://testserver"))).status_code


async def test_a_link_is_made_read_changed_updated_and_revoked(program, alice, bob, row):
    answer = await program.post(SHARES, conversation=str(row.id), people=["bob"], days=7)
    made = answer.json()
    assert (answer.status_code, made["state"], made["people"], made["messages"]) == (201, "open", ["bob"], 4)
    assert await opened(bob, made["url"]) == 200
    path = f"{SHARES}/{made['id']}"
    changed = (await put(program, path, everyone=True, sources=False)).json()
    assert (changed["everyone"], changed["people"], changed["sources"]) == (True, [], False)
    assert changed["expires_at"] is None
    shorter = await row.messages.order_by("created_at").afirst()
    await Conversation.objects.aupdate(current_leaf=shorter)
    updated = (await program.post(f"{path}/update")).json()
    assert (updated["messages"], updated["url"]) == (1, made["url"])
    assert (await program.post(f"{path}/revoke")).json()["state"] == "revoked"
    assert await opened(bob, made["url"]) == 404
    [listed] = (await program.get(SHARES, conversation=row.id)).json()["shares"]
    assert (listed["id"], listed["state"], listed["title"]) == (made["id"], "revoked", "Long")
    assert (await program.delete(path)).status_code == 204
    assert error_of(await program.get(path)) == (404, "not_found")


async def test_some_messages_are_shared_with_a_team_of_ones_own(program, alice, row):
    def joined():
        team = Team.objects.create(name="Sales")
        team.members.add(alice)
        Team.objects.create(name="Board")
        return str(row.messages.order_by("created_at").first().id)

    first = await in_database_thread(joined)
    made = (await program.post(SHARES, conversation=str(row.id), teams=["Sales"], messages=[first])).json()
    assert (made["teams"], made["messages"], made["chosen"]) == (["Sales"], 1, True)
    answer = await program.post(SHARES, conversation=str(row.id), teams=["Board"])
    assert error_of(answer) == (400, "invalid")
    assert "Board" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"everyone": True, "teams": ["Sales"]}, (400, "invalid")),
        ({"public": True, "people": ["bob"]}, (400, "invalid")),
        ({"people": ["nobody-here"]}, (400, "invalid")),
        ({"days": 2}, (422, "unreadable")),
        ({"messages": []}, (400, "invalid")),
        ({"public": True}, (403, "forbidden")),
    ],
)
async def test_what_cannot_be_shared_is_refused(program, row, body, error):
    assert error_of(await program.post(SHARES, conversation=str(row.id), **body)) == error
    assert not await in_database_thread(Share.objects.exists)


async def test_labels_hold_for_programs_too(program, row):
    await in_database_thread(lambda: Conversation.objects.update(label=Sensitivity.CONFIDENTIAL))
    assert error_of(await program.post(SHARES, conversation=str(row.id), everyone=True)) == (403, "forbidden")


async def test_what_belongs_to_others_is_not_there(program, alice, bob, row):
    made = (await program.post(SHARES, conversation=str(row.id))).json()
    imported = (await uploaded(program)).json()
    theirs = await program_of(bob, Scope.CHAT)
    for path in (f"{SHARES}/{made['id']}", f"{IMPORTS}/{imported['id']}", f"{SHARES}/{uuid.uuid4()}"):
        assert error_of(await theirs.get(path)) == (404, "not_found")
        assert error_of(await theirs.delete(path)) == (404, "not_found")
    assert error_of(await put(theirs, f"{SHARES}/{made['id']}", everyone=True)) == (404, "not_found")
    for act in ("update", "revoke"):
        assert error_of(await theirs.post(f"{SHARES}/{made['id']}/{act}")) == (404, "not_found")
    assert error_of(await theirs.post(SHARES, conversation=str(row.id))) == (404, "not_found")
    assert (await theirs.get(SHARES)).json() == {"shares": []}
    assert (await theirs.get(IMPORTS)).json() == {"imports": []}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, tmp_path / "model", ""
    worker.stopping.clear()


async def uploaded(program, name="conversations.json", **fields):
    file = SimpleUploadedFile(name, json.dumps([chatgpt()]).encode())
    return await program.client.post(IMPORTS, {"file": file, **fields}, headers=program.headers)


async def test_an_import_is_uploaded_followed_and_reported(program):
    answer = await uploaded(program, sensitivity="internal")
    begun = answer.json()
    assert (answer.status_code, begun["state"], begun["report"]) == (202, "queued", None)
    assert await in_database_thread(jobs.run)
    done = (await program.get(f"{IMPORTS}/{begun['id']}")).json()
    assert (done["state"], done["error"], done["report"]["found"], done["report"]["imported"]) == ("done", None, 1, 1)
    assert done["report"]["programs"] == ["ChatGPT"]
    assert all(line["reason"] for line in done["report"]["left_out"])
    conversation = await in_database_thread(Conversation.objects.get)
    assert conversation.label == Sensitivity.INTERNAL
    again = (await uploaded(program)).json()
    await in_database_thread(jobs.run)
    report = (await program.get(f"{IMPORTS}/{again['id']}")).json()["report"]
    assert (report["imported"], report["same"]) == (0, 1)
    assert [one["id"] for one in (await program.get(IMPORTS)).json()["imports"]] == [again["id"], begun["id"]]
    assert (await program.delete(f"{IMPORTS}/{begun['id']}")).status_code == 204
    assert await in_database_thread(Conversation.objects.count) == 1


async def test_what_cannot_be_imported_is_refused(program):
    assert error_of(await uploaded(program, name="notes.txt"))[0] == 415
    assert error_of(await uploaded(program, sensitivity="secret")) == (400, "invalid")
    assert error_of(await program.post(IMPORTS, file="x")) == (415, "wrong_type")
    empty = await program.client.post(IMPORTS, {"other": "x"}, headers=program.headers)
    assert empty.status_code == 422
