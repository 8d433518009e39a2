"""Files attached to messages: stored once, read like documents, seen by their owner alone, and deleted without rest."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from chat.conversations import access, attachments, forks, removing
from chat.live import expiring
from chat.models import Attachment, Conversation, Message
from chat.turns import storage
from documents.attached import label_of
from documents.extraction.types import Extracted, ExtractedPage
from documents.models import Document, Picture
from documents.services import library
from documents.services.attached_files import AttachedFileStore
from langai_site.errors import InvalidError, NotFoundError
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search.access import library_collections, managed_collections, reader_of
from search.models import Collection, Page, Passage, PassageKeywords, PassageVector, Source
from tests.chat.attached import attach, picture, read_all
from tests.conftest import needs

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
CARD = "Paid with 4111 1111 1111 1111, which is on file."


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.MEDIA_ROOT, settings.DATA_DIR, settings.MODEL_DIR = tmp_path / "files", tmp_path, tmp_path / "model"
    settings.CHROMA_URL, settings.FILE_UPLOAD_TEMP_DIR = "", tmp_path
    worker.stopping.clear()
    return tmp_path


@pytest.fixture
def posted(alice):
    """`posted(file, …)`: a message with these files; return the question."""

    def post(*ids, conversation=None, text="What does it say?"):
        started = storage.post(alice, conversation, text, attached=ids)
        Message.objects.filter(id=started.reply).update(status="complete")
        return Message.objects.get(id=started.question)

    return post


def stored_files(folder):
    return sorted(path.name for path in (Path(folder) / "files" / "documents").glob("*"))


def counts():
    tables = (Attachment, Document, Picture, Source, Page, Passage, PassageKeywords, PassageVector)
    return [table.objects.count() for table in tables]


def test_a_file_is_read_into_a_collection_that_only_its_owner_reads_and_nobody_lists(alice, bob, admin):
    attach(alice)
    source = Source.objects.get(live=True)
    assert [page.text for page in source.pages.all()] == ["The court is closed on Mondays."]
    hidden = source.collection
    for person in (alice, bob, admin):
        assert hidden not in [*library_collections(person), *managed_collections(person)]
        assert reader_of(person).collections == ()
        assert library.shelves(person) == []
    with pytest.raises(NotFoundError):
        library.item(alice, source.document)


def test_the_same_file_is_stored_once(alice, bob, folder):
    first, second = attach(alice), attach(alice)
    attach(bob)
    assert Attachment.objects.filter(owner=alice).values("document").distinct().count() == 1
    assert len(stored_files(folder)) == 2
    attachments.remove(alice.id, first)
    assert Attachment.objects.get(id=second)
    assert len(stored_files(folder)) == 2


def test_another_persons_file_is_out_of_reach(alice, bob, posted):
    unsent = attach(alice, "One.", "one.txt")
    sent = attach(alice, "Two.", "two.txt")
    posted(sent)
    for file in (unsent, sent):
        with pytest.raises(NotFoundError):
            attachments.served(bob.id, file)
        with pytest.raises(NotFoundError):
            attachments.remove(bob.id, file)
        with pytest.raises(NotFoundError):
            storage.post(bob, None, "What does it say?", attached=[file])
    assert attachments.unsent(bob.id, [unsent]) == []
    assert Conversation.objects.filter(owner=bob).count() == 0


def test_a_file_goes_with_one_message(alice, posted):
    file = attach(alice)
    question = posted(file)
    assert [found.name for found in attachments.of_messages([question.id])[question.id]] == ["rules.txt"]
    with pytest.raises(NotFoundError):
        posted(file)
    with pytest.raises(NotFoundError):
        attachments.remove(alice.id, file)


def test_deleting_the_conversation_removes_everything_of_its_files(alice, posted, folder):
    nothing = counts()
    question = posted(attach(alice), attach(alice, picture(), "photo.png"))
    assert all(counts()[:5])
    assert len(stored_files(folder)) == 4
    access.delete(alice.id, question.conversation_id)
    with pytest.raises(NotFoundError):
        attachments.served(alice.id, Attachment.objects.first().id)
    Conversation.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert counts() == nothing
    assert stored_files(folder) == []


def test_vectors_in_the_store_are_removed_as_well(alice, posted, chroma_server, model_dir, settings):
    from search.vectors import get_store

    settings.CHROMA_URL, settings.MODEL_DIR = chroma_server.url, model_dir
    question = posted(attach(alice))
    hidden = Collection.objects.get(holder=alice)
    from search import indexes

    def stored():
        store = get_store()
        return sum(store.count(name) for name in store.names(indexes.store_prefix(hidden.pk)))

    assert PassageVector.objects.count() > 0
    assert stored() > 0
    Conversation.objects.filter(id=question.conversation_id).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert (PassageVector.objects.count(), stored()) == (0, 0)


def test_a_temporary_conversation_takes_its_files_along(alice, posted, folder):
    question = posted(attach(alice))
    Conversation.objects.filter(id=question.conversation_id).update(expires_at=timezone.now() - timedelta(hours=2))
    expiring.purge()
    assert counts() == [0] * 8
    assert stored_files(folder) == []


def test_a_deleted_branch_takes_its_files_along(alice, posted, folder):
    question = posted(attach(alice))
    file = Attachment.objects.get(message=question).id
    Message.objects.update(deleted_at=timezone.now())
    with pytest.raises(NotFoundError):
        attachments.served(alice.id, file)
    Message.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert counts() == [0] * 8
    assert stored_files(folder) == []


def test_an_unread_file_counts_as_confidential(alice):
    """Nobody knows what is in it yet, and an extraction service may be elsewhere."""
    attach(alice, read=False)
    assert Document.objects.get().label == CONFIDENTIAL
    read_all()
    assert Document.objects.get().label == Source.objects.get().label == PUBLIC


def test_a_file_that_is_attached_again_while_it_is_removed_stays(alice, monkeypatch):
    first = attachments.access(alice.id, attach(alice, "One.", "one.txt"))
    remove = AttachedFileStore.remove

    def attached_meanwhile(store, documents):
        remove(store, documents)
        Attachment.objects.create(owner=alice, document=first.document, name="one.txt", media_type="text/plain", size=4)

    monkeypatch.setattr(AttachedFileStore, "remove", attached_meanwhile)
    attachments.release([first.document])
    assert Document.objects.filter(pk=first.document).exists()
    attachments.remove(alice.id, first.id)
    assert Document.objects.filter(pk=first.document).exists()


def test_a_file_that_is_removed_while_it_is_attached_again_is_stored_again(alice, monkeypatch):
    attach(alice, "One.", "one.txt")
    store = AttachedFileStore.store
    gone = []

    def removed_meanwhile(self, *args):
        stored = store(self, *args)
        if not gone:
            gone.append(stored.document)
            self.remove(gone)
        return stored

    monkeypatch.setattr(AttachedFileStore, "store", removed_meanwhile)
    again = attachments.access(alice.id, attach(alice, "One.", "one.txt"))
    assert again.document not in gone
    assert attachments.shown([again])[0].state.state == "ready"


def test_a_file_that_another_conversation_has_stays(alice, posted):
    first, second = posted(attach(alice)), posted(attach(alice))
    Conversation.objects.filter(id=first.conversation_id).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert attachments.of_messages([second.id])[second.id][0].state.state == "ready"


def test_a_fork_and_an_edit_keep_the_files(alice, posted):
    question = posted(attach(alice))
    reply = Message.objects.get(parent=question)
    edited = storage.edit(alice, question.id, "And on Tuesdays?")
    forked = forks.fork(alice, reply.id)
    documents = {file.document for file in edited.request.attached}
    copied = Attachment.objects.get(message__conversation=forked)
    assert documents == {copied.document} == set(Attachment.objects.values_list("document", flat=True))
    again = storage.retry(alice, reply.id) if Message.objects.live().update(status="complete") else None
    assert {file.document for file in again.request.attached} == documents


def test_another_branch_has_its_own_files(alice, posted):
    first = posted(attach(alice, "One.", "one.txt"))
    posted(attach(alice, "Two.", "two.txt"), conversation=first.conversation_id)
    edited = storage.edit(alice, first.id, "And now?")
    assert [file.name for file in edited.request.attached] == ["one.txt"]


def test_what_a_killed_process_left_is_swept(alice, posted, folder):
    attach(alice, "Never sent.", "draft.txt")
    kept = posted(attach(alice, "Sent.", "sent.txt"))
    # As if the process had been killed after it stored a file, and before it wrote the attachment.
    attach(alice, "Lost.", "lost.txt")
    Attachment.objects.filter(name="lost.txt").delete()
    attachments.sweep()
    assert Document.objects.count() == 3
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))
    Document.objects.update(uploaded_at=timezone.now() - timedelta(days=2))
    attachments.sweep()
    assert [document.file_name for document in Document.objects.all()] == ["sent.txt"]
    assert len(stored_files(folder)) == Source.objects.count() == 1
    assert attachments.of_messages([kept.id])[kept.id][0].state.state == "ready"


def test_files_of_a_deleted_person_are_swept(alice, posted, folder):
    posted(attach(alice))
    alice.delete()
    Document.objects.update(uploaded_at=timezone.now() - timedelta(days=2))
    attachments.sweep()
    assert counts() == [0] * 8
    assert stored_files(folder) == []
    assert not Collection.objects.filter(kind=Collection.Kind.ATTACHED).exists()


def test_a_file_is_labelled_by_what_is_in_it(alice):
    attach(alice, CARD, "payment.txt")
    assert Source.objects.get().label == CONFIDENTIAL


@pytest.mark.any_database
@pytest.mark.parametrize("at", [500_000 - 12, 500_000 - 5_000, 2])
def test_nothing_is_missed_where_two_scanned_parts_meet(at):
    text = ("word " * 200_000)[:at] + CARD + " word" * 100
    assert label_of(Extracted("", (ExtractedPage(text),))) == CONFIDENTIAL
    assert label_of(Extracted("", (ExtractedPage("word " * 200_000),))) == PUBLIC


@pytest.mark.any_database
def test_the_names_of_a_file_and_of_its_sheets_are_scanned_too():
    page = ExtractedPage("Nothing special.")
    assert label_of(Extracted("", (page,)), "DE89 3704 0044 0532 0130 00.txt") == CONFIDENTIAL
    assert label_of(Extracted(CARD, (page,)), "a.pdf") == CONFIDENTIAL
    assert label_of(Extracted("", (ExtractedPage("1", label=CARD),)), "a.xlsx") == CONFIDENTIAL


@pytest.mark.any_database
def test_a_picture_without_text_is_as_confidential_as_the_setting_says(alice, settings):
    attach(alice, picture(), "photo.png")
    assert Source.objects.get().label == INTERNAL
    settings.UNREADABLE_LABEL = "confidential"
    attach(alice, picture(size=(610, 200)), "other.png")
    assert Source.objects.get(title="other").label == CONFIDENTIAL


@pytest.mark.any_database
def test_the_text_in_a_picture_is_read_and_scanned(alice):
    needs("tesseract")
    attach(alice, picture("Paid with 4111 1111 1111 1111", size=(1000, 200)), "photo.png")
    source = Source.objects.get()
    assert "4111 1111 1111 1111" in source.pages.get().text
    assert source.label == CONFIDENTIAL


@pytest.mark.any_database
def test_a_picture_is_encoded_again_without_its_metadata(alice):
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "taken at home", 6
    file = attach(alice, picture(size=(4000, 2000), kind="JPEG", exif=exif), "photo.jpg")
    served, shown = attachments.served(alice.id, file)
    with Image.open(served.path) as found:
        # Turned upright, as the camera noted.
        assert (found.size, found.format, dict(found.getexif())) == ((784, 1568), "JPEG", {})
    assert shown
    assert b"taken at home" not in served.path.read_bytes()
    small, _ = attachments.served(alice.id, file, small=True)
    with Image.open(small.path) as found:
        assert max(found.size) == 320


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (lambda: picture(size=(8000, 5001), kind="GIF"), "huge.gif", "more than 40 million pixels"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(60), "broken.png", "damaged"),
        (lambda: b"\0\0\0\x1cftypheic" + bytes(60), "phone.jpg", "save it as .jpg"),
    ],
)
def test_a_picture_that_cannot_be_shown_says_why(alice, make, name, words):
    file = attach(alice, make(), name)
    [found] = attachments.unsent(alice.id, [file])
    assert found.state.state == "failed"
    assert words in found.state.words


@pytest.mark.any_database
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "JPEG", "PNG"])
def test_pictures_of_every_kind_are_shown(alice, kind):
    file = attach(alice, picture(kind=kind), f"photo.{kind.lower()}")
    [found] = attachments.unsent(alice.id, [file])
    assert (found.state.state, found.is_picture) == ("ready", True)


def test_what_is_refused_says_why(alice, settings):
    for name, words in (("phone.heic", "save it as .jpg"), ("film.mp4", "cannot be read")):
        with pytest.raises(InvalidError, match=words):
            attachments.upload(alice, ContentFile(b"x", name))
    settings.ATTACHMENTS_MB = 1
    attach(alice, "x" * 700_000, "one.txt", read=False)
    with pytest.raises(InvalidError, match="Your chats hold 0 MB of files, and 1 MB are allowed") as refused:
        attach(alice, "y" * 700_000, "two.txt", read=False)
    assert (refused.value.code, refused.value.status) == ("over_quota", 413)
    assert Attachment.objects.count() == Document.objects.count() == 1


def test_a_message_has_so_many_files_at_most(alice, settings):
    settings.ATTACHMENTS_PER_MESSAGE = 2
    files = [attach(alice, f"{number}", f"{number}.txt", read=False) for number in range(3)]
    with pytest.raises(InvalidError, match="can have 2 files"):
        storage.post(alice, None, "What?", attached=files)
    assert Message.objects.count() == 0


def test_attached_files_are_read_before_bulk_uploads(alice):
    from documents import lanes, services, tasks

    shelf = Collection.objects.create(name="Policies")
    for number in range(3):
        services.upload(collection=shelf, file=ContentFile(b"Bulk %d" % number, f"{number}.txt"), user=alice)
    attach(alice, read=False)
    for lane in (lanes.Lane(), lanes.Lane(small_only=True)):
        assert next(lane.waiting()).collection.kind == Collection.Kind.ATTACHED
    tasks.work_once("worker")
    assert [row.file_name for row in Document.objects.filter(status="ready")] == ["rules.txt"]


def test_a_picture_takes_little_of_the_database(alice):
    attach(alice, picture(size=(2000, 1500)), "photo.png")
    rows = [*Document.objects.values(), *Picture.objects.values(), *Source.objects.values(), *Page.objects.values()]
    assert sum(len(str(row)) for row in rows) < 2_000
    read_all()
