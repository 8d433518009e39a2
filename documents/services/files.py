"""Checks, recognises and stores uploaded files, before and beside their rows."""

import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from documents.extraction.registry import FORMATS, advice, is_readable
from documents.models import Document, PreviousVersion
from documents.names import split
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
        return f"“{name}” is of a type that cannot be read. {advice(suffix)}"
    if not size:
        return f"“{name}” is empty."
    if size > settings.UPLOAD_MAX_MB * 1024 * 1024:
        return f"“{name}” is larger than {settings.UPLOAD_MAX_MB} MB. Split it, or ask an admin to allow more."
    return ""


def checked_size(name: str, file: "File[bytes]") -> int:
    """Return the file's size in bytes. Raises InvalidError with a fitting status if the file is refused."""
    size = file.size or 0
    if reason := unreadable(name, size):
        if not is_readable(split(name)[1].lower()):
            raise InvalidError(reason, code="unknown_type", status=415)
        raise InvalidError(reason, code="too_large", status=413) if size else InvalidError(reason)
    return size


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
        raise SameFileError(f"“{name}” is already in {collection}, as “{same.title}” ({same.file_name}).", same)


def drop(stored: Iterable[str]) -> None:
    """Delete stored files after the commit; `cleanup.sweep` deletes what the process does not get to."""
    names = list(stored)

    def clear() -> None:
        for name in names:
            default_storage.delete(name)

    transaction.on_commit(clear)
