"""/api/uploads: large files in parts, which go on where a broken connection left them."""

import os
import uuid
from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.utils import timezone

from documents.models import Document
from documents.services import own
from documents.services.own import CollectionDescription
from langai_site.accounts import partial_uploads
from langai_site.accounts.keys import Credential
from langai_site.accounts.models import PartialUpload
from langai_site.accounts.uploads_api import by_owner
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotFoundError
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from tests.api.conftest import error_of, program_of

UPLOADS = "/api/uploads"
TEXT = b"The court is closed on Mondays. " * 40
SIZE = len(TEXT)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path / "files", tmp_path / "model", ""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    worker.stopping.clear()
    return tmp_path / "parts"


@pytest.fixture
async def notes(alice):
    return await in_database_thread(own.create, alice, CollectionDescription("Notes", "", Sensitivity.PUBLIC))


async def begun(program, name="rules.txt", **more):
    return await program.post(UPLOADS, name=name, **{"size": len(TEXT), **more})


async def send(program, upload, start, end, *, data=None, size=SIZE):
    return await program.client.put(
        f"{UPLOADS}/{upload}",
        TEXT[start:end] if data is None else data,
        content_type="application/octet-stream",
        headers=program.headers | {"Content-Range": f"bytes {start}-{end - 1}/{size}"},
    )


async def complete(program, **more):
    upload = (await begun(program, **more)).json()["id"]
    await send(program, upload, 0, len(TEXT))
    return upload


async def test_it_goes_on_where_it_ended_and_is_handed_over_once(program, folder):
    answer = await begun(program)
    upload = answer.json()["id"]
    assert (answer.status_code, answer.json()["received"]) == (201, 0)
    assert (await send(program, upload, 0, 700)).json()["received"] == 700
    # What a killed process wrote beyond what its row says, and a part that was sent already.
    with (folder / upload).open("ab") as file:
        file.write(b"half a part")
    again = await send(program, upload, 0, 700)
    assert error_of(again) == (409, "wrong_offset")
    assert (await program.get(f"{UPLOADS}/{upload}")).json()["received"] == 700
    early = await program.client.post("/api/files", {"upload": upload}, headers=program.headers)
    assert early.status_code == 409
    assert (await send(program, upload, 700, len(TEXT))).json()["received"] == len(TEXT)
    stored = await program.client.post("/api/files", {"upload": upload}, headers=program.headers)
    assert (stored.status_code, stored.json()["name"], stored.json()["size"]) == (202, "rules.txt", len(TEXT))
    document = await Document.objects.aget()
    assert await in_database_thread(document.file.read) == TEXT
    assert list(folder.iterdir()) == []
    used = await program.client.post("/api/files", {"upload": upload}, headers=program.headers)
    assert used.status_code == 404


async def test_documents_and_pages_take_it_as_well(program, notes, alice):
    fields = {"upload": await complete(program, collection=notes.pk), "collection": notes.pk, "title": "Rules"}
    added = await program.client.post("/api/documents", fields, headers=program.headers)
    assert (added.status_code, added.json()["title"], added.json()["size"]) == (202, "Rules", len(TEXT))
    browser = AsyncClient()
    await browser.aforce_login(alice)
    page = await browser.post(
        f"/library/{notes.pk}/upload/",
        {"upload": await complete(program, name="b.txt"), "paths": "folder/b.txt", "label": "internal"},
        headers={"Accept": "application/json"},
    )
    assert page.json() == {"words": "Already here, and unchanged.", "is_accepted": True}
    chip = await browser.post("/attachments/", {"upload": await complete(program, name="c.txt")})
    assert "c.txt" in chip.text
    assert await PartialUpload.objects.acount() == 0


async def test_it_is_its_owners_alone(program, bob):
    upload, other = await complete(program), await program_of(bob)
    for answer in (
        await other.get(f"{UPLOADS}/{upload}"),
        await other.delete(f"{UPLOADS}/{upload}"),
        await send(other, upload, 0, 10),
        await other.client.post("/api/files", {"upload": upload}, headers=other.headers),
        await program.client.post("/api/files", {"upload": "../x"}, headers=program.headers),
        await program.get(f"{UPLOADS}/{uuid.uuid4()}"),
    ):
        assert answer.status_code == 404
    # Asked before the web process reads a part.
    for key in (upload, "x"):
        with pytest.raises(NotFoundError):
            await in_database_thread(by_owner, Credential(bob, frozenset()), key)
    assert (await program.delete(f"{UPLOADS}/{upload}")).status_code == 204
    assert (await program.get(f"{UPLOADS}/{upload}")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"name": "film.mp4"}, 415),
        ({"size": 10**9}, 413),
        ({"size": 0}, 422),
        ({"collection": 987654}, 404),
        ({"size": 3 * 2**20}, 413),
    ],
)
async def test_what_would_be_refused_is_refused_before_it_is_sent(program, notes, settings, asked, status):
    settings.UPLOAD_MAX_MB, settings.ATTACHMENTS_MB = 100, 2
    assert (await begun(program, **asked)).status_code == status
    settings.OWN_COLLECTIONS_MB = 2
    assert (await begun(program, size=3 * 2**20, collection=notes.pk)).status_code == 413
    assert await PartialUpload.objects.acount() == 0


async def test_wrong_parts_change_nothing(program):
    upload = (await begun(program)).json()["id"]
    wrong = (
        await send(program, upload, 5, 10),
        await send(program, upload, 0, 10, data=b"too long for that"),
        await send(program, upload, 0, 2000, size=3000),
        await send(program, upload, 0, 10, size=5),
        await program.client.put(f"{UPLOADS}/{upload}", TEXT, content_type="x/y", headers=program.headers),
    )
    assert [answer.status_code for answer in wrong] == [409, 400, 413, 422, 422]
    assert (await program.get(f"{UPLOADS}/{upload}")).json()["received"] == 0
    assert (await send(program, upload, 0, 10)).json()["received"] == 10


async def test_what_is_not_continued_goes_at_night_and_makes_room_before(program, folder, monkeypatch):
    old, new = (await begun(program)).json()["id"], (await begun(program)).json()["id"]
    for upload in (old, new):
        await send(program, upload, 0, 10)
    (folder / "stray").write_bytes(b"of a killed process")
    long_ago = timezone.now() - timedelta(days=2)
    await PartialUpload.objects.filter(pk=old).aupdate(touched_at=long_ago)
    assert (await program.get(f"{UPLOADS}/{old}")).status_code == 404

    os.utime(folder / "stray", (long_ago.timestamp(),) * 2)
    await in_database_thread(partial_uploads.sweep)
    assert [path.name for path in folder.iterdir()] == [new]
    monkeypatch.setattr(partial_uploads, "UNFINISHED_MAX", 1)
    assert (await begun(program)).status_code == 429
    await PartialUpload.objects.aupdate(touched_at=timezone.now() - timedelta(hours=2))
    assert (await begun(program)).status_code == 201
    assert list(folder.iterdir()) == []
