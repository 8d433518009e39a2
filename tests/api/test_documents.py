"""/api/documents and /api/collections: list what may be read, change what is managed."""

import asyncio
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents import api, tasks
from documents.models import Document
from langai_site.accounts.keys import Credential
from langai_site.accounts.models import User
from langai_site.accounts.scopes import ALL, Scope
from langai_site.database.writer import in_database_thread
from search.models import Collection
from tests.api.conftest import error_of, program_of

pytestmark = pytest.mark.usefixtures("folder")
DOCUMENTS = "/api/documents"


@pytest.fixture
def folder(settings, tmp_path, model_dir):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, model_dir, ""
    return tmp_path


@pytest.fixture
def policies(alice):
    """Make a collection that everybody may read and Alice manages."""
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    collection = Collection.objects.create(name="Policies", everyone=True)
    collection.owners.add(alice)
    return collection


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.DOCUMENTS)


async def upload(program, collection, data=b"Everyone has 25 days.", name="holiday.txt", **fields):
    form = {"collection": str(collection), "file": SimpleUploadedFile(name, data)} | fields
    return await program.client.post(DOCUMENTS, form, headers=program.headers)


async def test_an_upload_is_queued_then_read_and_found_in_the_list(program, policies, bob):
    answer = await upload(program, policies.pk, title="Days off", sensitivity="confidential")
    queued = answer.json()
    assert answer.status_code == 202
    assert (queued["title"], queued["label"], queued["status"]) == ("Days off", "confidential", "queued")
    assert (queued["collection"], queued["file_name"], queued["added_by"]) == (policies.pk, "holiday.txt", "alice")
    await in_database_thread(tasks.work_once, "test")
    for reader in (program, await program_of(bob)):
        known = (await reader.get(f"{DOCUMENTS}/{queued['id']}")).json()
        assert (known["status"], known["progress"], known["error"]) == ("ready", 100, "")
        listed = (await reader.get(DOCUMENTS, collection=policies.pk)).json()
        assert [item["id"] for item in listed["documents"]] == [queued["id"]]
        assert (listed["found"], listed["page"], listed["pages"]) == (1, 1, 1)
    assert (await program.get(DOCUMENTS, collection=policies.pk, q="nothing")).json()["found"] == 0


async def test_looking_through_a_collection_holds_up_no_answer(program, policies, alice, rf):
    await upload(program, policies.pk)
    request, go_on = rf.get(DOCUMENTS), threading.Event()
    request.auth = Credential(alice, ALL)
    busy = asyncio.create_task(in_database_thread(go_on.wait, 30))
    try:
        found = await asyncio.wait_for(api.documents(request, policies.pk, "holiday", 1, ""), 20)
        shelves = await asyncio.wait_for(api.collections(request), 20)
    finally:
        go_on.set()
    assert (found["found"], len(shelves["collections"])) == (1, 1)
    assert await busy


async def test_what_cannot_be_read_says_why(program, policies):
    document = (await upload(program, policies.pk, b"%PDF-1.4 broken", "broken.pdf")).json()["id"]
    await in_database_thread(tasks.work_once, "test")
    known = (await program.get(f"{DOCUMENTS}/{document}")).json()
    assert known["status"] == "failed"
    assert known["error"]


async def test_a_large_upload_passes_through_the_disk(program, policies, folder):
    data = b"All work and no play. " * 200_000
    document = (await upload(program, policies.pk, data)).json()
    assert document["size"] == len(data)
    assert [path.stat().st_size for path in (folder / "documents").iterdir()] == [len(data)]


async def test_what_is_not_taken_says_why(program, policies, settings):
    await upload(program, policies.pk)
    assert error_of(await upload(program, policies.pk)) == (409, "conflict")
    assert error_of(await upload(program, policies.pk, name="program.exe")) == (415, "unknown_type")
    assert error_of(await upload(program, policies.pk, b"", "empty.txt")) == (400, "invalid")
    assert error_of(await upload(program, policies.pk, sensitivity="secret")) == (422, "unreadable")
    assert error_of(await upload(program, "x")) == (422, "unreadable")
    assert error_of(await program.post(DOCUMENTS, collection=policies.pk)) == (415, "wrong_type")
    settings.UPLOAD_MAX_MB = 1
    assert error_of(await upload(program, policies.pk, b"x" * 1_048_577)) == (413, "too_large")
    assert await Document.objects.acount() == 1


async def test_who_reads_but_does_not_manage_changes_nothing(program, policies, bob):
    document = (await upload(program, policies.pk)).json()["id"]
    his = await program_of(bob)
    assert error_of(await upload(his, policies.pk, b"Mine.")) == (403, "forbidden")
    assert error_of(await his.delete(f"{DOCUMENTS}/{document}")) == (403, "forbidden")
    assert await Document.objects.acount() == 1


async def test_who_may_not_read_learns_nothing(program, policies, bob):
    document = (await upload(program, policies.pk)).json()["id"]
    await Collection.objects.aupdate(everyone=False)
    his = await program_of(bob)
    for answer in (
        await his.get(f"{DOCUMENTS}/{document}"),
        await his.delete(f"{DOCUMENTS}/{document}"),
        await his.get(DOCUMENTS, collection=policies.pk),
        await upload(his, policies.pk, b"Mine."),
    ):
        assert error_of(answer) == (404, "not_found")
    assert (await his.get("/api/collections")).json() == {"collections": []}


async def test_a_deleted_document_is_gone_with_its_file(program, policies, folder):
    document = (await upload(program, policies.pk)).json()["id"]
    gone = await program.delete(f"{DOCUMENTS}/{document}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert error_of(await program.get(f"{DOCUMENTS}/{document}")) == (404, "not_found")
    assert list((folder / "documents").iterdir()) == []


async def test_collections_say_which_of_them_are_managed(program, policies, bob):
    (mine,) = (await program.get("/api/collections")).json()["collections"]
    assert (mine["id"], mine["name"], mine["label"], mine["managed"]) == (policies.pk, "Policies", "internal", True)
    (his,) = (await (await program_of(bob)).get("/api/collections")).json()["collections"]
    assert his["managed"] is False
