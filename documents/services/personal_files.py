"""The files in a person's own collections, for a download of all their data."""

from collections.abc import Iterator
from pathlib import Path

from django.core.files.storage import default_storage

from documents.models import Document
from search.models import Collection


def of_person(user_id: int) -> Iterator[tuple[str, Path]]:
    """Yield where each file stands in the download, and where it is stored."""
    own = Document.objects.filter(collection__holder=user_id, collection__kind=Collection.Kind.OWN)
    for row in own.order_by("pk").select_related("collection").iterator(500):
        name = row.file_name.replace("/", "_").replace("\\", "_")
        folder = row.collection.name.replace("/", "_").replace("\\", "_")
        yield f"documents/{folder}/{str(row.pk)[:8]} {name}", Path(default_storage.path(str(row.file.name)))
