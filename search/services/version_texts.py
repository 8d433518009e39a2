"""Reads stretches of documents' versions: for comparing them, and for people who may read them. Synchronous."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from search.access import readable_collections
from search.models import Page, Source
from search.passage_changes import NextVersion


@dataclass(frozen=True)
class Span:
    """A stretch of one version, from a character of a page to a character of the same or a later page."""

    source: UUID
    page: int
    start: int
    end_page: int
    end: int


def version_of(source: UUID) -> NextVersion:
    """Return the text of a version, prepared for following passages into it."""
    return NextVersion(Page.objects.filter(source=source).order_by("number").values_list("number", "text").iterator())


def texts(spans: Iterable[Span], reader: int | None = None) -> dict[Span, str]:
    """Return the texts of spans; with a `reader`, only of versions that this person may read now."""
    wanted = set(spans)
    sources = {span.source for span in wanted}
    if reader is not None and sources:
        readable = Source.objects.quotable().filter(pk__in=sources, collection__in=readable_collections(reader))
        sources = set(readable.values_list("pk", flat=True))
    wanted = {span for span in wanted if span.source in sources}
    if not wanted:
        return {}
    some = Q()
    for span in wanted:
        some |= Q(source=span.source, number__range=(span.page, span.end_page))
    pages = {(source, number): text for source, number, text in Page.objects.filter(some).values_list(*_COLUMNS)}
    return {span: _joined(span, pages) for span in wanted}


_COLUMNS = ("source", "number", "text")


def _joined(span: Span, pages: Mapping[tuple[UUID, int], str]) -> str:
    parts = []
    for number in range(span.page, span.end_page + 1):
        text = pages.get((span.source, number), "")
        parts.append(text[span.start if number == span.page else 0 : span.end if number == span.end_page else None])
    return "\n".join(parts)


def live_version(source: UUID) -> Source | None:
    """Return the source if it is the version that is searched now."""
    return Source.objects.live().filter(pk=source).first()


def replaced_by(source: Source) -> list[UUID]:
    """Return the ids of the versions that were searched before it and still exist."""
    earlier = Source.objects.filter(document=source.document, live=False, retired_at__isnull=False)
    return list(earlier.order_by("version").values_list("pk", flat=True))


def versions_of(documents: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the documents of all versions of `documents`, ids or a query of them, by the versions' ids."""
    return dict(Source.objects.filter(document__in=documents).order_by().values_list("pk", "document"))
