"""Later changes to documents: read again, relabel, return to the previous version, delete."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from documents import care
from documents.models import Document, KeptVersion, Picture, PreviousVersion
from documents.names import title_of
from documents.services import kept
from documents.services.files import drop
from documents.services.uploads import UNREAD, unread, version_values
from langai_site.audit.recording import record, record_each
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity, highest
from search import services as search
from search.models import Collection, Source
from search.services import label_rises
from search.services.label_rises import RelabelTarget

# Documents deleted in one transaction: few, so that other writers are not held up.
AT_ONCE = 50


def retry(document: Document) -> None:
    """Queue a failed document again. Raises ConflictError for any other."""
    changed = Document.objects.filter(pk=document.pk, status=Document.Status.FAILED).update(**unread())
    if not changed:
        raise ConflictError(_("“%(title)s” has not failed, so there is nothing to retry.") % {"title": document.title})


NO_CARE: Mapping[str, Any] = MappingProxyType({})


def relabel(
    document: Document,
    *,
    title: str,
    sensitivity: Sensitivity,
    raise_quoting: bool = False,
    by: str = "",
    given_care: Mapping[str, Any] = NO_CARE,
) -> bool:
    """Change a document's title and label, here and in search, immediately. Return whether its label rose.

    `given_care` is what `care.checked` returned of an owner and a review date: all is one change, which leaves one
    event.

    The label does not get lower than what is in the document calls for. `raise_quoting` also raises the conversations
    that quote it; `by` is the person who asked for that.
    """
    labelled = RelabelTarget(document=document.pk)
    with transaction.atomic():
        before = labelled.label
        current = Document.objects.filter(pk=document.pk).first() or document
        sensitivity = highest(sensitivity, current.lowest_label)
        earlier = Document.objects.values("title", "sensitivity").get(pk=document.pk)
        Document.objects.filter(pk=document.pk).update(title=title, sensitivity=sensitivity)
        search.relabel(document.pk, title=title, sensitivity=sensitivity)
        rose = labelled.label > before
        changed = [*(["title"] if earlier["title"] != title else []), *care.store(document, given_care)]
        if earlier["sensitivity"] != sensitivity:
            record("document.label", "document", document.pk, fields=changed)
        elif changed:
            record("document.change", "document", document.pk, fields=changed)
        if rose and raise_quoting:
            label_rises.raise_quoting(labelled, by=by)
    return rose


def forget_previous(document: UUID) -> None:
    """Remove the version that a new one has just replaced; call it in the transaction that makes the new one live."""
    for earlier in PreviousVersion.objects.filter(document=document).select_related("document__collection"):
        kept.forget(earlier.document, earlier)
        earlier.delete()


def keep_previous(document: Document) -> None:
    """Abandon a replacement that is not read yet: the searched version becomes the document's own again.

    Raises ConflictError if there is none. A worker that is reading the replacement notices and stops.
    """
    try:
        with transaction.atomic():
            _step_back(document)
    except IntegrityError:
        raise ConflictError(
            _("The file of the earlier version is in this collection as another document by now.")
        ) from None


def _step_back(document: Document) -> None:
    current = Document.objects.select_for_update().filter(pk=document.pk).first()
    earlier = PreviousVersion.objects.filter(document=document.pk).first()
    if current is None or earlier is None or current.status == Document.Status.READY:
        raise ConflictError(
            _("No replacement of “%(title)s” is waiting, so there is nothing to cancel.") % {"title": document.title}
        )
    named_by_file = current.title == title_of(current.file_name)[:300]
    title = title_of(earlier.file_name)[:300] if named_by_file else current.title
    settled = {**UNREAD, "status": Document.Status.READY, "progress": 100}
    Document.objects.filter(pk=current.pk).update(title=title, **version_values(earlier), **settled)
    earlier.delete()
    kept.forget(current, current)
    record("document.keep", "document", current.pk)


def delete(*documents: Document) -> None:
    """Delete documents with everything that search knows of them. A worker that is reading one notices and stops.

    What a legal hold keeps is put out of sight instead; `own.purge` deletes it after the hold.
    """
    ids = [document.pk for document in documents]
    for first in range(0, len(ids), AT_ONCE):
        batch = ids[first : first + AT_ONCE]
        held = set(Document.with_deleted.filter(kept.held(), pk__in=batch).values_list("pk", flat=True))
        _hide(list(held))
        _delete([key for key in batch if key not in held])


@transaction.atomic
def _hide(ids: Sequence[UUID]) -> None:
    present = Document.objects.filter(pk__in=ids)
    logged = present.exclude(collection__kind=Collection.Kind.ATTACHED)
    record_each("document.delete", "document", list(logged.values_list("pk", flat=True)))
    present.update(deleted_at=timezone.now(), deletion=uuid4(), lease_until=None, claimed_by="")
    search.hide(ids)


@transaction.atomic
def _delete(ids: list[UUID]) -> None:
    found = Document.with_deleted.filter(pk__in=ids)
    earlier = PreviousVersion.objects.filter(document__in=ids)
    pictures = Picture.objects.filter(document__in=ids).values_list("file", "thumbnail")
    shown = [name for names in pictures for name in names]
    replaced = KeptVersion.objects.filter(document__in=ids)
    for rows in (found, earlier, replaced):
        drop(list(rows.values_list("file", flat=True)))
    drop(shown)
    # Files that a person attached to their own messages are not in the log. What was deleted on a page, itself or with
    # its collection, is in it already, with the person who did it.
    unlogged = (Collection.Kind.ATTACHED, Collection.Kind.REMOVED)
    logged = found.exclude(collection__kind__in=unlogged).filter(deleted_at=None)
    record_each("document.delete", "document", logged.values_list("pk", flat=True))
    found.delete()
    # From here on they are not found.
    Source.objects.filter(document__in=ids).update(live=False, retired_at=None)
    transaction.on_commit(lambda: _remove_from_search(ids))


def _remove_from_search(ids: list[UUID]) -> None:
    for document in ids:
        # `cleanup.sweep` removes what the process does not get to.
        search.remove(document)
