"""What a person does with documents that they manage: describe, delete with undo, move, read again. Synchronous."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Document
from documents.services import lifecycle, quotas
from documents.services.files import same_bytes
from documents.services.library import managed_collection, managed_document
from documents.services.own import UNDO_FOR
from documents.services.uploads import unread
from langai_site import detectors
from langai_site.accounts import holds
from langai_site.accounts.models import User
from langai_site.audit.recording import record, record_each
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, LangAIError, NotFoundError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.stale_forms import refuse_changed_label
from search import services as search
from search.access import administered_collections
from search.models import Collection
from search.services import label_rises
from search.services.label_rises import RelabelTarget

# Documents that are changed with one request, and those of them in one transaction.
MOST, AT_ONCE = 500, 50
TITLE_MAX = 300


@dataclass(frozen=True)
class ChangeResult:
    """How many documents were changed, and why others were not."""

    count: int
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deletion:
    """Documents that were deleted together, and can come back together."""

    id: UUID
    count: int
    # Whom to ask about the legal hold that keeps them.
    held_by: str | None = None


def describe(
    user: User,
    document: UUID,
    *,
    title: str,
    sensitivity: Sensitivity,
    seen: Sensitivity | None = None,
    given_care: Mapping[str, Any] = lifecycle.NO_CARE,
) -> Document:
    """Change a document's title and label, its owner and review date; conversations that quote it rise with its label.

    Models are told the title, so what is in it raises the label as well. `seen` is the label that the person saw
    before. Raises ConflictError if it has changed since.
    """
    found = managed_document(user, document)
    title = " ".join(title.replace("\0", "").split())
    if not title:
        raise InvalidError(_("Give the document a title."))
    if len(title) > TITLE_MAX:
        raise InvalidError(
            _("The title has %(count)s characters; %(title_max)s are allowed.")
            % {"count": len(title), "title_max": TITLE_MAX}
        )
    sensitivity_of_title = highest(*(detection.label for detection in detectors.scan(title)))
    with transaction.atomic():
        found = _locked(found)
        refuse_changed_label(seen, Sensitivity(found.sensitivity), sensitivity)
        _refuse_lower(user, found, sensitivity)
        wanted = highest(sensitivity, sensitivity_of_title)
        lifecycle.relabel(
            found,
            title=title,
            sensitivity=wanted,
            raise_quoting=True,
            by=user.get_username(),
            given_care=given_care,
        )
    return found


def _locked(document: Document) -> Document:
    """Return the document as it is at this moment, locked until the transaction ends. Raises ConflictError."""
    rows = Document.objects.select_related("collection").select_for_update(of=("self",))
    current = rows.filter(pk=document.pk, collection=document.collection_id).first()
    if current is None:
        raise ConflictError(_("“%(title)s” was changed at this moment. Try again.") % {"title": document.title})
    return current


def _refuse_lower(user: User, document: Document, sensitivity: Sensitivity) -> None:
    """Raise ForbiddenError or InvalidError if the person may not give the document so low a label."""
    is_of_library = document.collection.kind == Collection.Kind.LIBRARY
    if sensitivity < document.sensitivity and is_of_library and not administers(user, document.collection):
        raise ForbiddenError(_("Only an admin can lower the label of a document in the team's Library."))
    if sensitivity < document.lowest_label:
        needed = document.lowest_label.in_text
        raise InvalidError(
            _("This file contains something %(label)s, so its label cannot be lower than %(label)s.")
            % {"label": needed}
        )


def administers(user: User, collection: Collection) -> bool:
    """Return whether a person may lower labels in a collection, as the admin's pages let them."""
    return administered_collections(user).filter(pk=collection.pk).exists()


def label(user: User, collection_id: int, ids: Sequence[UUID], sensitivity: Sensitivity) -> ChangeResult:
    """Raise documents to a label, at least; a label that is higher already stays."""
    chosen = _chosen(managed_collection(user, collection_id), ids)
    return ChangeResult(sum(_raise(document, sensitivity, user.get_username()) for document in chosen))


@transaction.atomic
def _raise(document: Document, sensitivity: Sensitivity, by: str) -> bool:
    """Raise a document to a label, unless it is that high by now, or gone. Return whether it rose."""
    try:
        current = _locked(document)
    except ConflictError:
        return False
    if sensitivity <= current.sensitivity:
        return False
    lifecycle.relabel(current, title=current.title, sensitivity=sensitivity, raise_quoting=True, by=by)
    return True


def retry(user: User, collection_id: int, ids: Sequence[UUID]) -> ChangeResult:
    """Have documents read again that could not be read."""
    return _each(_chosen(managed_collection(user, collection_id), ids), lifecycle.retry)


def delete(user: User, collection_id: int, ids: Sequence[UUID]) -> Deletion:
    """Delete documents: nobody finds them from here on. For UNDO_FOR they can come back."""
    collection = managed_collection(user, collection_id)
    deletion, count = uuid.uuid4(), 0
    wanted = [document.pk for document in _chosen(collection, ids)]
    for first in range(0, len(wanted), AT_ONCE):
        batch = wanted[first : first + AT_ONCE]
        with transaction.atomic():
            rows = Document.objects.filter(pk__in=batch, collection=collection)
            # A worker that is reading one loses its claim, and stops.
            count += rows.update(deleted_at=timezone.now(), deletion=deletion, lease_until=None, claimed_by="")
            gone = Document.with_deleted.filter(pk__in=batch, deletion=deletion).values_list("pk", flat=True)
            record_each("document.delete", "document", gone)
            search.hide(batch)
    return Deletion(deletion, count)


def deletion(user: User, collection_id: int, deletion_id: UUID | None) -> Deletion | None:
    """Return what was deleted in a collection that this person manages, if it can still come back."""
    collection = managed_collection(user, collection_id)
    count = _deleted(collection, deletion_id).count() if deletion_id else 0
    return Deletion(deletion_id, count, holds.of_row(collection)) if deletion_id and count else None


def restore(user: User, collection_id: int, deletion_id: UUID) -> ChangeResult:
    """Bring back what was deleted together. What is there by now with the same bytes stays deleted.

    Raises NoRoomError if the collection's owner has filled its place meanwhile.
    """
    collection = managed_collection(user, collection_id)
    deleted = _deleted(collection, deletion_id)
    rows = list(deleted)
    if not rows:
        raise NotFoundError(_("This can no longer be undone."))
    if collection.kind == Collection.Kind.OWN and collection.holder_id:
        quotas.require_room_again(collection.holder_id, deleted, min(row.deleted_at for row in rows if row.deleted_at))
    return _each(rows, _restore)


def _deleted(collection: Collection, deletion_id: UUID | None) -> QuerySet[Document]:
    since = timezone.now() - UNDO_FOR
    return Document.with_deleted.filter(collection=collection, deletion=deletion_id, deleted_at__gt=since)


def _restore(document: Document) -> None:
    waits = unread() if document.is_busy else {}
    try:
        with transaction.atomic():
            rows = Document.with_deleted.filter(pk=document.pk, deletion=document.deletion)
            rows.update(deleted_at=None, deletion=None, **waits)
            if searched := document.searched:
                search.show({document.pk: searched.version})
            record("document.restore", "document", document.pk)
    except IntegrityError:
        raise ConflictError(
            _("“%(title)s” stays deleted, because its file was uploaded here again meanwhile.")
            % {"title": document.title}
        ) from None


def move(user: User, collection_id: int, ids: Sequence[UUID], target_id: int) -> ChangeResult:
    """Move documents to another collection that this person manages. None gets a lower label by that.

    What is in the team's Library stays there: in a collection of one's own, no admin would look after its label.
    """
    source, target = managed_collection(user, collection_id), managed_collection(user, target_id)
    if source == target:
        raise ConflictError(_("These documents are in this collection already. Choose another one."))
    if source.kind == Collection.Kind.LIBRARY and target.kind == Collection.Kind.OWN:
        raise ForbiddenError(_("Documents of the team's Library cannot be moved to a collection of your own."))
    return _each(_chosen(source, ids), lambda document: _move(document, source, target, user.get_username()))


def _move(document: Document, source: Collection, target: Collection, by: str) -> None:
    if document.is_busy or getattr(document, "previous", None):
        raise ConflictError(_("“%(title)s” is not read yet. Move it once it is.") % {"title": document.title})
    if same := same_bytes(target, document.sha256):
        raise ConflictError(
            _("The file of “%(title)s” is already in “%(target)s”, as “%(other)s”.")
            % {"title": document.title, "target": target, "other": same.title}
        )
    if source.holder_id != target.holder_id:
        quotas.require_room(target, document.size)
    try:
        with transaction.atomic():
            # As they are now: what was read before may have been changed while others were moved.
            source = Collection.objects.select_for_update().get(pk=source.pk)
            current = _locked(document)
            if current.status != document.status:
                raise ConflictError(_("“%(title)s” was changed at this moment. Try again.") % {"title": document.title})
            kept = highest(current.sensitivity, source.sensitivity)
            Document.objects.filter(pk=document.pk).update(collection=target, sensitivity=kept)
            search.relabel(document.pk, title=current.title, sensitivity=kept)
            search.move(document.pk, target.pk)
            record("document.move", "document", document.pk, fields=[f"collection {target.pk}"])
            if target.sensitivity > kept:
                label_rises.raise_quoting(RelabelTarget(document=document.pk), by=by)
    except IntegrityError:
        raise ConflictError(
            _("“%(target)s” already has this file, or one with the same external id.") % {"target": target}
        ) from None


def _chosen(collection: Collection, ids: Sequence[UUID]) -> list[Document]:
    """Return the chosen documents of a collection; those that are gone by now are left out."""
    if not ids:
        raise InvalidError(_("Choose one document or more."))
    if len(ids) > MOST:
        raise InvalidError(
            _("You chose %(count)s documents; %(most)s are allowed at once.")
            % {"count": intcomma(len(ids)), "most": MOST}
        )
    rows = Document.objects.filter(collection=collection, pk__in=list(ids)).select_related("collection", "previous")
    return list(rows.order_by("title", "pk"))


def _each(documents: Iterable[Document], change: Callable[[Document], object]) -> ChangeResult:
    refused: list[str] = []
    count = 0
    for document in documents:
        try:
            change(document)
        except LangAIError as error:
            refused.append(error.message)
        else:
            count += 1
    return ChangeResult(count, tuple(refused))
