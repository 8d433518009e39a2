"""Versions of documents that a legal hold keeps, and which documents are held. Synchronous."""

from django.db.models import Q

from documents.models import Document, KeptVersion, Version
from documents.services.files import drop
from langai_site.accounts import holds


def held(of: str = "collection__") -> Q:
    """Return the condition for documents that are held; with "" for `of`, the condition for collections."""
    collection, holder = of.removesuffix("__") or "pk", f"{of}holder"
    return Q(**{f"{collection}__in": holds.collections()}) | Q(
        **{f"{holder}__isnull": False, f"{holder}__in": holds.people()}
    )


def forget(document: Document, version: Version) -> None:
    """Drop the file of a version that another one has replaced, or keep it while a legal hold does.

    Call it in the transaction that makes the other one the document's own.
    """
    if holds.of_row(document) is None:
        drop([str(version.file.name)])
        return
    values = {field.attname: field.value_from_object(version) for field in Version._meta.fields}
    KeptVersion.objects.create(document=document, **values)


def discard() -> None:
    """Remove what was kept for holds that are over."""
    free = Document.with_deleted.filter(~held()).values("pk")
    for row in KeptVersion.objects.filter(document__in=free):
        drop([str(row.file.name)])
        row.delete()
