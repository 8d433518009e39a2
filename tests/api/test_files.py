"""/api/files, and `attachments` of POST /chat: what programs attach to their messages."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Attachment
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.processes import worker
from tests.api.conftest import error_of, program_of
from tests.chat.attached import read_all

FILES = "/api/files"
RULES = b"The court is closed on Mondays."


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, tmp_path / "model", ""
    worker.stopping.clear()


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


async def upload(program, data=RULES, name="rules.txt"):
    return await program.client.post(FILES, {"file": SimpleUploadedFile(name, data)}, headers=program.headers)


async def test_a_file_is_uploaded_read_and_given_with_a_message(program):
    answer = await upload(program)
    file = answer.json()
    assert (answer.status_code, file["state"], file["pages"], file["picture"]) == (202, "waiting", None, False)
    await in_database_thread(read_all)
    read = (await program.get(f"{FILES}/{file['id']}")).json()
    assert (read["state"], read["words"], read["pages"], read["size"]) == ("ready", "1 page", 1, len(RULES))
    said = (await program.post("/chat", message="When is it closed?", model="quotes", attachments=[file["id"]])).json()
    assert said["citations"][0]["title"] == "rules"
    assert said["receipt"]["files"] == ["rules.txt: whole, 1 page"]
    conversation = (await program.get(f"/api/conversations/{said['conversation_id']}")).json()
    [attached] = conversation["messages"][0]["attachments"]
    assert (attached["id"], attached["name"], attached["url"]) == (
        file["id"],
        "rules.txt",
        f"/attachments/{file['id']}/",
    )


async def test_a_file_of_another_person_is_not_there(program, bob):
    file = (await upload(program)).json()["id"]
    other = await program_of(bob, Scope.CHAT)
    for answer in (
        await other.get(f"{FILES}/{file}"),
        await other.delete(f"{FILES}/{file}"),
        await other.post("/chat", message="What?", model="quotes", attachments=[file]),
        await program.post("/chat", message="What?", model="quotes", attachments=[str(uuid.uuid4())]),
    ):
        assert error_of(answer) == (404, "not_found")
    assert (await program.get(f"{FILES}/{file}")).status_code == 200


async def test_a_file_that_was_not_sent_can_be_deleted(program):
    file = (await upload(program)).json()["id"]
    assert (await program.delete(f"{FILES}/{file}")).status_code == 204
    assert error_of(await program.get(f"{FILES}/{file}")) == (404, "not_found")
    assert await Attachment.objects.acount() == 0


async def test_what_is_refused_says_why(program, settings):
    assert error_of(await upload(program, name="film.mp4")) == (415, "unknown_type")
    assert error_of(await program.post(FILES, file="text")) == (415, "wrong_type")
    settings.ATTACHMENTS_PER_MESSAGE = 1
    files = [(await upload(program, data, f"{data.decode()}.txt")).json()["id"] for data in (b"one", b"two")]
    answer = await program.post("/chat", message="What?", model="quotes", attachments=files)
    assert answer.status_code == 400
    assert "can have 1 file." in answer.json()["error"]["message"]
