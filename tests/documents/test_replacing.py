"""A document's next version: searched from one moment on, in which the version before it ceases to be."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile

from documents import cleanup, services, tasks
from documents.claims import Claim, claim
from documents.models import Document, PreviousVersion
from langai_site.errors import ConflictError, InvalidError
from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.models import Source
from search.services import find
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "Everyone has 25 days of holiday.", "Everyone has 30 days of holiday."


def read_all() -> None:
    while tasks.work_once("test"):
        pass


def replaced(document: Document, data: bytes | str = NEW, name: str = "holiday.txt", user=None) -> Document:
    data = data.encode() if isinstance(data, str) else data
    return services.replace(document, file=ContentFile(data, name), user=user)


class Watched(Claim):
    """A worker's hold on a document; `then` is called after each change that it writes."""

    def __init__(self, held: Claim, then: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(held.document, held.holder)
        self._then = then

    def update(self, **values: Any) -> None:
        super().update(**values)
        self._then(values)


def stored_files(folder):
    return sorted(path.name for path in folder.glob("files/documents/*"))


@pytest.fixture
def document(upload):
    document = upload(OLD)
    read_all()
    document.refresh_from_db()
    return document


def searched() -> list[tuple[int, str]]:
    return [(source.version, source.pages.get().text.strip()) for source in Source.objects.filter(live=True)]


def test_the_old_version_is_searched_until_the_new_one_is(document, folder):
    newer = replaced(document)
    assert (newer.status, newer.version, newer.searched.version) == ("queued", 2, 1)
    assert searched() == [(1, OLD)]
    assert stored_files(folder) == sorted([f"{document.pk}.txt", f"{document.pk}.2.txt"])
    read_all()
    newer.refresh_from_db()
    assert (newer.status, newer.searched.version) == ("ready", 2)
    assert searched() == [(2, NEW)]
    assert stored_files(folder) == [f"{document.pk}.2.txt"]
    assert not PreviousVersion.objects.exists()


def test_a_question_never_finds_both_or_neither(meaning, document, alice):
    """Asked at every step of reading the new version."""
    reader = reader_of(alice)
    seen = []

    def ask() -> None:
        seen.append(
            [hit.text for hit in async_to_sync(find)("How much holiday?", reader, label=Sensitivity.PUBLIC).hits]
        )

    replaced(document)
    ask()
    assert tasks.work_on(Watched(claim("test"), lambda values: ask()))
    ask()
    assert seen[0] == [OLD]
    assert seen[-1] == [NEW]
    assert len(seen) > 4
    assert all(texts in ([OLD], [NEW]) for texts in seen)


def test_a_replacement_that_fails_leaves_the_old_version_searched(document, folder):
    newer = replaced(document, files.scanned_pdf(), "holiday.pdf")
    read_all()
    newer.refresh_from_db()
    assert newer.status == "failed"
    assert newer.error
    assert newer.searched.version == 1
    assert searched() == [(1, OLD)]
    assert stored_files(folder) == sorted([f"{document.pk}.txt", f"{document.pk}.2.pdf"])


def test_after_a_failure_another_file_can_take_its_place(document, folder):
    failed = replaced(document, files.scanned_pdf(), "holiday.pdf")
    read_all()
    failed.refresh_from_db()
    third = replaced(failed)
    assert (third.version, third.searched.version) == (3, 1)
    assert stored_files(folder) == sorted([f"{document.pk}.txt", f"{document.pk}.3.txt"])
    read_all()
    assert searched() == [(3, NEW)]
    assert stored_files(folder) == [f"{document.pk}.3.txt"]


def test_a_replacement_can_be_given_up_before_it_is_read(document, folder):
    replaced(document, files.scanned_pdf(), "scan.pdf")
    read_all()
    document.refresh_from_db()
    services.keep_previous(document)
    document.refresh_from_db()
    assert (document.status, document.error, document.version, document.file_name) == ("ready", "", 1, "holiday.txt")
    assert (document.title, document.pages, document.progress) == ("holiday", 1, 100)
    assert stored_files(folder) == [f"{document.pk}.txt"]
    assert searched() == [(1, OLD)]
    with pytest.raises(ConflictError, match="nothing to cancel"):
        services.keep_previous(document)
    replaced(document)
    read_all()
    assert searched() == [(2, NEW)]


def test_a_worker_notices_that_its_document_was_replaced_or_given_up(document):
    replaced(document)
    held = claim("test")
    assert tasks.work_on(held)
    document.refresh_from_db()
    replaced(document, "A third text.")
    held = claim("test")
    services.keep_previous(document)
    assert tasks.work_on(held)
    document.refresh_from_db()
    assert (document.status, document.version) == ("ready", 2)
    assert searched() == [(2, NEW)]
    assert Source.objects.filter(version=3).count() == 0


def test_a_worker_that_was_overtaken_at_the_last_moment_shows_nothing(document):
    """Its claim is lost between the last passage and the step that would show it."""
    replaced(document)

    def overtake(values) -> None:
        if values.get("progress") == 99:
            services.keep_previous(document)

    assert tasks.work_on(Watched(claim("test"), overtake))
    document.refresh_from_db()
    assert (document.status, document.version) == ("ready", 1)
    assert searched() == [(1, OLD)]
    assert Source.objects.count() == 1


def test_the_same_bytes_are_refused_politely(document, upload):
    with pytest.raises(ConflictError, match="is the file that “holiday” has already: nothing was replaced"):
        replaced(document, OLD)
    upload("Another text.", "other.txt")
    with pytest.raises(ConflictError, match=r"already in Policies, as “other” \(other.txt\)"):
        replaced(document, "Another text.")
    document.refresh_from_db()
    assert (document.version, document.status) == (1, "ready")


def test_the_bytes_of_the_version_that_is_still_searched_are_taken(document, upload):
    replaced(document)
    with pytest.raises(ConflictError, match="already in Policies, as “holiday”"):
        upload(OLD, "copy.txt")


@pytest.mark.parametrize(("data", "name", "message"), [("", "a.txt", "is empty"), ("x", "a.exe", "cannot be read")])
def test_what_cannot_be_read_replaces_nothing(document, folder, data, name, message):
    with pytest.raises(InvalidError, match=message):
        replaced(document, data, name)
    assert stored_files(folder) == [f"{document.pk}.txt"]


def test_of_two_replacements_at_once_one_is_told(document, folder):
    stale = Document.objects.get(pk=document.pk)
    replaced(document)
    with pytest.raises(ConflictError, match="was replaced or deleted at this moment"):
        replaced(stale, "A third text.")
    assert len(stored_files(folder)) == 2
    services.delete(document)
    with pytest.raises(ConflictError, match="was replaced or deleted"):
        replaced(stale, "A third text.")
    assert stored_files(folder) == []


def test_a_title_made_of_the_file_name_follows_and_any_other_stays(document, upload):
    named = upload("Some text.", "plan_2025.txt")
    given = upload("Some other text.", "list.txt", title="The list")
    read_all()
    assert replaced(named, "Text of 2026.", "plan_2026.txt").title == "plan 2026"
    assert replaced(given, "Another list.", "list_2026.txt").title == "The list"


def test_a_label_raised_meanwhile_holds_for_both_versions(document):
    replaced(document)
    services.relabel(document, title="Holidays", sensitivity=Sensitivity.CONFIDENTIAL)
    assert Source.objects.get(live=True).label == Sensitivity.CONFIDENTIAL
    read_all()
    source = Source.objects.get(live=True)
    assert (source.version, source.title, source.label) == (2, "Holidays", Sensitivity.CONFIDENTIAL)


def test_deleting_it_meanwhile_removes_both_versions(document, folder):
    replaced(document)
    services.delete(document)
    assert not Document.objects.exists()
    assert not Source.objects.exists()
    assert stored_files(folder) == []


def test_the_sweep_keeps_the_files_of_both_versions(document, folder):
    replaced(document)
    lost = folder / "files" / "documents" / f"{document.pk}.9.txt"
    lost.write_text("A version that nobody has.")
    hour_ago = time.time() - 3700
    for path in folder.glob("files/documents/*"):
        os.utime(path, (hour_ago, hour_ago))
    cleanup.sweep()
    assert stored_files(folder) == sorted([f"{document.pk}.txt", f"{document.pk}.2.txt"])
    assert Path(document.file.path).read_text() == OLD
