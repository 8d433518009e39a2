"""Other accounts of the machine can read nothing that LangAI keeps, whatever the umask was or is."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from langai_site.processes import private_files
from tests.ops.processes import Program
from tests.shared import MADE

OURS = ["secret_key", "langai.sqlite3", "langai.sqlite3-wal", "files/", "model/", "chroma/", "metrics/", "static/"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def filled(data, entries, *, folder=0o755, file=0o644):
    """A data folder as an older version left it."""
    data.mkdir(exist_ok=True)
    data.chmod(folder)
    for entry in entries:
        path = data / entry
        if entry.endswith("/"):
            path.mkdir()
            (path / "inner").write_text("x")
        else:
            path.write_text("x")
        path.chmod(folder if path.is_dir() else file)
    return data


@pytest.fixture
def data(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.CHROMA_PATH = settings.DATA_DIR / "chroma"
    settings.DATABASE = {**settings.DATABASE, "NAME": str(settings.DATA_DIR / "langai.sqlite3")}
    return settings.DATA_DIR


def test_what_an_older_version_left_open_is_closed_once_and_doctor_told_so_before(data):
    filled(data, OURS)
    assert private_files.finding().status == "warn"
    assert str(data / "files") in private_files.finding().advice
    assert private_files.setup_step() == f"Made {len(OURS) + 1} files and folders private."
    assert {mode(path) for path in (data, *data.iterdir())} == {0o700, 0o600}
    assert private_files.finding().status == "ok"
    assert private_files.setup_step() == ""


def test_all_others_are_barred_and_the_owner_keeps_what_they_may(data):
    filled(data, ["secret_key", "files/"], folder=0o2775, file=0o466)
    private_files.setup_step()
    assert (mode(data / "secret_key"), mode(data / "files")) == (0o400, 0o2700)


def test_a_folder_that_is_not_langais_alone_stays_open_and_what_is_langais_does_not(data):
    filled(data, [*OURS, "photos/", "shared.txt"])
    private_files.setup_step()
    assert mode(data) == 0o755
    assert (mode(data / "photos"), mode(data / "shared.txt")) == (0o755, 0o644)
    assert (mode(data / "files"), mode(data / "langai.sqlite3")) == (0o700, 0o600)
    found = private_files.finding()
    assert (found.status, "photos, shared.txt" in found.found) == ("warn", True)


def test_what_any_home_folder_holds_makes_it_nobody_elses(data):
    filled(data, ["secret_key", ".profile", ".cache/", "lost+found/"])
    private_files.setup_step()
    assert mode(data) == 0o700


def test_a_database_and_a_chroma_elsewhere_are_closed_too(settings, data, tmp_path):
    filled(data, ["secret_key"])
    elsewhere = filled(tmp_path / "disk", ["rows.sqlite3", "rows.sqlite3-wal", "rows.sqlite3-shm", "other.txt"])
    settings.DATABASE = {**settings.DATABASE, "NAME": str(elsewhere / "rows.sqlite3")}
    vectors = "0e1f2a3b-0000-4000-8000-000000000000/"
    settings.CHROMA_PATH = filled(tmp_path / "chroma", ["chroma.sqlite3", vectors])
    private_files.setup_step()
    assert [mode(elsewhere / f"rows.sqlite3{ending}") for ending in ("", "-wal", "-shm")] == [0o600] * 3
    assert (mode(elsewhere), mode(elsewhere / "other.txt")) == (0o755, 0o644)
    assert (mode(settings.CHROMA_PATH), mode(settings.CHROMA_PATH / "chroma.sqlite3")) == (0o700, 0o600)
    assert mode(settings.CHROMA_PATH / vectors) == 0o700


def test_it_does_not_look_at_what_is_below(data, monkeypatch):
    filled(data, ["files/"])
    for number in range(300):
        (data / "files" / f"{number}").write_text("x")
    looked = []
    real = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **options: (looked.append(path), real(path, **options))[1])
    private_files.setup_step()
    assert len(looked) < 30


def test_a_link_to_another_disk_closes_what_it_leads_to(data, tmp_path):
    disk = filled(tmp_path / "disk", ["documents/"])
    filled(data, ["secret_key"])
    (data / "files").symlink_to(disk)
    (data / "model").symlink_to(tmp_path / "gone")
    private_files.setup_step()
    assert mode(disk) == 0o700


FOREIGN = """
import os, django
django.setup()
from langai_site.processes import private_files
os.seteuid(65534)
print("told:", private_files.setup_step())
print("doctor:", private_files.finding().status)
"""


@pytest.fixture
def readable_folder():
    """A folder that other accounts can enter. Pytest closes the parents of `tmp_path` whenever a run begins."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_what_belongs_to_another_account_is_told_and_langai_goes_on(readable_folder):
    data = filled(readable_folder / "data", ["files/"], folder=0o777)
    program = Program(FOREIGN, data, SECRET_KEY="x" * 60)
    assert program.wait(300) == 0, program.log
    program.until("doctor: warn")
    (told,) = [line for line in program.lines if line.startswith("told:")]
    assert f"Other accounts of this machine can use what could not be made private: {data} (" in told
    assert "have that account run chmod go=" in told
    assert mode(data) == 0o777


def test_setup_makes_private_files_whatever_the_umask(prepared):
    made = {prepared, *prepared.rglob("*")} - {prepared / MADE}
    assert [path for path in made if mode(path) & 0o077] == []
    assert (prepared / "static" / "staticfiles.json").is_file()


SHOWN_UMASK = (
    "import sys; sys.argv = ['manage.py', 'version']; import manage; manage.main(); import os; print(os.umask(0))"
)


def test_each_process_begins_with_a_private_umask(tmp_path):
    for code in (SHOWN_UMASK, "import langai_site.asgi, os; print(os.umask(0))"):
        program = Program(code, tmp_path, SECRET_KEY="x" * 60)
        assert program.wait(300) == 0, program.log
        program.until(str(0o077))


def test_reading_a_document_begins_with_one_too(tmp_path):
    code = """
import os
from documents.extraction import main, types
os.umask(0)
main.restrict(types.Limits(512, 60, 10, 1000, ocr_languages="eng"))
print(oct(os.umask(0)))
"""
    program = Program(code, tmp_path)
    assert program.wait(300) == 0, program.log
    assert program.lines == ["0o77"]
