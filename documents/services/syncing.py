"""Keeps documents as programs want them: what they have changed is replaced, and all else stays as it is."""

from dataclasses import dataclass

from django.core.files import File
from django.db import IntegrityError, transaction

from documents import care
from documents.care import NOTHING_GIVEN, GivenCare
from documents.models import Document
from documents.services.files import SameFileError, sha256
from documents.services.lifecycle import keep_previous, relabel, retry
from documents.services.uploads import replace, upload
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity, highest
from search.models import Collection

# Somebody else may create the document, or give it its external id, at the same time.
ATTEMPTS = 2


@dataclass(frozen=True)
class DesiredDocument:
    """What a document should become. Without a title or a label, the document keeps its own."""

    file: "File[bytes]"
    user: User
    title: str = ""
    sensitivity: Sensitivity | None = None
    care: GivenCare = NOTHING_GIVEN


@dataclass(frozen=True)
class SyncResult:
    """A document, and whether it is read (again) because it is new or its file has changed."""

    document: Document
    is_queued: bool


def put(collection: Collection, external_id: str, wanted: DesiredDocument) -> SyncResult:
    """Make the document with this external id what is wanted, and create it if there is none.

    A document that somebody uploaded before, with the same file and without an external id, gets this one. Raises what
    `upload` and `replace` raise.
    """
    for _ in range(ATTEMPTS):
        found = Document.objects.filter(collection=collection, external_id=external_id).first()
        if found:
            return bring_to(found, wanted)
        try:
            return SyncResult(_created(collection, external_id, wanted), is_queued=True)
        except SameFileError as error:
            if not _adopted(error.document, external_id):
                raise
        except ConflictError:
            # Another program was quicker: the document exists by now.
            continue
    raise ConflictError("Another program is changing this document. Try again.")


def bring_to(document: Document, wanted: DesiredDocument) -> SyncResult:
    """Make a document what is wanted: the same file is not read again unless reading it failed."""
    _describe(document, wanted)
    try:
        return SyncResult(replace(document, file=wanted.file, user=wanted.user), is_queued=True)
    except SameFileError as error:
        if error.document.pk != document.pk:
            raise
    current = Document.objects.get(pk=document.pk)
    if sha256(wanted.file.chunks()) != current.sha256:
        # It is the file of the version before, which is still searched.
        keep_previous(current)
        current.refresh_from_db()
    has_failed = current.status == Document.Status.FAILED
    if has_failed:
        retry(current)
        current.refresh_from_db()
    return SyncResult(current, is_queued=has_failed)


def _created(collection: Collection, external_id: str, wanted: DesiredDocument) -> Document:
    return upload(
        collection=collection,
        file=wanted.file,
        user=wanted.user,
        title=wanted.title,
        sensitivity=wanted.sensitivity or Sensitivity.PUBLIC,
        external_id=external_id,
        care=care.checked(collection.pk, wanted.care),
    )


def _adopted(document: Document, external_id: str) -> bool:
    """Give the document the external id, unless it, or by now another one of the collection, has one."""
    rows = Document.objects.filter(pk=document.pk, external_id__in=("", external_id))
    try:
        with transaction.atomic():
            return bool(rows.update(external_id=external_id))
    except IntegrityError:
        return False


@transaction.atomic
def _describe(document: Document, wanted: DesiredDocument) -> None:
    """Change title, label, owner and review date, if they are given.

    A label only rises, because lowering one is for a person to decide. Title and label are those of this moment:
    somebody may have changed them after `document` was read.
    """
    current = Document.objects.select_for_update().filter(pk=document.pk).first()
    if current is None:
        raise ConflictError(f"“{document.title}” was deleted at this moment.")
    title = wanted.title.strip()[:300] or current.title
    sensitivity = highest(current.sensitivity, wanted.sensitivity or Sensitivity.PUBLIC)
    given_care = care.checked(current.collection_id, wanted.care)
    if (title, sensitivity) != (current.title, current.sensitivity):
        relabel(current, title=title, sensitivity=sensitivity, given_care=given_care)
    elif changed := care.store(current, given_care):
        record("document.change", "document", current.pk, fields=changed)
    document.title, document.sensitivity = title, sensitivity
