"""Reads documents whole, page by page, for a person who may read them. Synchronous."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import Length

from langai_site.sensitivity import Sensitivity, highest
from search.access import readable_collections
from search.models import Page, Source
from search.types import Hit


@dataclass(frozen=True)
class SourceSize:
    """How much text the searched version of a document has; `characters` and `pages` are 0 if it has none."""

    source: UUID
    collection: int
    label: Sensitivity
    characters: int
    pages: int


def sizes(user_id: int, documents: Collection[UUID]) -> Mapping[UUID, SourceSize]:
    """Return the sizes of those of `documents` that the person may read, by the documents' ids."""
    readable = Source.objects.live().filter(document__in=list(documents), collection__in=readable_collections(user_id))
    rows = readable.annotate(characters=Sum(Length("pages__text")), page_count=Count("pages")).order_by()
    places = ("document", "pk", "collection", "sensitivity", "collection__sensitivity", "characters", "page_count")
    return {
        document: SourceSize(source, collection, highest(own, shared), characters or 0, pages)
        for document, source, collection, own, shared, characters, pages in rows.values_list(*places)
    }


def whole_pages(user_id: int, sources: Collection[UUID]) -> Mapping[UUID, tuple[Hit, ...]]:
    """Return every page with text of these sources as one hit each, in order, by source."""
    rows = (
        Page.objects.filter(source__in=list(sources), source__collection__in=readable_collections(user_id))
        .select_related("source__collection")
        .order_by("number")
    )
    pages: dict[UUID, list[Page]] = {}
    for row in rows:
        pages.setdefault(row.source_id, []).append(row)
    return {
        source: tuple(_hit(row, len(found)) for row in found if row.text.strip()) for source, found in pages.items()
    }


def beginnings(user_id: int, source: UUID, chars: int) -> list[Hit]:
    """Return the first pages of a source, together at most `chars` characters; the last one may be cut."""
    rows = Page.objects.filter(source=source, source__collection__in=readable_collections(user_id))
    found: list[Hit] = []
    for row in rows.select_related("source__collection").order_by("number").iterator(20):
        if chars <= 0:
            break
        row.text = row.text[:chars]
        chars -= len(row.text)
        found.append(_hit(row, 0))
    return [hit for hit in found if hit.text.strip()]


def _hit(page: Page, pages: int) -> Hit:
    source = page.source
    return Hit(
        passage_id=0,
        source_id=source.pk,
        version=source.version,
        title=source.title,
        file_name=source.file_name,
        collection=source.collection.shown_name,
        page=page.number,
        pages=max(pages, page.number),
        start=0,
        end=len(page.text),
        heading="",
        location=page.label or (f"page {page.number}" if pages != 1 else ""),
        text=page.text,
        label=source.label,
        score=1.0,
        collection_id=source.collection_id,
        media_type=source.media_type,
        added_at=source.added_at,
    )
