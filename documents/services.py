"""What can be done with documents: upload, retry, relabel, delete."""

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, transaction

from documents.extraction.registry import FORMATS, readable_types
from documents.models import Document
from documents.names import shown_name, split, title_of
from langai_site.accounts.models import User
from langai_site.errors import Conflict, Invalid
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.models import Collection, Source

HANDBOOK = "LangAI handbook"
HANDBOOK_FOLDER = Path(__file__).parent / "handbook"


def upload(
    *,
    collection: Collection,
    file: File,
    user: User | None,
    title: str = "",
    sensitivity: Sensitivity = Sensitivity.PUBLIC,
) -> Document:
    """Keep `file` and queue it for reading.

    Raises Invalid for a type that cannot be read, an empty or a too large file, and Conflict where the
    collection already holds the same bytes.
    """
    name = shown_name(file.name or "")
    size = _checked_size(name, file)
    digest = _sha256(file.chunks())
    _refuse_same(collection, digest, name)
    document = Document(
        collection=collection,
        title=(title.strip() or title_of(name))[:300],
        file_name=name,
        sha256=digest,
        size=size,
        sensitivity=sensitivity,
        uploaded_by=user,
    )
    _store(document, file)
    return document


def _checked_size(name: str, file: File) -> int:
    if split(name)[1].lower() not in FORMATS:
        raise Invalid(f"“{name}” is of a type that cannot be read yet. These can: {readable_types()}.")
    if not file.size:
        raise Invalid(f"“{name}” is empty.")
    if file.size > settings.UPLOAD_MAX_MB * 1024 * 1024:
        raise Invalid(f"“{name}” is larger than {settings.UPLOAD_MAX_MB} MB. Split it, or ask an admin to allow more.")
    return file.size


def _sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _refuse_same(collection: Collection, digest: str, name: str) -> None:
    same = Document.objects.filter(collection=collection, sha256=digest).first()
    if same:
        raise Conflict(f"“{name}” is already in {collection}, as “{same.title}” ({same.file_name}).")


def _store(document: Document, file: File) -> None:
    """The file first, outside any transaction, so that copying it holds up no other writer."""
    document.file.save(document.file_name, file, save=False)
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError:
        document.file.delete(save=False)
        # Another upload of the same bytes was quicker.
        _refuse_same(document.collection, document.sha256, document.file_name)
        raise
    except BaseException:
        document.file.delete(save=False)
        raise


def retry(document: Document) -> None:
    """Queue a failed document again. Raises Conflict for any other."""
    changed = Document.objects.filter(pk=document.pk, status=Document.Status.FAILED).update(
        status=Document.Status.QUEUED, stage="", progress=0, error="", attempts=0, lease_until=None, claimed_by=""
    )
    if not changed:
        raise Conflict(f"“{document.title}” has not failed, so there is nothing to retry.")


def relabel(document: Document, *, title: str, sensitivity: Sensitivity) -> None:
    """Change how a document is called and labelled, here and in search, at once."""
    with transaction.atomic():
        Document.objects.filter(pk=document.pk).update(title=title, sensitivity=sensitivity)
        Source.objects.filter(document=document.pk).update(title=title, sensitivity=sensitivity)


def delete(document: Document) -> None:
    """Remove a document with all that search knows of it. A worker that is reading it notices and stops."""
    document_id, storage, stored = document.pk, document.file.storage, str(document.file.name)

    def clear() -> None:
        # `tasks.sweep` clears up what the process does not get to.
        storage.delete(stored)
        search.remove(document_id)

    with transaction.atomic():
        Document.objects.filter(pk=document_id).delete()
        # From here on it is not found.
        Source.objects.filter(document=document_id).update(live=False)
        transaction.on_commit(clear)


def load_handbook() -> str:
    """Upload the handbook about LangAI once; returns a line where it did. What an admin deletes stays deleted."""
    loaded = settings.DATA_DIR / "handbook.loaded"
    if loaded.exists():
        return ""
    collection, _ = Collection.objects.get_or_create(
        name=HANDBOOK,
        defaults={
            "description": "How to use LangAI.",
            "sensitivity": Sensitivity.PUBLIC,
            "everyone": True,
        },
    )
    for path in sorted(HANDBOOK_FOLDER.glob("*.md")):
        # A first load that was cut short is finished by the next.
        with path.open("rb") as file, contextlib.suppress(Conflict):
            upload(collection=collection, file=File(file, name=path.name), user=None)
    loaded.touch()
    return "Handbook loaded."
