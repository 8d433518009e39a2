"""What an operator gets wrong, or what the machine lacks, is told in one clear sentence, never in a traceback."""

import errno
import os
import shutil
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import RequestFactory

from documents import diagnosis
from documents.models import Document
from langai_site import env
from langai_site.accounts.models import Team, User
from langai_site.folders import DISK_FULL, is_disk_full
from langai_site.processes import setup
from langai_site.web.error_middleware import ErrorsMiddleware
from search.models import Collection
from tests.shared import ROOT, environment_without_own
from tests.upstream.process import free_port

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def manage(command, data, **values):
    """Run a command of manage.py with these settings alone."""
    environment = environment_without_own() | {"DATA_DIR": str(data), **values}
    line = [sys.executable, "manage.py", command]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def one_line(done) -> str:
    [line] = (done.stdout + done.stderr).strip().splitlines()
    return line


def test_a_full_disk_is_recognised_in_whatever_it_caused():
    caused = RuntimeError("could not be saved")
    caused.__cause__ = FULL
    assert is_disk_full(caused)
    assert is_disk_full(OperationalError("database or disk is full"))
    assert is_disk_full(OperationalError("could not extend file: No space left on device"))
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(OperationalError("database is locked"))
    assert not is_disk_full(ValueError("database or disk is full"))


START = """
import errno, os, sys
import manage
from langai_site import env
def full(path):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
env.{what} = full
sys.argv = ["manage.py", {command!r}]
manage.main()
"""


@pytest.mark.parametrize(("what", "command"), [("stored_secret", "check"), ("writable_folder", "run")])
def test_a_full_disk_at_the_start_is_one_sentence(tmp_path, what, command):
    code = START.format(what=what, command=command)
    values = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=values, capture_output=True, text=True, check=False
    )
    assert one_line(done) == DISK_FULL
    assert done.returncode == 1


def test_a_secret_that_could_not_be_written_leaves_no_empty_file(tmp_path, monkeypatch):
    class Full(StringIO):
        def write(self, text):
            raise FULL

    monkeypatch.setattr(env.os, "fdopen", lambda descriptor, mode: os.close(descriptor) or Full())
    with pytest.raises(OSError, match="No space"):
        env.stored_secret(tmp_path / "secret_key")
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.django_db(transaction=True)
def test_a_full_database_is_a_page_and_a_line_in_the_log(caplog):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite's size can be bounded here")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            with pytest.raises(OperationalError) as caught:
                Team.objects.bulk_create(Team(name=f"{number} {'x' * 90}") for number in range(2_000))
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    answer = ErrorsMiddleware(lambda request: None).process_exception(RequestFactory().get("/"), caught.value)
    assert answer.status_code == 507
    assert "disk is full, so this could not be saved. Tell an admin." in answer.content.decode().replace("&#x27;", "'")
    assert "disk of DATA_DIR or of the database is full" in caplog.text


@pytest.mark.django_db
def test_an_upload_that_finds_the_disk_full_says_so(client, monkeypatch):
    def full(self, name, content):
        raise FULL

    admin = User.objects.create_superuser("admin")
    client.force_login(admin)
    shelf = Collection.objects.create(name="Policies", everyone=True)
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", full)
    data = {"collection": shelf.pk, "sensitivity": 0, "uploads": [SimpleUploadedFile("a.txt", b"Some text.")]}
    answer = client.post("/admin/documents/document/add/", data)
    assert answer.status_code == 507
    assert "disk is full" in answer.content.decode()
    assert not Document.objects.exists()


def test_redis_that_is_down_at_the_start_is_told_and_does_not_stop_it(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    line = setup.redis()
    assert line.startswith("Warning: Redis does not answer (")
    assert "Check REDIS_URL" in line
    assert "\n" not in line


def test_output_that_nobody_reads_any_more_ends_a_command_quietly(tmp_path):
    values = {**os.environ, "DATA_DIR": str(tmp_path)}
    command = f"{sys.executable} manage.py help --commands | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["/bin/bash", "-c", command], cwd=ROOT, env=values, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("141", "0")


def test_a_report_ends_quietly_when_its_reader_is_gone(monkeypatch):
    """The output's first line meets a closed pipe."""
    code = (
        "import sys, manage, django.core.management as m\n"
        "def run(argv):\n"
        "    while True: print('x' * 1000)\n"
        "m.execute_from_command_line = run\n"
        "manage.main()\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.django_db
def test_an_unknown_scope_of_a_key_is_told_with_those_that_exist():
    User.objects.create_user("alice")
    with pytest.raises(CommandError, match=r"There is no scope chatt\. Choose from chat, search, documents, usage, ad"):
        call_command("api_key", "alice", "--name", "n", "--scope", "chatt")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("OPENAI_API_KYE", "OPENAI_API_KEY"), ("DATABSE_URL", "DATABASE_URL"), ("ALOWED_HOSTS", "ALLOWED_HOSTS")],
)
def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(tmp_path, name, meant):
    done = manage("check", tmp_path, **{name: "x"})
    assert done.returncode == 0
    assert f"{name} is set, but LangAI has no such setting: did you mean {meant}?" in done.stderr


def test_other_variables_are_no_misspelt_settings():
    known = {"HOST", "PORT", "OPENAI_API_KEY", "DATA_DIR", "TIME_ZONE"}
    others = ["HOME", "HOSTNAME", "PATH", "POST", "OPENAI_API_KEY_FILE", "OPENAI_API_KEY2", "OPENAI_ORG_ID", "data_dri"]
    assert env.misspelt([*others, *known], known) == {}
    assert env.misspelt(["TIMEZONE"], known) == {"TIMEZONE": "TIME_ZONE"}


@pytest.mark.parametrize("value", ["x", "changeme"])
def test_a_secret_key_that_can_be_guessed_is_refused_in_one_line(tmp_path, value):
    done = manage("check", tmp_path, SECRET_KEY=value)
    assert done.returncode == 1
    line = one_line(done)
    assert line.startswith("LangAI cannot start: SECRET_KEY has ")
    assert "SECRET_KEY_FALLBACKS" in line


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
def test_an_unknown_language_of_scanned_pages_is_told_at_the_start(settings):
    settings.OCR_LANGUAGES = "eng+klingon"
    line = diagnosis.unknown_languages()
    assert line.startswith("Warning: tesseract does not know klingon, so scanned pages cannot be read. Install")
    settings.OCR_LANGUAGES = "eng"
    assert diagnosis.unknown_languages() == ""


def test_the_start_runs_these_checks():
    assert django_settings.MISSPELT_SETTINGS == {}
    assert setup.misspelt() == ""
