"""Restores a backup into an empty installation, and checks one without restoring it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from langai_site import folders, stored_data
from langai_site.backup import archive, databases
from langai_site.backup.archive import FILES, MANIFEST, SECRET, BackupError, Manifest, Member
from langai_site.backup.databases import Contents

# It exists while a restore is under way: one that was interrupted starts over.
MARKER = "restore.unfinished"


def verify(path: Path) -> Manifest:
    """Read a backup to its end, compare sizes and checksums, and open its database. Raises BackupError."""
    manifest = archive.check(path)
    with tempfile.TemporaryDirectory(prefix="verify-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        dump = Path(folder, manifest.database)
        with archive.reading(path) as members, dump.open("xb") as file:
            content = next(content for name, content in members if name == manifest.database)
            archive.measured(content, file)
        found = databases.check_dump(dump, manifest.engine)
    if found is not None:
        _compare(found, manifest)
    return manifest


@dataclass(frozen=True)
class Restored:
    """`key_differs`: SECRET_KEY is set here, and not to the one of the backup.

    `chain_problem`: what is wrong with the ledger, which must have been so when the backup was made.
    """

    manifest: Manifest
    key_differs: bool
    chain_problem: str


def restore(path: Path) -> Restored:
    """Restore a backup; the installation must be empty and not running. Raises BackupError.

    Nothing is changed before the whole archive has been read and found good. The database comes last, so that an
    interrupted restore leaves an installation that is still empty.
    """
    with _not_running():
        _require_empty()
        manifest = archive.check(path)
        _require_fitting(manifest)
        differs = key_differs(manifest)
        marker = settings.DATA_DIR / MARKER
        marker.touch(mode=0o600)
        with tempfile.TemporaryDirectory(prefix="restore-", dir=settings.DATA_DIR) as folder:
            _unpack(path, manifest, Path(folder))
            _put_in_place(Path(folder), manifest)
        _compare(databases.contents(), manifest)
        call_command("migrate", verbosity=0, interactive=False)
        problem = stored_data.sealed_chains["ledger"].problem(manifest.sequence, manifest.head)
        marker.unlink()
    return Restored(manifest, differs, problem)


def key_differs(manifest: Manifest) -> bool:
    """Return whether a restore leaves another SECRET_KEY than that of the backup; ask before it."""
    if databases.secret_fingerprint(settings.SECRET_KEY) == manifest.secret:
        return False
    return SECRET not in manifest.members or not _secret_is_from_file()


def _secret_is_from_file() -> bool:
    secret = settings.DATA_DIR / SECRET
    return secret.is_file() and secret.read_text().strip() == settings.SECRET_KEY


@contextmanager
def _not_running() -> Iterator[None]:
    """Hold the lock of `manage.py run`."""
    try:
        with folders.exclusive_lock(settings.DATA_DIR / "run.lock"):
            yield
    except BlockingIOError:
        raise BackupError(f"LangAI is running on {settings.DATA_DIR}. Stop it first.") from None


def _require_empty() -> None:
    if (settings.DATA_DIR / MARKER).exists():
        return
    advice = "Set DATA_DIR to a new folder, and DATABASE_URL to an empty database if you use PostgreSQL."
    if not databases.is_empty():
        raise BackupError(f"The database already has accounts; a backup is restored into an empty one only. {advice}")
    media = Path(settings.MEDIA_ROOT)
    if media.is_dir() and any(path.is_file() for path in media.rglob("*")):
        raise BackupError(f"{media} already has files; a backup is restored into an empty installation only. {advice}")


def _require_fitting(manifest: Manifest) -> None:
    if manifest.engine != connection.vendor:
        kind = "SQLite" if manifest.engine == databases.SQLITE else "PostgreSQL"
        raise BackupError(
            f"This is a backup of {kind}, but DATABASE_URL names another kind of database. Restore it with {kind}, "
            "then run manage.py move_database."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if set(manifest.migrations) - known:
        raise BackupError(
            f"The backup was made by LangAI {manifest.version}, which is newer than this one. Install that version "
            "or a later one, and restore it there."
        )


def _unpack(path: Path, manifest: Manifest, folder: Path) -> None:
    """Unpack everything below `folder`; what differs from the manifest now was changed since it was checked."""
    with archive.reading(path) as members:
        for name, content in members:
            if name != MANIFEST and _unpacked(folder / name, content) != manifest.members.get(name):
                raise BackupError(f"{path} changed while it was read. Run the command again.")


def _unpacked(target: Path, content: IO[bytes]) -> Member:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        target.chmod(0o600)
        return archive.measured(content, file)


def _put_in_place(folder: Path, manifest: Manifest) -> None:
    files, media = folder / FILES, Path(settings.MEDIA_ROOT)
    if files.is_dir():
        # Empty folders, or what an interrupted restore has put there.
        shutil.rmtree(media, ignore_errors=True)
        shutil.move(files, media)
    if SECRET in manifest.members and _secret_is_from_file():
        (folder / SECRET).replace(settings.DATA_DIR / SECRET)
    databases.load(folder / manifest.database)


def _compare(found: Contents, manifest: Manifest) -> None:
    tables = found.counts.keys() | manifest.counts.keys()
    wrong = sorted(name for name in tables if found.counts.get(name) != manifest.counts.get(name))
    if wrong:
        name = wrong[0]
        raise BackupError(
            f"The restored database differs from the backup: {name} has {found.counts.get(name, 0):,} rows instead of "
            f"{manifest.counts.get(name, 0):,}. Use another backup."
        )
    if (found.sequence, found.head) != (manifest.sequence, manifest.head):
        raise BackupError("The ledger's chain ends elsewhere than the backup says. Use another backup.")
