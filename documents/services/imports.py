"""Imports the files of a folder as documents of a collection: adds new ones, recognises existing ones."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from django.core.files import File

from documents.extraction.registry import SAVE_AS, is_readable
from documents.models import Document
from documents.names import shown_name, split
from documents.services.files import SameFileError, same_bytes, sha256, unreadable
from documents.services.uploads import replace, upload
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from search.models import Collection

PATH_CHARACTERS = 1000


class ImportOutcome(StrEnum):
    """The outcome for a file, as people read it."""

    IMPORTED = "imported"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    CHANGED = "changed, not replaced"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class ImportResult:
    """The result for one file; `path` is relative to the folder. `document` is the one that holds it now."""

    path: str
    outcome: ImportOutcome
    reason: str = ""
    document: UUID | None = None


@dataclass(frozen=True)
class ImportTarget:
    """The collection to import into, and the options."""

    collection: Collection
    user: User | None = None
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    replace: bool = False


def files_in(folder: Path) -> list[Path]:
    """Return all files below `folder`, in order, without hidden ones. No links to files or folders are followed."""
    return sorted(_walk(folder))


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(where, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def import_file(path: Path, folder: Path, target: ImportTarget) -> ImportResult:
    """Import one file, never holding it in memory as a whole. A file that cannot be imported gives a result, too."""
    # A name that is not valid text on this system becomes text here.
    relative = os.fsencode(path.relative_to(folder)).decode(errors="replace")[-PATH_CHARACTERS:]
    try:
        if reason := _unreadable(path):
            return ImportResult(relative, ImportOutcome.SKIPPED, reason)
        with path.open("rb") as stream:
            return take(File(stream, name=path.name), relative, target)
    except OSError as error:
        return ImportResult(
            relative, ImportOutcome.FAILED, f"It could not be copied: {error.strerror or type(error).__name__}."
        )
    except LangAIError as error:
        return ImportResult(relative, ImportOutcome.FAILED, error.message)


def _unreadable(path: Path) -> str:
    suffix = split(shown_name(path.name))[1].lower()
    if is_readable(suffix):
        return unreadable(path.name, path.stat().st_size)
    instead = f"; saved as {SAVE_AS[suffix]} it can" if suffix in SAVE_AS else ""
    return f"{suffix or 'Files without an ending'} cannot be read{instead}."


def take(file: "File[bytes]", relative: str, target: ImportTarget) -> ImportResult:
    """Add a file that has this path in its folder, or replace the document that it was before.

    Raises what `upload` and `replace` do.
    """
    earlier = _earlier(relative, target.collection)
    try:
        if earlier is None:
            return ImportResult(relative, ImportOutcome.IMPORTED, document=_upload(file, relative, target).pk)
        if target.replace:
            document = replace(earlier, file=file, user=target.user)
            _adopt(document, relative)
            return ImportResult(relative, ImportOutcome.REPLACED, document=document.pk)
    except SameFileError as same:
        return _unchanged(same.document, relative)
    same_document = same_bytes(target.collection, sha256(file.chunks()))
    if same_document:
        return _unchanged(same_document, relative)
    return ImportResult(
        relative, ImportOutcome.CHANGED, "The file has changed; --replace uploads the new version.", earlier.pk
    )


def _upload(file: "File[bytes]", relative: str, target: ImportTarget) -> Document:
    return upload(
        collection=target.collection,
        file=file,
        user=target.user,
        sensitivity=target.sensitivity,
        imported_from=relative,
    )


def _earlier(relative: str, collection: Collection) -> Document | None:
    """Return the document that this file was before: imported from the same path, or uploaded under this name."""
    imported = collection.documents.filter(imported_from=relative).first()
    if imported or "/" in relative:
        return imported
    return collection.documents.filter(imported_from="", file_name=shown_name(relative)).first()


def _unchanged(document: Document, relative: str) -> ImportResult:
    _adopt(document, relative)
    other = f"The same as {document.imported_from}." if document.imported_from not in ("", relative) else ""
    return ImportResult(relative, ImportOutcome.UNCHANGED, other, document.pk)


def _adopt(document: Document, relative: str) -> None:
    """Record the path of a document that was uploaded by hand: from now on it is recognised by that."""
    Document.objects.filter(pk=document.pk, imported_from="").update(imported_from=relative)


@dataclass(frozen=True)
class ImportProgress:
    """The progress of documents towards being searchable; `failed` has the reasons."""

    waiting: int
    failed: dict[UUID, str]


def progress(collection: Collection, documents: Iterable[UUID]) -> ImportProgress:
    """Return the progress of these documents of the collection. One that is deleted meanwhile does not count."""
    wanted = set(documents)
    unread = collection.documents.exclude(status=Document.Status.READY).order_by()
    rows = [row for row in unread.values_list("pk", "status", "error") if row[0] in wanted]
    failed = {pk: error for pk, status, error in rows if status == Document.Status.FAILED}
    return ImportProgress(len(rows) - len(failed), failed)
