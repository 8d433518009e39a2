"""A backup that is made while LangAI runs brings everything back, and one that is damaged is never restored."""

import gzip
import io
import json
import os
import shutil
import tarfile
from datetime import timedelta
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from langai_site.accounts.models import User
from langai_site.audit.models import AuditEvent
from langai_site.backup import making, restoring, schedule
from langai_site.backup.archive import BackupError, check
from langai_site.folders import exclusive_lock
from langai_site.models import BackupRun
from tests.backup.conftest import rows_of
from tests.ops.test_settings import manage

_numbers = count(1)


@pytest.fixture
def elsewhere(tmp_path):
    """The settings of another installation, in which there is nothing yet."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    values = {"DATA_DIR": str(folder), "SECRET_KEY": "", "DATABASE_URL": ""}
    if connection.vendor == "postgresql":
        name = f"restored_{os.getpid()}_{next(_numbers)}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        values["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    return folder, values


REPORT = ("usage_report", "--from", "2026-03-01", "--to", "2030-01-01", "--group", "user,team,model", "--format", "csv")


def test_answers_reports_files_and_chain_are_the_same_after_a_restore(used, data, elsewhere, tmp_path, capsys):
    call_command("backup", str(tmp_path / "b.tar.gz"))
    assert "read back well" in capsys.readouterr().out
    folder, values = elsewhere
    # As an earlier restore left it that was killed.
    (folder / "restore.unfinished").touch()
    (folder / "files").mkdir()
    (folder / "files" / "half").write_text("half")
    done = manage("restore", str(tmp_path / "b.tar.gz"), **values)
    assert done.returncode == 0, done.stderr
    assert "The ledger's chain is whole." in done.stdout
    assert "SECRET_KEY" not in done.stdout

    for name in ("files/2026/a.pdf", "files/ünïcode name.txt", "secret_key"):
        assert (folder / name).read_bytes() == (data / name).read_bytes()
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0
    assert not (folder / "files" / "half").exists()
    assert not list(folder.glob("restore*"))
    call_command(*REPORT)
    report = capsys.readouterr().out
    assert "alice" in report
    assert manage(*REPORT, **values).stdout.splitlines() == report.splitlines()
    if connection.vendor == "sqlite":
        restored, original = rows_of(folder / "langai.sqlite3"), rows_of(connection.settings_dict["NAME"])
        # The backup knows its own beginning, not its end.
        assert len(restored.pop("langai_site_backuprun")) == len(original.pop("langai_site_backuprun")) == 1
        # Both made their report since.
        assert restored.pop("audit_auditevent")[0] == original.pop("audit_auditevent")[0]
        assert restored == original


def test_a_backup_is_restored_into_an_empty_installation_only_and_not_while_it_runs(used, data, tmp_path):
    making.back_up(tmp_path / "b.tar.gz")
    with pytest.raises(CommandError, match="already has accounts"):
        call_command("restore", str(tmp_path / "b.tar.gz"))
    User.objects.all().delete()
    with pytest.raises(CommandError, match="already has files"):
        call_command("restore", str(tmp_path / "b.tar.gz"))
    with exclusive_lock(data / "run.lock"), pytest.raises(CommandError, match="LangAI is running"):
        call_command("restore", str(tmp_path / "b.tar.gz"))


def test_a_restore_says_when_the_key_is_another_one(used, data, tmp_path, settings):
    manifest = making.back_up(tmp_path / "b.tar.gz").manifest
    assert not restoring.key_differs(manifest)
    settings.SECRET_KEY = "another secret from the environment"
    assert restoring.key_differs(manifest)
    # A new installation's own file is replaced by the one in the backup.
    (data / "secret_key").write_text(settings.SECRET_KEY)
    assert not restoring.key_differs(manifest)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def altered(content: bytes) -> bytes:
    plain = bytearray(gzip.decompress(content))
    at = plain.index(b"holiday")
    plain[at : at + 7] = b"holidax"
    return gzip.compress(bytes(plain))


def without_manifest(content: bytes) -> bytes:
    plain = gzip.decompress(content)
    at = plain.rindex(b"manifest.json")
    return gzip.compress(plain[:at] + bytes(10_240))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut, "damaged, incomplete or not a backup"),
        (altered, "differs from its manifest"),
        (without_manifest, "no manifest"),
        (lambda content: b"not an archive", "not a backup"),
        (lambda content: b"", "not a backup"),
    ],
)
def test_a_damaged_backup_is_told_and_not_restored(used, data, tmp_path, change, words):
    making.back_up(tmp_path / "b.tar.gz")
    call_command("verify_backup", str(tmp_path / "b.tar.gz"))
    (tmp_path / "bad.tar.gz").write_bytes(change((tmp_path / "b.tar.gz").read_bytes()))
    with pytest.raises(CommandError, match=words):
        call_command("verify_backup", str(tmp_path / "bad.tar.gz"))


def test_a_backup_never_writes_outside_the_installation(used, data, tmp_path):
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo("files/../../escaped")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(BackupError, match="it contains"):
        check(path)


def test_a_backup_of_a_newer_version_is_refused(used, data, tmp_path):
    manifest = making.back_up(tmp_path / "b.tar.gz").manifest
    assert "langai_site.0005_backups_and_release" in manifest.migrations
    manifest.migrations.append("chat.9999_from_the_future")
    with pytest.raises(BackupError, match="newer than this one"):
        restoring._require_fitting(manifest)


def test_a_failed_backup_leaves_no_file_and_is_remembered(used, data, tmp_path):
    with pytest.raises(CommandError, match="cannot be used: No such file"):
        call_command("backup", str(tmp_path / "missing" / "b.tar.gz"))
    (tmp_path / "there.tar.gz").write_text("mine")
    with pytest.raises(CommandError, match="already exists"):
        call_command("backup", str(tmp_path / "there.tar.gz"))
    assert (tmp_path / "there.tar.gz").read_text() == "mine"
    assert BackupRun.objects.filter(finished_at=None).exclude(problem="").count() == 2


def test_files_that_people_delete_meanwhile_are_counted(used, data, tmp_path, monkeypatch):
    real = making._stored_files

    def one_vanishes():
        for path in list(real()):
            path.unlink() if path.name == "a.pdf" else None
            yield path

    monkeypatch.setattr(making, "_stored_files", one_vanishes)
    assert making.back_up(tmp_path / "b.tar.gz").manifest.vanished == 1


def test_every_night_the_worker_makes_one_and_keeps_the_newest(used, data, tmp_path, settings):
    schedule.run()
    assert not BackupRun.objects.exists()
    settings.BACKUP_DIR, settings.BACKUP_KEEP = str(tmp_path / "backups"), 2
    (tmp_path / "backups").mkdir()
    for name in ("langai-20260101-030000.tar.gz", "langai-20260102-030000.tar.gz", "notes.txt"):
        (tmp_path / "backups" / name).write_text("x")
    schedule.run()
    kept = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert kept[0] == "langai-20260102-030000.tar.gz"
    assert (len(kept), kept[-1]) == (3, "notes.txt")
    assert check(tmp_path / "backups" / kept[1]).sequence == 5
    assert AuditEvent.objects.filter(action="backup.make", door="server").count() == 1


@pytest.mark.django_db
def test_doctor_and_the_admins_home_warn_of_an_old_backup(settings, django_user_model):
    assert (schedule.finding().status, "none is scheduled" in schedule.finding().found) == ("warn", True)
    settings.BACKUP_DIR = "/backups"
    assert "tonight" in schedule.finding().found
    now = timezone.now()
    good = BackupRun.objects.create(path="/backups/a", started_at=now, finished_at=now)
    assert schedule.finding().status == "ok"
    BackupRun.objects.create(path="/backups/b", started_at=now + timedelta(hours=1), problem="The disk is full.")
    assert (schedule.finding().status, "The disk is full." in schedule.finding().found) == ("warn", True)
    BackupRun.objects.filter(path="/backups/b").delete()
    BackupRun.objects.filter(pk=good.pk).update(finished_at=now - timedelta(hours=37))
    assert "too long ago" in schedule.finding().found
    admin = django_user_model.objects.create_superuser("root")
    (line,) = schedule.lines(admin)
    assert (line.status, line.about) == ("warn", "Backup")
    assert schedule.lines(django_user_model.objects.create_user("alice")) == ()


def test_a_manifest_is_readable_without_langai(used, data, tmp_path):
    making.back_up(tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        value = json.load(tar.extractfile("manifest.json"))
        shutil.unpack_archive(tmp_path / "b.tar.gz", tmp_path / "unpacked", filter="data")
    assert value["members"].keys() >= {"secret_key", "files/2026/a.pdf"}
    assert value["counts"]["accounts_user"] == 1
    assert (tmp_path / "unpacked" / "files" / "2026" / "a.pdf").stat().st_size == value["members"]["files/2026/a.pdf"][
        "size"
    ]
