"""Files that are uploaded in parts, so that an upload goes on where a broken connection left it. Synchronous.

A part that arrived is on the disk before its row says so; what a killed process wrote beyond that is cut off by the
next part. A complete file is handed over once, to the form that names it. Nobody but its owner can name it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Protocol
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site import registry
from langai_site.accounts.models import PartialUpload, User
from langai_site.errors import ConflictError, DiskFullError, InvalidError, NotFoundError, TooManyError
from langai_site.folders import is_disk_full

MB = 1024 * 1024
# The most megabytes of one part.
PART_MB = 8
UNFINISHED_MAX = 20
# How long an upload is kept without a new part.
KEPT_FOR = timedelta(days=1)
# One that has rested this long makes room for a new one.
RESTED = timedelta(hours=1)
AT_ONCE = 256 * 1024


class PartReader(Protocol):
    """What a part is read from."""

    def read(self, size: int, /) -> bytes: ...


class WrongPlaceError(ConflictError):
    code = "wrong_offset"


def begin(user: User, name: str, size: int, collection: int | None) -> PartialUpload:
    """Begin an upload, for a collection or, without one, for a message. Raises what a whole upload would raise."""
    registry.planned_uploads["message" if collection is None else "collection"](user, name, size, collection)
    mine = PartialUpload.objects.filter(owner=user)
    if mine.count() >= UNFINISHED_MAX:
        discard(mine.filter(touched_at__lt=timezone.now() - RESTED))
        if mine.count() >= UNFINISHED_MAX:
            text = _("You have %(count)s uploads that are not finished. Finish or cancel one first.")
            raise TooManyError(text % {"count": UNFINISHED_MAX}, retry_after=60)
    return PartialUpload.objects.create(owner=user, name=name, size=size)


def access(user_id: int, upload: UUID) -> PartialUpload:
    """Return an upload to its owner. Raises NotFoundError, also for one that was not continued for a day."""
    found = PartialUpload.objects.filter(owner=user_id, pk=upload, touched_at__gt=timezone.now() - KEPT_FOR).first()
    if found is None:
        raise NotFoundError(_("This upload is finished, or was not continued for a day. Upload the file again."))
    return found


def receive(user_id: int, upload: UUID, start: int, length: int, stream: PartReader) -> PartialUpload:
    """Store the next part of a file, which begins at byte `start`.

    Raises WrongPlaceError unless the part is the next one, and InvalidError if it is longer than announced or shorter.
    """
    access(user_id, upload)
    with _locked(_path(upload)) as file:
        row = access(user_id, upload)
        if start != row.received:
            text = _("The server has %(count)s bytes of this file. Continue there.")
            raise WrongPlaceError(text % {"count": row.received})
        if length > PART_MB * MB or start + length > row.size:
            words = _("Send parts of at most %(most)s MB, and not more than the file has.")
            raise InvalidError(words % {"most": PART_MB}, status=413)
        file.truncate(row.received)
        file.seek(row.received)
        if _copy(stream, file) != length:
            raise InvalidError(_("The part does not have as many bytes as Content-Range says."))
        row.received, row.touched_at = start + length, timezone.now()
        row.save(update_fields=["received", "touched_at"])
    return row


def _copy(stream: PartReader, file: IO[bytes]) -> int:
    """Copy a part to the disk, and return how many bytes it has. Raises DiskFullError."""
    count = 0
    try:
        while data := stream.read(AT_ONCE):
            count += file.write(data)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        if is_disk_full(error):
            raise DiskFullError(_("The server's disk is full, so the file could not be kept. Tell an admin.")) from None
        raise
    return count


def take(user_id: int, upload: UUID) -> "File[bytes]":
    """Return a complete file, which this uses up: it is gone from the disk once it is closed.

    Raises NotFoundError, and ConflictError if it is not complete.
    """
    row = access(user_id, upload)
    with _locked(_path(upload)) as held:
        row = access(user_id, upload)
        if row.received < row.size:
            raise ConflictError(_("“%(name)s” is not uploaded completely. Continue its upload.") % {"name": row.name})
        held.truncate(row.size)
        file = File(open(_path(upload), "rb"), name=row.name)  # noqa: SIM115 - the caller closes it
        discard(PartialUpload.objects.filter(pk=row.pk))
    return file


def sent_file(user_id: int, file: "File[bytes] | None", upload: str | None) -> "File[bytes] | None":
    """Return the file of a form: the one that is in it, or the complete upload that it names. Raises NotFoundError."""
    if file is not None or not upload:
        return file
    try:
        return take(user_id, UUID(upload))
    except ValueError:
        raise NotFoundError(_("This upload is not known. Upload the file again.")) from None


def cancel(user_id: int, upload: UUID) -> None:
    """Delete an upload with all its parts. Raises NotFoundError."""
    discard(PartialUpload.objects.filter(pk=access(user_id, upload).pk))


def discard(uploads: QuerySet[PartialUpload]) -> None:
    """Delete uploads and what there is of their files."""
    keys = list(uploads.values_list("pk", flat=True))
    PartialUpload.objects.filter(pk__in=keys).delete()
    for key in keys:
        _path(key).unlink(missing_ok=True)


def sweep() -> None:
    """Remove uploads that were not continued, and files without a row, which a killed process left."""
    old = timezone.now() - KEPT_FOR
    discard(PartialUpload.objects.filter(touched_at__lt=old))
    known = {str(pk) for pk in PartialUpload.objects.values_list("pk", flat=True)}
    for path in _folder().iterdir() if _folder().is_dir() else ():
        with suppress(FileNotFoundError):
            if path.name not in known and path.stat().st_mtime < old.timestamp():
                path.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """Open the file of an upload for one request alone. Raises ConflictError if another one has it."""
    path.parent.mkdir(exist_ok=True)
    # Not for appending: a part goes where the row says that the file ends.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                _("Another part of this file is being stored. Wait a moment, then ask how far it is.")
            ) from None
        yield file


def _folder() -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / "parts"


def _path(upload: UUID) -> Path:
    return _folder() / str(upload)
