import os
import threading
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from documents import cleanup, services
from documents.extraction import folders
from documents.models import Document
from documents.names import shown_name, title_of
from langai_site.errors import ConflictError, InvalidError
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source

pytestmark = pytest.mark.django_db(transaction=True)


def stored_files(folder):
    return sorted(path.name for path in folder.glob("files/documents/*"))


def test_an_upload_waits_to_be_read_and_its_name_never_reaches_the_disk(upload, folder, alice):
    document = upload("Some text", "Über uns.TXT")
    assert (document.status, document.title, document.file_name) == ("queued", "Über uns", "Über uns.TXT")
    assert (document.size, document.uploaded_by, len(document.sha256)) == (9, alice, 64)
    assert stored_files(folder) == [f"{document.pk}.txt"]
    assert os.stat(document.file.path).st_mode & 0o077 == 0


def test_the_same_file_twice_in_a_collection_is_refused_naming_the_first(upload, folder):
    first = upload("Same", "plan.txt")
    with pytest.raises(ConflictError, match=r"“copy.md” is already in Policies, as “plan” \(plan.txt\)"):
        upload("Same", "copy.md")
    assert stored_files(folder) == [f"{first.pk}.txt"]


def test_the_same_file_may_be_in_two_collections(upload):
    upload("Same")
    upload("Same", collection=Collection.objects.create(name="Archive"))
    assert Document.objects.count() == 2


def test_of_two_uploads_at_once_one_is_refused(policies, alice, folder):
    barrier, outcomes = threading.Barrier(2), []

    class Slow(ContentFile):
        def chunks(self, chunk_size=None):
            yield from super().chunks(chunk_size)
            if not self.closed and not getattr(self, "met", False):
                self.met = True
                barrier.wait(10)

    def attempt() -> None:
        try:
            services.upload(collection=policies, file=Slow(b"Same", "a.txt"), user=alice)
            outcomes.append("kept")
        except ConflictError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "refused"]
    assert len(stored_files(folder)) == Document.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        ("", "empty.txt", "is empty"),
        ("MZ", "setup.exe", r"cannot be read. These can: \.adoc,"),
        ("text", "notes.pages", "cannot be read"),
        ("x", "old.xlsb", r"save it as \.xlsx"),
        ("x" * (1024 * 1024 + 1), "big.txt", "larger than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(upload, settings, data, name, message):
    settings.UPLOAD_MAX_MB = 1
    with pytest.raises(InvalidError, match=message):
        upload(data, name)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\a\\plan.md", "plan.md"),
        ("in\u202evoice\x00\n.pdf", "in voice.pdf"),
        ("  ..  ", "file"),
        ("", "file"),
        ("x" * 500 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_file_names_are_shown_without_what_misleads(name, shown):
    assert shown_name(name) == shown


def test_a_title_is_made_of_the_file_name():
    assert [title_of(name) for name in ("annual_report.pdf", ".txt", "v1.2.md")] == ["annual report", ".txt", "v1.2"]


def test_only_what_failed_is_retried(upload):
    document = upload()
    with pytest.raises(ConflictError, match="has not failed"):
        services.retry(document)
    Document.objects.update(status="failed", attempts=3, error="No luck.")
    services.retry(document)
    document.refresh_from_db()
    assert (document.status, document.attempts, document.error) == ("queued", 0, "")


def test_deleting_removes_the_file_and_all_that_search_knows(upload, folder, policies):
    document = upload()
    Source.objects.create(
        document=document.pk, collection=policies, title="t", file_name="f", media_type="m", live=True
    )
    services.delete(document)
    assert not Document.objects.exists()
    assert not Source.objects.exists()
    assert stored_files(folder) == []


def test_a_new_label_holds_in_search_at_once(upload, policies):
    document = upload()
    Source.objects.create(
        document=document.pk, collection=policies, title="t", file_name="f", media_type="m", live=True
    )
    services.relabel(document, title="Salaries", sensitivity=Sensitivity.CONFIDENTIAL)
    source = Source.objects.get()
    assert (source.title, source.label) == ("Salaries", Sensitivity.CONFIDENTIAL)


def test_the_handbook_is_loaded_once_and_stays_deleted():
    assert services.load_handbook() == "Handbook loaded."
    collection = Collection.objects.get(name=services.HANDBOOK)
    assert collection.everyone
    assert collection.sensitivity == Sensitivity.PUBLIC
    documents = list(collection.documents.all())
    assert len(documents) == len(list(services.HANDBOOK_FOLDER.glob("*.md"))) >= 4
    services.delete(documents[0])
    assert services.load_handbook() == ""
    assert collection.documents.count() == len(documents) - 1


def test_a_handbook_load_that_was_cut_short_is_finished(folder):
    services.load_handbook()
    Document.objects.first().delete()
    (folder / "handbook.loaded").unlink()
    services.load_handbook()
    assert Document.objects.count() == len(list(services.HANDBOOK_FOLDER.glob("*.md")))


def test_a_file_that_a_killed_process_left_is_removed_after_an_hour(upload, folder):
    kept = upload()
    for name in ("lost.txt", "young.txt"):
        (folder / "files" / "documents" / name).write_text("A deleted document.")
    hour_ago = time.time() - 3700
    for name in ("lost.txt", Path(kept.file.name).name):
        os.utime(folder / "files" / "documents" / name, (hour_ago, hour_ago))
    cleanup.sweep()
    assert stored_files(folder) == sorted(["young.txt", Path(kept.file.name).name])


def test_what_a_killed_web_process_had_of_an_upload_is_removed_after_an_hour(folder, settings):
    settings.FILE_UPLOAD_TEMP_DIR = folder / "temp"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    for name, age in (("old.upload", 3700), ("young.upload", 0)):
        path = settings.FILE_UPLOAD_TEMP_DIR / name
        path.write_text("Half of a book")
        os.utime(path, (time.time() - age, time.time() - age))
    cleanup.sweep()
    assert [path.name for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir()] == ["young.upload"]


def test_what_a_killed_worker_wrote_while_it_read_is_removed(folder, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))
    with folders.opened() as left, folders.opened() as current:
        other = tmp_path / "langai-reading-file"
        for path in (Path(left, "part.txt"), Path(current, "part.txt"), other):
            path.write_text("confidential")
        long_ago = time.time() - 3600 - 2 * settings.EXTRACTION_SECONDS - 60
        for name in (left, other):
            os.utime(name, (long_ago, long_ago))
        cleanup.sweep()
        assert not os.path.exists(left)
        assert os.listdir(current) == ["part.txt"]
        assert other.exists()
        os.mkdir(left)
