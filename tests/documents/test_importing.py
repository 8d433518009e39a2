"""A folder of files brought in by a command, that can be ended, repeated and waited for."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from documents import tasks
from documents.models import Document
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source
from tests.shared import ROOT, environment_without_own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf(tmp_path):
    """A folder to import: two texts, one of them deeper, and a spreadsheet of an old kind."""
    folder = tmp_path / "shelf"
    put(folder, "holiday.txt", "Everyone has 25 days of holiday.")
    put(folder, "travel/trains.md", "# Travel\n\nTrains come first.")
    put(folder, "costs.xlsb", "old")
    return folder


def put(folder, path, text):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def imported(folder, *options):
    """What the command says, and its exit code."""
    said, code = StringIO(), 0
    try:
        call_command("import_documents", str(folder), "--collection", "Policies", *options, stdout=said, stderr=said)
    except SystemExit as end:
        code = end.code
    return said.getvalue(), code


def counted(said):
    """`Imported        2` -> {"Imported": 2}"""
    lines = [line.rsplit(maxsplit=1) for line in said.splitlines()]
    return {line[0].strip(): int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


@contextmanager
def working():
    """A worker beside the command."""
    done = threading.Event()

    def work():
        while not done.is_set():
            if not tasks.work_once("test"):
                done.wait(0.05)
        connection.close()

    worker.beat()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_it_returns_when_every_file_is_searchable_and_sums_up(policies, alice, shelf):
    with working():
        said, code = imported(shelf, "--wait", "--as", "alice")
    assert code == 0
    assert counted(said) == {"Imported": 2, "Skipped": 1, "Searchable": 2, "Could not be read": 0}
    assert "costs.xlsb: skipped. .xlsb cannot be read; saved as .xlsx it can." in said
    assert set(Document.objects.values_list("imported_from", "status", "uploaded_by")) == {
        ("holiday.txt", "ready", alice.pk),
        ("travel/trains.md", "ready", alice.pk),
    }
    assert Source.objects.filter(live=True, collection=policies).count() == 2


def test_it_exits_with_1_when_a_file_could_not_be_read_and_says_why(policies, shelf):
    put(shelf, "broken.pdf", "%PDF-1.7 and nothing more")
    with working():
        said, code = imported(shelf, "--wait")
    assert code == 1
    assert counted(said) == {"Imported": 3, "Skipped": 1, "Searchable": 2, "Could not be read": 1}
    assert "broken.pdf: failed. " in said
    assert Document.objects.get(file_name="broken.pdf").error in said


def test_a_second_run_brings_in_what_is_new_and_nothing_twice(policies, shelf):
    assert counted(imported(shelf)[0]) == {"Imported": 2, "Skipped": 1}
    put(shelf, "travel/planes.md", "Planes come last.")
    put(shelf, "copy-of-holiday.txt", "Everyone has 25 days of holiday.")
    said, _code = imported(shelf)
    assert counted(said) == {"Imported": 1, "Unchanged": 3, "Skipped": 1}
    assert "copy-of-holiday.txt: unchanged. The same as holiday.txt." in said
    assert Document.objects.count() == 3


def test_changed_files_are_told_of_and_replaced_when_that_is_asked_for(policies, shelf):
    with working():
        imported(shelf, "--wait")
        put(shelf, "holiday.txt", "Everyone has 30 days of holiday.")
        said, _code = imported(shelf, "--wait")
        assert "holiday.txt: changed, not replaced. The file has changed; --replace uploads the new version." in said
        assert Document.objects.get(file_name="holiday.txt").version == 1
        said, code = imported(shelf, "--wait", "--replace")
    assert code == 0
    assert counted(said)["Replaced"] == 1
    document = Document.objects.get(file_name="holiday.txt")
    assert (document.version, document.status) == (2, "ready")
    assert Source.objects.get(document=document.pk, live=True).version == 2


def test_a_collection_is_made_when_that_is_asked_for_and_belongs_to_whose_upload_it_is(alice, shelf):
    with pytest.raises(CommandError, match=r"no collection “Policies”; add --create"):
        imported(shelf)
    imported(shelf, "--create", "--as", "alice", "--sensitivity", "confidential")
    made = Collection.objects.get(name="Policies")
    assert (list(made.owners.all()), made.sensitivity, made.everyone) == ([alice], Sensitivity.CONFIDENTIAL, False)
    assert {document.label for document in made.documents.all()} == {Sensitivity.CONFIDENTIAL}


def test_hidden_files_and_links_out_of_the_folder_stay_where_they_are(policies, shelf, tmp_path):
    put(shelf, ".git/notes.txt", "Of no interest.")
    put(shelf, ".hidden.txt", "Nor this.")
    put(tmp_path, "secret.txt", "Not in the folder.")
    (shelf / "link.txt").symlink_to(tmp_path / "secret.txt")
    (shelf / "linked").symlink_to(tmp_path)
    imported(shelf)
    assert set(Document.objects.values_list("imported_from", flat=True)) == {"holiday.txt", "travel/trains.md"}


def test_without_a_worker_it_does_not_wait_for_ever(policies, shelf):
    with pytest.raises(CommandError, match="No worker is running"):
        imported(shelf, "--wait", "--patience", "0")
    assert Document.objects.filter(status="queued").count() == 2


@pytest.mark.any_database
def test_ended_by_hand_it_keeps_what_it_has_done_and_can_be_run_again(folder_with_tables, shelf):
    data = folder_with_tables("import")
    command = [sys.executable, "manage.py", "import_documents", str(shelf), "--collection", "Policies", "--create"]
    options = {"cwd": ROOT, "env": environment_without_own() | {"DATA_DIR": str(data)}, "text": True}
    # A shell lets what it starts in the background ignore the signal.
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    waiting = [*command, "--wait", "--patience", "60"]
    with subprocess.Popen(waiting, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options, **heeding) as process:
        while count_of_documents(data) < 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, count_of_documents(data)) == (130, 2)
    assert "run this again to go on" in said
    again = subprocess.run(command, capture_output=True, **options)
    assert (again.returncode, counted(again.stdout)["Unchanged"], count_of_documents(data)) == (0, 2, 2)


def count_of_documents(data):
    with closing(sqlite3.connect(f"file:{data / 'langai.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM documents_document").fetchone()[0]


@pytest.mark.parametrize("wrong", ["nowhere", "a file"])
def test_what_is_no_folder_is_told(policies, shelf, wrong):
    path = shelf / "holiday.txt" if wrong == "a file" else shelf / "nowhere"
    with pytest.raises(CommandError, match=r"is a file, not a folder|is not there"):
        imported(path)


def test_an_empty_folder_and_an_account_that_is_not_there_are_told(policies, shelf, tmp_path):
    (tmp_path / "empty").mkdir()
    assert imported(tmp_path / "empty") == ("There are no files in this folder.\n", 0)
    with pytest.raises(CommandError, match="There is no account “nobody”"):
        imported(shelf, "--as", "nobody")
