"""Reads around what was found: the section or the neighbours of a hit, or the whole of a document. Synchronous."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from langai_site.sentences import sentence
from search.access import readable_collections
from search.merging import Stretch, grown, in_parts, length, within
from search.models import Passage, Source
from search.questions.documents import WholeQuestion
from search.services import passages
from search.services.passages import NO_FILTERS, kept_by
from search.types import Filters, Findings, Hit, Reader

# Passages on each side of a hit among which its section may be.
BESIDE = 8
# Characters of one part of a document that is read whole: parts that do not fit into a window are left out one by one.
PART_CHARS = 6000
# If at least so many of the best hits are of one document, a question for everything of a kind is about it.
MOSTLY, OF_BEST = 3, 6
UNREAD = sentence(
    "search.unread",
    "“%(title)s” is too long to be read whole here. About %(share)s %% of it was read; the rest, from “%(place)s” "
    "on, was not.",
)
PAGE = sentence("search.page", "page %(page)s")


def in_sections(hits: Sequence[Hit], budget_chars: int) -> list[Hit]:
    """Return the hits that fit into the budget, each grown to its section or its neighbours, as one text each."""
    kept = within(budget_chars, hits)
    return passages.as_hits(grown(kept, _neighbours(kept), budget_chars))


def _neighbours(hits: Sequence[Hit]) -> dict[int, list[Hit]]:
    """Return the passages around each hit on its page, the nearest first: those under its heading, if it has one."""
    around = Q()
    for hit in hits:
        places = (hit.position - BESIDE, hit.position + BESIDE)
        around |= Q(source=hit.source_id, page=hit.page, position__range=places)
    found = Passage.objects.filter(around).order_by() if hits else Passage.objects.none()
    rows = {(row.source_id, row.position): row for row in found}
    return {hit.passage_id: _section(hit, rows) for hit in hits}


def _section(hit: Hit, rows: dict[tuple[UUID, int], Passage]) -> list[Hit]:
    found: list[Hit] = []
    open_sides = {1, -1}
    for distance in range(1, BESIDE + 1):
        for side in sorted(open_sides, reverse=True):
            row = rows.get((hit.source_id, hit.position + side * distance))
            if row is None or row.page != hit.page or row.heading != hit.heading:
                open_sides.discard(side)
            else:
                found.append(_beside(hit, row))
    return found


def _beside(hit: Hit, row: Passage) -> Hit:
    """Return a neighbour as a hit that never comes before what was found."""
    return replace(
        hit,
        passage_id=row.pk,
        position=row.position,
        start=row.start,
        end=row.end,
        text=row.text,
        heading=row.heading,
        location=row.location,
        score=0.0,
    )


def whole_document(asked: WholeQuestion, named: UUID | None, hits: Sequence[Hit], budget_chars: int) -> Findings | None:
    """Return the document that a question is about as a whole, in its order, as far as it fits; None if none is meant.

    `named` is the one that it names. If it asks for one subject in it, the document is returned only if all of it
    fits. If it names none, the best hits show which is meant, and those of other documents follow.
    A notice says which part was not read.
    """
    source = named or (_mostly(hits) if asked.everything else None)
    rows = _rows(source) if source else []
    if not rows:
        return None
    others = () if named else [hit for hit in hits if hit.source_id != source]
    parts = in_parts(rows, min(PART_CHARS, budget_chars))
    if length(parts) + sum(len(hit.text) for hit in others) <= budget_chars:
        return Findings((*passages.as_hits(parts), *_in_room(others, budget_chars - length(parts))))
    if not named or asked.topic((rows[0].file_name, rows[0].title)):
        return None
    fitting = list(accumulate((length([part]) for part in parts), initial=0))
    count = max(1, sum(total <= budget_chars for total in fitting[1:]))
    return Findings(tuple(passages.as_hits(parts[:count])), _unread(parts, count))


def _in_room(hits: Sequence[Hit], room: int) -> list[Hit]:
    return in_sections(hits, room) if hits else []


def _rows(source_id: UUID) -> list[Hit]:
    """Return all passages of a source in their order, without their texts."""
    source = Source.objects.select_related("collection").get(pk=source_id)
    pages = passages.page_counts([source_id]).get(source_id, 1)
    rows = source.passages.order_by("position").values_list(*_Place._fields)
    return [_hit(source, pages, _Place(*row)) for row in rows]


class _Place(NamedTuple):
    """A passage without its text; the fields are named after the query's columns."""

    pk: int
    position: int
    page: int
    start: int
    end: int
    heading: str
    location: str


def _hit(source: Source, pages: int, place: _Place) -> Hit:
    return Hit(
        passage_id=place.pk,
        source_id=source.pk,
        version=source.version,
        title=source.title,
        file_name=source.file_name,
        folder=source.folder,
        collection=source.collection.shown_name,
        page=place.page,
        pages=max(pages, place.page),
        start=place.start,
        end=place.end,
        heading=place.heading,
        location=place.location,
        text="",
        label=source.label,
        score=1.0,
        collection_id=source.collection_id,
        position=place.position,
        media_type=source.media_type,
        added_at=source.added_at,
    )


def _unread(parts: Sequence[Stretch], count: int) -> str:
    """Return the sentence that says from where on a document was not read."""
    first = parts[count].hits[0]
    place = first.location or first.heading or PAGE(page=first.page)
    share = round(100 * length(parts[:count]) / max(1, length(parts)))
    return UNREAD(title=first.title, share=share, place=place)


def named_source(asked: WholeQuestion, reader: Reader, filters: Filters) -> UUID | None:
    """Return the one live source that has one of these names; None if there is none, or more than one document."""
    named = Q()
    for name in asked.names:
        named |= Q(file_name__iexact=name) | Q(title__iexact=name) | Q(file_name__istartswith=f"{name}.")
        if any(map(str.isdigit, name)):
            named |= Q(file_name__istartswith=f"{name}_")
    if not asked.names:
        return None
    readable = readable_collections(reader.user_id).filter(pk__in=reader.collections).values("pk")
    sources = Source.objects.live().filter(named, collection__in=readable).order_by()
    if filters != NO_FILTERS:
        kept = Passage.objects.live().filter(kept_by(filters), source__in=sources).values("source")
        sources = sources.filter(pk__in=kept)
    found = list(sources.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def _mostly(hits: Sequence[Hit]) -> UUID | None:
    """Return the source of the best hit, if most of the best are of it."""
    best = [hit.source_id for hit in hits[:OF_BEST]]
    return best[0] if best and best.count(best[0]) >= MOSTLY else None
