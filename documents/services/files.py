"""Checks, recognises and stores uploaded files, before and beside their rows."""

import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from documents.extraction.registry import FORMATS, advice, is_readable
from documents.models import Document, PreviousVersion
from documents.names import split
from documents.wording import drawn
from langai_site.errors import ConflictError, InvalidError
from search.models import Collection


class SameFileError(ConflictError):
    """The collection already has this file, as `document`."""

    def __init__(self, message: str, document: Document) -> None:
        super().__init__(message)
        self.document = document


def media_type(file_name: str) -> str:
    """Return the media type with which a file is served."""
    known = FORMATS.get(split(file_name)[1].lower())
    return known.media_type if known else "application/octet-stream"


def unreadable(name: str, size: int) -> str:
    """Return why a file of this name and size in bytes is refused, as a person reads it; "" if it is accepted."""
    suffix = split(name)[1].lower()
    if not is_readable(suffix):
        values = {"name": name, "advice": drawn(advice(suffix))}
        return _("“%(name)s” is of a type that cannot be read. %(advice)s") % values
    if not size:
        return _("“%(name)s” is empty.") % {"name": name}
    if size > settings.UPLOAD_MAX_MB * 1024 * 1024:
        values = {"name": name, "megabytes": str(settings.UPLOAD_MAX_MB)}
        return _("“%(name)s” is larger than %(megabytes)s MB. Split it, or ask an admin to allow more.") % values
    return ""


def checked_size(name: str, file: "File[bytes]") -> int:
    """Return the file's size in bytes. Raises InvalidError with a fitting status if the file is refused."""
    size = file.size or 0
    refuse_size(name, size)
    return size


def refuse_size(name: str, size: int) -> None:
    """Raise InvalidError with a fitting status if a file of this name and size in bytes is refused."""
    if reason := unreadable(name, size):
        if not is_readable(split(name)[1].lower()):
            raise InvalidError(reason, code="unknown_type", status=415)
        raise InvalidError(reason, code="too_large", status=413) if size else InvalidError(reason)


def sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def same_bytes(collection: Collection, digest: str) -> Document | None:
    """Return the document of the collection whose newest or searched version has these bytes."""
    found = Document.objects.filter(collection=collection, sha256=digest).first()
    earlier = PreviousVersion.objects.filter(document__collection=collection, sha256=digest)
    return found or Document.objects.filter(previous__in=earlier).first()


def refuse_same(collection: Collection, digest: str, name: str) -> None:
    """Raise SameFileError if the collection already has these bytes."""
    if same := same_bytes(collection, digest):
        raise SameFileError(
            _("“%(name)s” is already in %(collection)s, as “%(title)s” (%(file_name)s).")
            % {"name": name, "collection": collection, "title": same.title, "file_name": same.file_name},
            same,
        )


def drop(stored: Iterable[str]) -> None:
    """Delete stored files after the commit; `cleanup.sweep` deletes what the process does not get to."""
    names = list(stored)

    def clear() -> None:
        for name in names:
            default_storage.delete(name)

    transaction.on_commit(clear)
