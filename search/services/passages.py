"""Reads found ids as passages, as the database has them now, for a person who may read them. Synchronous."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Substr

from langai_site.database.compiled_queries import CompiledQuery
from langai_site.sensitivity import highest
from search.access import readable_collections
from search.merging import Stretch, collapsed
from search.models import Page, Passage
from search.types import Filters, Hit, Reader

NO_FILTERS = Filters()
# Passages read at once: enough for an answer, with some to spare for near-duplicates and removed ones; and where many
# are wanted.
BATCH, WIDE = 16, 100
# Slices of pages read in one statement: SQLite joins at most 500 queries.
SLICES = 200
# Fills up a batch; no passage has this id.
NOBODY = -1


class _Row(NamedTuple):
    """A passage with its source and collection; the fields are named after the query's columns."""

    pk: int
    text: str
    page: int
    start: int
    end: int
    heading: str
    location: str
    position: int
    source_id: UUID
    source__version: int
    source__title: str
    source__file_name: str
    source__folder: str
    source__media_type: str
    source__added_at: datetime
    source__sensitivity: int
    source__collection_id: int
    source__collection__name: str
    source__collection__sensitivity: int
    keywords__language: str | None
    pages: int


def _shown(user: int, ids: Iterable[int]) -> QuerySet[Passage]:
    """Return the live passages among these ids that the person may read: every search result passes this check."""
    readable = readable_collections(user).values("pk")
    return Passage.objects.live().filter(pk__in=ids, source__collection__in=readable).order_by()


def _rows(user: int, **ids: int) -> QuerySet[Passage, Any]:
    last = Page.objects.filter(source=OuterRef("source")).order_by("-number").values("number")[:1]
    return _shown(user, ids.values()).annotate(pages=Subquery(last)).values_list(*_Row._fields)


_BATCHES = {
    size: CompiledQuery(_rows, user=-982451653, **{f"id_{i}": -982451700 - i for i in range(size)})
    for size in (BATCH, WIDE)
}


def hits(scores: Mapping[int, float], reader: Reader, filters: Filters = NO_FILTERS, *, limit: int) -> list[Hit]:
    """Return the best `limit` of the found passages, without near-duplicates. `scores` has the best first."""
    if filters != NO_FILTERS and scores:
        kept = set(_shown(reader.user_id, scores).filter(kept_by(filters)).values_list("pk", flat=True))
        scores = {pk: score for pk, score in scores.items() if pk in kept}
    found: list[Hit] = []
    ids, size = list(scores), BATCH if limit <= BATCH else WIDE
    for first in range(0, len(ids), size):
        found = collapsed([*found, *_batch(ids[first : first + size], size, scores, reader)])
        if len(found) >= limit:
            break
    return found[:limit]


def _batch(batch: Sequence[int], size: int, scores: Mapping[int, float], reader: Reader) -> list[Hit]:
    ids = [*batch, *[NOBODY] * (size - len(batch))]
    rows = _BATCHES[size].rows(user=reader.user_id, **{f"id_{i}": pk for i, pk in enumerate(ids)})
    found = [_hit(_Row(*row), scores[row[0]]) for row in rows]
    chosen = [hit for hit in found if hit.collection_id in reader.collections]
    return sorted(chosen, key=lambda hit: (-hit.score, hit.passage_id))


def kept_by(filters: Filters) -> Q:
    """Return the condition that the filters put on a passage; collections are chosen before."""
    kept = Q()
    if filters.sources is not None:
        kept &= Q(source__in=filters.sources)
    if filters.types is not None:
        kept &= Q(source__media_type__in=filters.types)
    if filters.since is not None:
        kept &= Q(source__added_at__gte=datetime.combine(filters.since, time(), UTC))
    if filters.until is not None:
        kept &= Q(source__added_at__lt=datetime.combine(filters.until, time(), UTC) + timedelta(days=1))
    if filters.max_label is not None:
        kept &= Q(source__sensitivity__lte=filters.max_label, source__collection__sensitivity__lte=filters.max_label)
    return kept


def _hit(row: _Row, score: float) -> Hit:
    return Hit(
        passage_id=row.pk,
        source_id=row.source_id,
        version=row.source__version,
        title=row.source__title,
        file_name=row.source__file_name,
        folder=row.source__folder,
        collection=row.source__collection__name,
        page=row.page,
        pages=max(row.pages, row.page),
        start=row.start,
        end=row.end,
        heading=row.heading,
        location=row.location,
        text=row.text,
        label=highest(row.source__sensitivity, row.source__collection__sensitivity),
        score=score,
        collection_id=row.source__collection_id,
        position=row.position,
        media_type=row.source__media_type,
        added_at=row.source__added_at,
        language=row.keywords__language or "",
    )


def page_counts(sources: Iterable[UUID]) -> dict[UUID, int]:
    pages = Page.objects.filter(source__in=sources).order_by()
    return dict(pages.values_list("source").annotate(Max("number")))


def as_hits(stretches: Sequence[Stretch]) -> list[Hit]:
    """Return each stretch as one hit with its page's own text, without those that the database no longer has."""
    joined = [stretch for stretch in stretches if not _is_read(stretch)]
    texts: dict[tuple[UUID, int, int], str] = {}
    for first in range(0, len(joined), SLICES):
        texts |= _slices(joined[first : first + SLICES])
    found = []
    for stretch in stretches:
        place = (stretch.best.source_id, stretch.best.page, stretch.start)
        if _is_read(stretch):
            found.append(stretch.best)
        elif place in texts:
            found.append(stretch.as_hit(texts[place]))
    return found


def _is_read(stretch: Stretch) -> bool:
    """Return whether the stretch is one hit whose text has been read."""
    return len(stretch.hits) == 1 and bool(stretch.best.text)


def _slices(stretches: Sequence[Stretch]) -> dict[tuple[UUID, int, int], str]:
    """Return the stretches' texts, by source, page and start, in one query that reads only slices of long pages."""
    first, *others = (
        Page.objects.filter(source=stretch.best.source_id, number=stretch.best.page)
        .annotate(slice=Substr("text", stretch.start + 1, stretch.end - stretch.start))
        .annotate(at=Value(stretch.start, output_field=IntegerField()))
        .order_by()
        .values_list("source_id", "number", "at", "slice")
        for stretch in stretches
    )
    return {(source, page, at): text for source, page, at, text in first.union(*others, all=True)}
