"""Files in the messages of /v1: read like attached ones, and only their owner's."""

import base64
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Attachment
from documents.models import Document
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.processes import worker
from tests.api.conftest import program_of
from tests.chat.attached import read_all

RULES = b"The court is closed on Mondays. Card 4111 1111 1111 1111."
ENCODED = base64.b64encode(RULES).decode()
TEXT = {"type": "text", "text": "When is the court closed?"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, tmp_path / "model", ""
    worker.stopping.clear()


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
async def uploaded(program):
    """The id of a file that has been read."""
    file = SimpleUploadedFile("rules.txt", RULES)
    answer = await program.client.post("/api/files", {"file": file}, headers=program.headers)
    await in_database_thread(read_all)
    return answer.json()["id"]


def asked(*parts, role="user"):
    return {"model": "quotes", "messages": [{"role": role, "content": [*parts, TEXT]}]}


def by_id(file_id):
    return {"type": "file", "file": {"file_id": file_id}}


def with_bytes(data=ENCODED, name="rules.txt"):
    return {"type": "file", "file": {"filename": name, "file_data": data}}


async def answered(program, **body):
    answer = await program.post("/v1/chat/completions", **body)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("data", [ENCODED, f"data:text/plain;base64,{ENCODED}", None], ids=["bare", "address", "id"])
async def test_a_file_is_read_given_and_labels_the_answer(program, uploaded, data):
    status, answer = await answered(program, **asked(with_bytes(data) if data else by_id(uploaded)))
    assert status == 200, answer
    assert "closed on Mondays" in answer["choices"][0]["message"]["content"]
    receipt = answer["langai"]["receipt"]
    assert (receipt["files"], receipt["label"]) == (["rules.txt: whole, 1 page"], "Confidential")
    # The same bytes are stored, and read, once.
    assert await Document.objects.acount() == 1


async def test_the_responses_api_takes_the_same_file(program, uploaded):
    parts = [{"type": "input_file", "file_id": uploaded}, {"type": "input_text", "text": TEXT["text"]}]
    answer = await program.post("/v1/responses", model="quotes", input=[{"role": "user", "content": parts}])
    assert answer.status_code == 200, answer.content
    assert "closed on Mondays" in answer.json()["output"][0]["content"][0]["text"]


@pytest.mark.parametrize(
    ("part", "status", "words"),
    [
        (by_id(str(uuid.uuid4())), 404, "not there any more"),
        (by_id("file-abc"), 404, "not there any more"),
        (with_bytes("%%%"), 400, "not valid base64"),
        (with_bytes(name="film.mp4"), 415, "of a type that cannot be read"),
        ({"type": "file", "file": {"filename": "a.txt"}}, 400, "without “file_id”"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_its_place(program, part, status, words):
    got, answer = await answered(program, **asked(part))
    assert (got, words in answer["error"]["message"]) == (status, True), answer
    assert answer["error"]["param"].startswith("messages[0].content")
    assert not await Attachment.objects.aexists()


async def test_files_of_other_people_and_roles_are_refused(program, uploaded, bob):
    other = await program_of(bob, Scope.CHAT)
    assert (await answered(other, **asked(by_id(uploaded))))[0] == 404
    body = asked(by_id(uploaded), role="system")
    body["messages"].append({"role": "user", "content": "And?"})
    status, answer = await answered(program, **body)
    assert (status, answer["error"]["param"]) == (400, "messages[0].content[0]")
