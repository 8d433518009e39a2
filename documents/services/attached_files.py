"""Stores the files that people attach to their messages: what `langai_site.attached_files` says the chat needs."""

from collections.abc import Collection as Ids
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from documents.extraction.registry import FORMATS, SAVE_AS, accepted
from documents.models import Document, Picture
from documents.names import shown_name, split
from documents.services.files import SameFileError, media_type, refuse_size
from documents.services.lifecycle import delete, relabel, retry
from documents.services.uploads import upload
from langai_site.accounts.models import User
from langai_site.attached_files import FileState, ServedFile, StoredFile
from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from search.models import Collection

GONE = gettext_noop("This file is gone. Attach it again.")
Status = Document.Status


class AttachedFileStore:
    """Keeps each file of a person once, by its bytes, in a collection that nobody else reads and no list shows."""

    def refuse(self, name: str, size: int) -> None:
        _refuse_unknown(shown_name(name))
        refuse_size(shown_name(name), size)

    def store(self, user: User, file: "File[bytes]", lowest: Sensitivity) -> StoredFile:
        _refuse_unknown(shown_name(file.name or ""))
        try:
            # Nobody knows what is in it until it is read: until then it may not leave the building.
            document = upload(
                collection=collection_of(user),
                file=file,
                user=user,
                sensitivity=Sensitivity.CONFIDENTIAL,
                stated_label=lowest,
            )
        except SameFileError as same:
            document = same.document
            _raise(document, lowest, user)
            _again(document)
        kind = media_type(document.file_name)
        return StoredFile(document.pk, document.file_name, kind, document.size)

    def hold(self, document: UUID) -> bool:
        return _attached([document]).select_for_update(of=("self",)).first() is not None

    def states(self, documents: Ids[UUID]) -> Mapping[UUID, FileState]:
        rows = _attached(documents).select_related("picture") if documents else ()
        return {row.pk: _state(row) for row in rows}

    def read_again(self, document: UUID) -> None:
        for row in _attached([document]):
            retry(row)

    def remove(self, documents: Ids[UUID]) -> None:
        delete(*_attached(documents))
        # After search has forgotten the files, which it does after the commit.
        transaction.on_commit(_remove_empty)

    def stored_before(self, moment: datetime) -> Ids[UUID]:
        rows = Document.objects.filter(collection__kind=Collection.Kind.ATTACHED, uploaded_at__lt=moment)
        return set(rows.order_by().values_list("pk", flat=True))

    def original(self, document: UUID) -> ServedFile | None:
        row = _attached([document]).first()
        return _served(str(row.file.name), row.file_name, media_type(row.file_name)) if row else None

    def picture(self, document: UUID, *, small: bool = False) -> ServedFile | None:
        row = Picture.objects.select_related("document").filter(document=document).first()
        if row is None:
            return None
        stored = str((row.thumbnail if small else row.file).name)
        suffix = split(stored)[1]
        kind = "image/png" if suffix == ".png" else "image/jpeg"
        return _served(stored, f"{split(row.document.file_name)[0]}{suffix}", kind)

    def accepted(self) -> str:
        return accepted()


def collection_of(user: User) -> Collection:
    """Return the collection with the files that a person attached; it is made with the first of them."""
    theirs = Collection.objects.filter(kind=Collection.Kind.ATTACHED, holder=user)
    found = theirs.first()
    if found is None:
        try:
            with transaction.atomic():
                found = Collection.objects.create(
                    kind=Collection.Kind.ATTACHED,
                    holder=user,
                    name=f"attached files of person {user.pk}",
                    sensitivity=Sensitivity.PUBLIC,
                )
        except IntegrityError:
            # Another upload of the same person was quicker.
            found = theirs.get()
    return found


def _remove_empty() -> None:
    """Remove the empty collections of people who were deleted."""
    left = Collection.objects.filter(kind=Collection.Kind.ATTACHED, holder=None)
    left.filter(documents__isnull=True, sources__isnull=True).delete()


def _refuse_unknown(name: str) -> None:
    """Raise InvalidError for a type that cannot be read. The message is short because a chip has little room."""
    suffix = split(name)[1].lower()
    if suffix not in FORMATS and suffix not in SAVE_AS:
        text = _(
            "“%(name)s” is of a type that cannot be read. Texts, tables, office files, PDF, mails and pictures can."
        )
        raise InvalidError(text % {"name": name}, code="unknown_type", status=415)


@transaction.atomic
def _raise(document: Document, lowest: Sensitivity, user: User) -> None:
    """Raise a file that was stored before to the label that is stated with it now."""
    current = _attached([document.pk]).select_for_update(of=("self",)).first()
    if current is None or lowest <= current.found_label:
        return
    Document.objects.filter(pk=current.pk).update(found_label=lowest)
    if lowest > current.sensitivity:
        relabel(current, title=current.title, sensitivity=lowest, raise_quoting=True, by=user.get_username())


def _again(document: Document) -> None:
    """Read a file again that failed before: what kept it from being read may have been mended."""
    if document.status == Status.FAILED:
        retry(document)


def _attached(documents: Ids[UUID]) -> models.QuerySet[Document]:
    return Document.objects.filter(pk__in=documents, collection__kind=Collection.Kind.ATTACHED)


def _state(row: Document) -> FileState:
    shown = hasattr(row, "picture")
    if row.status == Status.READY:
        return FileState("ready", _ready_words(row), row.pages, shown)
    if row.status == Status.FAILED:
        return FileState("failed", row.reason, None, shown)
    if row.progress:
        return FileState("waiting", _("Being read, %(percent)s %%") % {"percent": row.progress}, None, shown)
    return FileState("waiting", _("Being read"), None, shown)


def _ready_words(row: Document) -> str:
    if not row.pages:
        return _("No text")
    return ngettext("%(count)s page", "%(count)s pages", row.pages) % {"count": intcomma(row.pages)}


def _served(stored: str, name: str, kind: str) -> ServedFile | None:
    try:
        size = default_storage.size(stored)
    except FileNotFoundError:
        return None
    return ServedFile(Path(default_storage.path(stored)), name, kind, size)
