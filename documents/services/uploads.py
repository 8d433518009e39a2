"""Accepts uploads: a new document, or a new version of one; and reads the file of one again, with other settings."""

from collections.abc import Callable
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Document, PreviousVersion, Version
from documents.names import shown_name, title_of
from documents.services import kept, quotas
from documents.services.files import SameFileError, checked_size, refuse_same, sha256
from langai_site import request_id
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity, highest
from search.models import Collection

UNREAD: dict[str, Any] = {
    "status": Document.Status.QUEUED,
    "stage": "",
    "progress": 0,
    "error": "",
    "attempts": 0,
    "lease_until": None,
    "claimed_by": "",
}


def unread() -> dict[str, Any]:
    """Return the values that make a document wait to be read, for this request."""
    return {**UNREAD, "request_id": request_id.request_id()}


def upload(
    *,
    collection: Collection,
    file: "File[bytes]",
    user: User | None,
    title: str = "",
    sensitivity: Sensitivity = Sensitivity.PUBLIC,
    stated_label: Sensitivity = Sensitivity.PUBLIC,
    imported_from: str = "",
    external_id: str = "",
    care: dict[str, Any] | None = None,
) -> Document:
    """Store `file` and queue it for reading.

    `care` is what `care.checked` returns. `stated_label` is the lowest that an attached file may have once it is read.

    Raises InvalidError for a type that cannot be read, an empty or a too large file, or one for which its owner has no
    room, and ConflictError if the collection already holds the same bytes.
    """
    name = shown_name(file.name or "")
    size = checked_size(name, file)
    quotas.require_room(collection, size)
    digest = sha256(file.chunks())
    refuse_same(collection, digest, name)
    document = Document(
        collection=collection,
        title=(title.strip() or title_of(name))[:300],
        imported_from=imported_from,
        external_id=external_id,
        request_id=request_id.request_id(),
        file_name=name,
        sha256=digest,
        size=size,
        sensitivity=sensitivity,
        found_label=highest(_label_until_read(collection), stated_label),
        uploaded_by=user,
        **(care or {}),
    )
    # Store the file first, outside any transaction, so that copying it does not hold up other writers.
    document.file.save(name, file, save=False)
    _written(document, lambda: _add(document))
    return document


def _add(document: Document) -> None:
    # Again: other uploads of the same person may have been quicker.
    quotas.require_room(document.collection, document.size, lock=True)
    document.save(force_insert=True)
    # Files that a person attached to their own messages are not in the log.
    if document.collection.kind != Collection.Kind.ATTACHED:
        record("document.upload", "document", document.pk)


def _label_until_read(collection: Collection) -> Sensitivity:
    """Return the label of a file in a collection of one's own that nobody has looked into yet."""
    return Sensitivity.CONFIDENTIAL if collection.kind == Collection.Kind.OWN else Sensitivity.PUBLIC


def replace(document: Document, *, file: "File[bytes]", user: User | None) -> Document:
    """Queue `file` as the document's next version; the searched version stays searched until this one is read.

    Raises InvalidError and ConflictError as `upload` does, and ConflictError if another person replaced it at the
    same time.
    """
    name = shown_name(file.name or "")
    size = checked_size(name, file)
    quotas.require_room(document.collection, size - document.size, files=0)
    digest = sha256(file.chunks())
    _refuse_unchanged(document, digest, name)
    newer = Document(
        id=document.pk,
        collection=document.collection,
        title=_title_after(document, name),
        version=document.version + 1,
        file_name=name,
        sha256=digest,
        size=size,
        uploaded_by=user,
        uploaded_at=timezone.now(),
    )
    newer.file.save(name, file, save=False)
    _written(newer, lambda: _replace(document, newer))
    return Document.objects.get(pk=document.pk)


def _replace(document: Document, newer: Document) -> None:
    _take_place(document, newer)
    record("document.replace", "document", document.pk)


def read_again(document: Document, *, encoding: str = "", ocr_languages: str = "") -> Document:
    """Queue the document's file to be read with these settings; an empty one is found out or taken from the server.

    What was read before stays searched until then, and answers that cite it keep what they cite: so the same file
    becomes the next version. Raises ConflictError while it is waiting or being read, or if its file is gone.
    """
    if document.is_busy:
        raise ConflictError(_("“%(title)s” is being read. Wait until it is ready.") % {"title": document.title})
    newer = Document(
        id=document.pk,
        **{
            **version_values(document),
            "file": "",
            "version": document.version + 1,
            "encoding": encoding,
            "ocr_languages": ocr_languages,
            "notes": None,
            "pages": None,
            "passages": None,
            "ready_at": None,
        },
        collection=document.collection,
        title=document.title,
    )
    try:
        with document.file.open("rb") as file:
            newer.file.save(document.file_name, file, save=False)
    except FileNotFoundError:
        raise ConflictError(
            _("The file of “%(title)s” is gone. Replace it instead.") % {"title": document.title}
        ) from None
    _written(newer, lambda: _take_place(document, newer))
    return Document.objects.get(pk=document.pk)


def _refuse_unchanged(document: Document, digest: str, name: str) -> None:
    if digest == document.sha256:
        if document.status == Document.Status.FAILED:
            text = _(
                "“%(name)s” is the file that “%(title)s” has already: nothing was replaced. Choose Retry to read it "
                "again."
            )
        else:
            text = _("“%(name)s” is the file that “%(title)s” has already: nothing was replaced.")
        text %= {"name": name, "title": document.title}
        raise SameFileError(text, document)
    refuse_same(document.collection, digest, name)


def _title_after(document: Document, name: str) -> str:
    """Return the title after a replacement: one made from the old file's name follows the new name; others stay."""
    follows = document.title == title_of(document.file_name)[:300]
    return title_of(name)[:300] if follows else document.title


def version_values(row: Version) -> dict[str, Any]:
    """Return the values of a version, whether from a document's row or from that of the version it replaces."""
    return {field.attname: field.value_from_object(row) for field in Version._meta.fields}


def _written(document: Document, write: Callable[[], object]) -> None:
    """Write a document whose file is stored already; if the row cannot be written, delete the file."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        document.file.delete(save=False)
        # Another upload of the same bytes was quicker.
        refuse_same(document.collection, document.sha256, document.file_name)
        if document.external_id:
            raise ConflictError(
                _("Another document has the external id “%(external_id)s” by now.")
                % {"external_id": document.external_id}
            ) from None
        raise
    except BaseException:
        document.file.delete(save=False)
        raise


def _take_place(document: Document, newer: Document) -> None:
    current = Document.objects.select_for_update().filter(pk=document.pk, version=document.version).first()
    if current is None:
        raise ConflictError(
            _("“%(title)s” was replaced or deleted at this moment. Look at it, then try again.")
            % {"title": document.title}
        )
    if current.status == Document.Status.READY:
        PreviousVersion.objects.update_or_create(document=current, defaults=version_values(current))
    else:
        kept.forget(current, current)
    # Whether the old file was slow says nothing about the new one.
    Document.objects.filter(pk=current.pk).update(
        title=newer.title,
        slow=False,
        found_label=_label_until_read(newer.collection),
        **version_values(newer),
        **unread(),
    )
