"""What of a file was not read: told on its pages, with a way to read it again with other settings."""

# ruff: noqa: RUF001

import pytest
from asgiref.sync import async_to_sync

from documents import services, tasks
from documents.extraction.types import Note, Unread
from documents.models import Document, PreviousVersion
from documents.notes import described
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.models import Passage
from search.services import find

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/documents/document/{}/"
TURKISH = "Çalışanların yıllık izni yirmi gündür. Şube müdürü İstanbul'da oturur.".encode("cp1254")


def read_all() -> None:
    while tasks.work_once("test"):
        pass


def found_versions(user) -> list[int]:
    found = async_to_sync(find)("İstanbul", reader_of(user), label=Sensitivity.CONFIDENTIAL)
    return [hit.version for hit in found.hits]


@pytest.fixture
def turkish(upload):
    document = upload(TURKISH, "izin.txt")
    read_all()
    document.refresh_from_db()
    return document


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (Note(Unread.EMPTY_PAGES, pages=(3, 7, 8, 9)), "Pages 3, 7 to 9 have no text."),
        (
            Note(Unread.PICTURES, pages=(2,), count=1),
            "1 picture on page 2 was not searched for text, because text recognition (tesseract) is not installed on "
            "the server.",
        ),
        (Note(Unread.UNRECOGNISED, count=3), "No text was recognised in 3 pictures."),
        (Note(Unread.LOST_CHARACTERS, pages=(4,), count=1200), "1,200 characters on page 4 could not be read."),
        (Note(Unread.ATTACHMENT, "budget.xlsx", count=1), "The attachment “budget.xlsx” was not read."),
        (
            Note(Unread.PART, "formulas without a stored value", count=2),
            "Not read: formulas without a stored value (2).",
        ),
        (Note("from a newer version", count=1), "Something in this file was not read: from a newer version."),
    ],
)
def test_notes_are_put_into_plain_words(note, words):
    stored = {"code": note.code, "value": note.value, "pages": list(note.pages), "count": note.count}
    assert [text.text for text in described([stored])] == [words]


def test_every_code_has_words():
    for code in Unread:
        (text,) = described([{"code": code, "value": "x", "pages": [1], "count": 1}])
        assert "Something" not in text.text


def test_a_guess_is_told_where_the_document_is_and_can_be_corrected(client, alice, turkish):
    client.force_login(alice)
    told = "This file was read as Turkish (windows-1254), because it does not say which encoding it is in."
    assert told in client.get(PAGE.format(turkish.pk) + "change/").content.decode()
    shelf = client.get(f"/library/{turkish.collection_id}/").content.decode()
    assert told in shelf
    assert "Read, but uncertain" in shelf
    form = client.get(PAGE.format(turkish.pk) + "read-again/").content.decode()
    assert told in form
    client.post(PAGE.format(turkish.pk) + "read-again/", {"encoding": "cp1252"})
    document = Document.objects.get(pk=turkish.pk)
    assert (document.status, document.version, document.encoding) == ("queued", 2, "cp1252")
    assert document.searched.version == 1
    read_all()
    document.refresh_from_db()
    assert (document.status, document.notes) == ("ready", [])
    assert "müdürü Ýstanbul" in Passage.objects.live().get().text


def test_reading_again_keeps_the_document_searched_meanwhile_and_then_leaves_one_file(turkish, alice, folder):
    again = services.read_again(turkish)
    assert again.sha256 == turkish.sha256
    assert found_versions(alice) == [1]
    with pytest.raises(ConflictError, match="being read"):
        services.read_again(again)
    read_all()
    assert found_versions(alice) == [2]
    assert not PreviousVersion.objects.exists()
    assert len(list(folder.glob("files/documents/*"))) == 1


def test_a_document_whose_file_is_gone_cannot_be_read_again(turkish):
    turkish.file.storage.delete(turkish.file.name)
    with pytest.raises(ConflictError, match="is gone"):
        services.read_again(turkish)
    turkish.refresh_from_db()
    assert turkish.status == "ready"


def test_a_file_that_was_read_whole_says_so(client, alice, upload):
    client.force_login(alice)
    document = upload()
    page = PAGE.format(document.pk) + "change/"
    assert "Not known yet" in client.get(page).content.decode()
    read_all()
    assert "everything in the file was read" in client.get(page).content.decode()


def test_those_who_do_not_manage_a_document_cannot_have_it_read_again(client, turkish, django_user_model):
    client.force_login(django_user_model.objects.create_user("bob", password="b", is_staff=True))
    assert client.post(PAGE.format(turkish.pk) + "read-again/", {}).status_code in (302, 403, 404)
    assert Document.objects.get(pk=turkish.pk).version == 1
