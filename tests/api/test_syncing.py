"""Programs keep documents up to date: PUT replaces, `external_id` names a document as the program does."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from documents import tasks
from documents.models import Document
from documents.services import syncing, uploads
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from search.models import Collection, Passage, Source
from tests.api.conftest import error_of, program_of
from tests.api.test_documents import DOCUMENTS, upload

PAGE = "https://wiki.example.org//travel?page=1&x=ü"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, tmp_path / "model", ""


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


async def put(program, address=DOCUMENTS, *, data=b"Trains first.", name="travel.txt", **fields):
    form = {"file": SimpleUploadedFile(name, data)} | {key: str(value) for key, value in fields.items()}
    body = encode_multipart(BOUNDARY, form)
    return await program.client.put(address, body, content_type=MULTIPART_CONTENT, headers=program.headers)


async def read_all() -> None:
    while await in_database_thread(tasks.work_once, "test"):
        pass


@pytest.fixture
def synced(program, policies):
    """PUT the wiki's page into the collection."""

    async def synced(**values):
        return await put(program, **{"collection": policies.pk, "external_id": PAGE} | values)

    return synced


async def test_a_page_is_created_then_replaced_and_the_same_one_changes_nothing(synced, program, policies):
    created = await synced(title="Travel", sensitivity="internal")
    first = created.json()
    assert (created.status_code, first["external_id"], first["version"], first["title"]) == (202, PAGE, 1, "Travel")
    await read_all()
    same = await synced()
    assert (same.status_code, same.json()["id"], same.json()["status"]) == (200, first["id"], "ready")
    changed = await synced(data=b"Planes first.")
    assert (changed.status_code, changed.json()["id"], changed.json()["status"]) == (202, first["id"], "queued")
    await read_all()
    known = (await program.get(f"{DOCUMENTS}/{first['id']}")).json()
    assert (known["status"], known["version"], known["title"], known["label"]) == ("ready", 2, "Travel", "internal")
    texts = Passage.objects.filter(source__live=True).values_list("text", flat=True)
    assert [text async for text in texts] == ["Planes first."]
    assert await Document.objects.acount() == 1


async def test_documents_are_listed_by_their_external_id(synced, program, policies, bob):
    document = (await synced()).json()["id"]
    await upload(program, policies.pk, external_id="other")
    listed = (await program.get(DOCUMENTS, collection=policies.pk, external_id=PAGE)).json()
    assert ([item["id"] for item in listed["documents"]], listed["found"]) == ([document], 1)
    assert (await program.get(DOCUMENTS, collection=policies.pk, external_id="none")).json()["found"] == 0
    everything = (await program.get(DOCUMENTS, collection=policies.pk)).json()
    assert {item["external_id"] for item in everything["documents"]} == {PAGE, "other"}
    await Collection.objects.aupdate(everyone=False)
    his = await program_of(bob)
    assert error_of(await his.get(DOCUMENTS, collection=policies.pk, external_id=PAGE)) == (404, "not_found")


async def test_title_and_label_follow_without_reading_and_a_label_never_falls(synced):
    await synced(sensitivity="confidential")
    await read_all()
    again = (await synced(title="How we travel", sensitivity="public")).json()
    assert (again["title"], again["label"], again["status"]) == ("How we travel", "confidential", "ready")
    assert (await Source.objects.aget()).title == "How we travel"


async def test_a_document_is_replaced_by_its_id(synced, program):
    address = f"{DOCUMENTS}/{(await synced()).json()['id']}"
    await read_all()
    assert (await put(program, address)).status_code == 200
    replaced = await put(program, address, data=b"# Ships", name="ships.md")
    assert (replaced.status_code, replaced.json()["file_name"]) == (202, "travel.txt")
    await read_all()
    known = (await program.get(address)).json()
    assert (known["file_name"], known["version"], known["external_id"]) == ("ships.md", 2, PAGE)


async def test_what_was_uploaded_by_hand_is_taken_over_with_the_same_file(synced, program, policies):
    document = (await upload(program, policies.pk, b"Trains first.", "travel.txt")).json()["id"]
    await read_all()
    same = await synced()
    assert (same.status_code, same.json()["id"], same.json()["external_id"]) == (200, document, PAGE)
    other = await synced(external_id="other")
    assert error_of(other) == (409, "conflict")
    assert await Document.objects.acount() == 1


async def test_the_file_of_the_version_before_ends_a_replacement_that_waits(synced, program):
    await synced()
    await read_all()
    await synced(data=b"Planes first.")
    back = await synced()
    assert (back.status_code, back.json()["status"], back.json()["version"]) == (200, "ready", 1)
    assert not await in_database_thread(tasks.work_once, "test")


async def test_a_file_whose_reading_failed_is_read_again(synced):
    await synced(data=b"%PDF-1.4 broken", name="travel.pdf")
    await read_all()
    again = await synced(data=b"%PDF-1.4 broken", name="travel.pdf")
    assert (again.status_code, again.json()["status"]) == (202, "queued")


async def test_what_cannot_be_taken_says_why(synced, program, policies, settings):
    document = (await synced()).json()["id"]
    assert error_of(await synced(external_id="")) == (422, "unreadable")
    assert error_of(await synced(external_id="x" * 501)) == (422, "unreadable")
    assert error_of(await synced(collection="x")) == (422, "unreadable")
    assert error_of(await synced(name="program.exe")) == (415, "unknown_type")
    assert error_of(await upload(program, policies.pk, external_id=PAGE)) == (409, "conflict")
    json = await program.client.put(DOCUMENTS, "{}", content_type="application/json", headers=program.headers)
    assert error_of(json) == (415, "wrong_type")
    bare = await program.client.put(
        f"{DOCUMENTS}/{document}",
        encode_multipart(BOUNDARY, {"title": "x"}),
        content_type=MULTIPART_CONTENT,
        headers=program.headers,
    )
    assert error_of(bare) == (422, "unreadable")
    settings.UPLOAD_MAX_MB = 1
    assert error_of(await synced(data=b"x" * 1_048_577)) == (413, "too_large")


async def test_others_replace_nothing(synced, policies, bob):
    document = (await synced()).json()["id"]
    his = await program_of(bob, Scope.DOCUMENTS)
    for address in (DOCUMENTS, f"{DOCUMENTS}/{document}"):
        changed = await put(his, address, data=b"Mine.", collection=policies.pk, external_id=PAGE)
        assert error_of(changed) == (403, "forbidden")
    await Collection.objects.aupdate(everyone=False)
    for address in (DOCUMENTS, f"{DOCUMENTS}/{document}"):
        changed = await put(his, address, data=b"Mine.", collection=policies.pk, external_id=PAGE)
        assert error_of(changed) == (404, "not_found")
    assert (await Document.objects.aget()).version == 1


async def test_two_programs_that_create_the_same_document_at_once_make_one(synced, policies, alice, monkeypatch):
    """The second one has looked, and found nothing, before the first one wrote its row."""
    write = uploads._written

    def written(document, then):
        monkeypatch.setattr(uploads, "_written", write)
        first = syncing.DesiredDocument(
            SimpleUploadedFile("travel.txt", b"Ships first."), User.objects.get(pk=alice.pk)
        )
        syncing.put(Collection.objects.get(pk=policies.pk), PAGE, first)
        write(document, then)

    monkeypatch.setattr(uploads, "_written", written)
    answer = await synced()
    assert (answer.status_code, answer.json()["file_name"]) == (202, "travel.txt")
    document = await Document.objects.aget()
    assert (document.external_id, document.version) == (PAGE, 2)


async def test_two_documents_that_would_get_the_same_external_id_are_a_conflict(
    synced, program, policies, alice, monkeypatch
):
    """Between looking and taking over a document without an external id, another program uses that one."""
    await upload(program, policies.pk, b"Trains first.", "travel.txt")
    create = syncing._created

    def created(collection, external_id, wanted):
        uploads.upload(
            collection=collection, file=SimpleUploadedFile("s.txt", b"Ships."), user=None, external_id=external_id
        )
        monkeypatch.setattr(syncing, "_created", create)
        return create(collection, external_id, wanted)

    monkeypatch.setattr(syncing, "_created", created)
    assert error_of(await synced()) == (409, "conflict")
    assert [row.external_id async for row in Document.objects.order_by("file_name")] == [PAGE, ""]


async def test_a_label_that_a_person_raises_at_the_same_moment_stays(synced, alice):
    await synced()
    await read_all()
    before = await Document.objects.select_related("collection").aget()
    await Document.objects.aupdate(sensitivity=20, title="By hand")

    def sync():
        file = SimpleUploadedFile("travel.txt", b"Planes first.")
        return syncing.bring_to(before, syncing.DesiredDocument(file, User.objects.get(pk=alice.pk)))

    await in_database_thread(sync)
    now = await Document.objects.aget()
    assert (now.sensitivity, now.title, now.version) == (20, "By hand", 2)


async def test_a_program_names_the_owner_and_the_day_of_the_next_review(synced, program, policies, bob):
    first = (await synced(owner="alice", review_by="2027-01-31")).json()
    assert (first["owner"], first["review_by"]) == ("alice", "2027-01-31")
    kept = (await synced(data=b"Another text.")).json()
    assert (kept["owner"], kept["review_by"]) == ("alice", "2027-01-31")
    gone = (await synced(owner="", review_by="")).json()
    assert (gone["owner"], gone["review_by"]) == ("", None)
    assert error_of(await synced(owner="bob")) == (400, "invalid")
    assert error_of(await synced(review_by="tomorrow")) == (400, "invalid")
    uploaded = (await upload(program, policies.pk, data=b"More.", name="more.txt", owner="alice")).json()
    assert uploaded["owner"] == "alice"
