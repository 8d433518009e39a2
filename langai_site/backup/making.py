"""Makes a backup while LangAI runs."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from langai_site import VERSION
from langai_site.audit.recording import record
from langai_site.backup import archive, databases
from langai_site.backup.archive import FILES, SECRET, ArchiveWriter, BackupError, Manifest
from langai_site.models import BackupRun

# Names of failed attempts are of no use later.
KEPT_RUNS = 100
LEFT_OUT = (
    "The vector store: the worker fills it again from the vectors in the database.",
    "The embedding model, the static files and the compiled translations: manage.py setup makes them again.",
    "Models from files in DATA_DIR/models, and settings in the environment or .env: keep your own copies.",
)
NOT_THE_KEY = "SECRET_KEY: it comes from the environment. Keep a copy in a safe place."


@dataclass(frozen=True)
class Made:
    """A complete backup that was read back and found whole."""

    path: Path
    size: int
    manifest: Manifest


def back_up(path: Path) -> Made:
    """Write a backup to `path`, read it back, and record the attempt. Raises BackupError.

    The database goes first: a file without a row does no harm, but a row without its file does.
    """
    path = path.expanduser().absolute()
    run = BackupRun.objects.create(path=str(path))
    try:
        manifest = _write(path)
        archive.check(path)
    except BaseException as error:
        problem = error.message if isinstance(error, BackupError) else type(error).__name__
        BackupRun.objects.filter(pk=run.pk).update(problem=problem[:200])
        raise
    size = path.stat().st_size
    BackupRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), size=size, version=VERSION)
    old = BackupRun.objects.order_by("-started_at").values_list("pk", flat=True)[KEPT_RUNS:]
    BackupRun.objects.filter(pk__in=list(old)).delete()
    record("backup.make", "backup", run.pk)
    return Made(path, size, manifest)


def _write(path: Path) -> Manifest:
    if path.exists():
        raise BackupError(f"{path} already exists. Choose another name, or delete it first.")
    try:
        # Beside the archive, because a temporary folder may be in memory.
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=path.parent) as folder, archive.writing(path) as writer:
            return _fill(writer, Path(folder))
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise BackupError(f"{error.filename or path} cannot be used: {error.strerror}.") from error


def _fill(writer: ArchiveWriter, folder: Path) -> Manifest:
    name = databases.MEMBERS[connection.vendor]
    began = timezone.now()
    contents = databases.dump(folder / name)
    writer.add(name, folder / name)
    (folder / name).unlink()
    secret = settings.DATA_DIR / SECRET
    has_secret = secret.is_file() and secret.read_text().strip() == settings.SECRET_KEY
    if has_secret:
        writer.add(SECRET, secret)
    vanished = sum(not _add(writer, file) for file in _stored_files())
    manifest = Manifest(
        version=VERSION,
        created_at=began.isoformat(),
        engine=connection.vendor,
        migrations=contents.migrations,
        counts=contents.counts,
        sequence=contents.sequence,
        head=contents.head,
        secret=databases.secret_fingerprint(settings.SECRET_KEY),
        vanished=vanished,
        left_out=[*LEFT_OUT, *([] if has_secret else [NOT_THE_KEY])],
        members=writer.members,
    )
    writer.close(manifest)
    return manifest


def _stored_files() -> Iterator[Path]:
    """Yield the uploaded files, in an order that does not change."""
    for folder, folders, files in os.walk(settings.MEDIA_ROOT):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(files))


def _add(writer: ArchiveWriter, file: Path) -> bool:
    """Return whether the file is still there: people delete documents while a backup is made."""
    try:
        writer.add(f"{FILES}{file.relative_to(settings.MEDIA_ROOT).as_posix()}", file)
    except FileNotFoundError:
        return False
    return True
