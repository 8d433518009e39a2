"""Finds the headings beside cited passages in their documents, for a person who may read them. Synchronous."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from search.access import readable_collections
from search.models import Passage

# Documents that are read, passages to each side of a cited one, and the longest heading, in characters.
SOURCES, AROUND, LONGEST = 3, 8, 90


@dataclass(frozen=True)
class CitedPlace:
    """Where a cited passage begins in its source."""

    source: UUID
    page: int
    start: int


@dataclass(frozen=True)
class NearHeading:
    """A heading near a cited passage, with the title of its document."""

    title: str
    heading: str


def headings_near(user_id: int, cited: Sequence[CitedPlace], most: int) -> list[NearHeading]:
    """Return up to `most` headings near the cited passages, each once, without the headings of those passages.

    Only live documents that the person may read count. Headings that follow a passage come before those above it.
    """
    firsts = list({place.source: place for place in reversed(cited)}.values())[::-1][:SOURCES]
    readable = readable_collections(user_id).values("pk")
    passages = Passage.objects.live().filter(source__collection__in=readable).order_by()
    known, found = {""}, list[NearHeading]()
    every = [list(_near(passages, place)) for place in firsts]
    for rows in every:
        known |= {heading.casefold() for distance, _title, heading in rows if distance == 0}
    # In turns, so that each document has its say.
    for rank in range(max(map(len, every), default=0)):
        for _distance, title, heading in (rows[rank] for rows in every if rank < len(rows)):
            # The heading of a table ends with the names of its columns.
            is_words = len(heading) <= LONGEST and "|" not in heading
            if is_words and heading.casefold() not in known | {title.casefold()}:
                known.add(heading.casefold())
                found.append(NearHeading(title, heading))
    return found[:most]


def _near(passages: QuerySet[Passage], place: CitedPlace) -> Iterator[tuple[int, str, str]]:
    """Yield distance, title and heading of the passages around a cited one: itself, those after it, those before."""
    before = passages.filter(source=place.source, page=place.page, start__lte=place.start).order_by("-start")
    at = before.values_list("position", flat=True).first()
    if at is None:
        return
    around = passages.filter(source=place.source, position__range=(at - AROUND, at + AROUND))
    rows = [(row[0] - at, row[1], row[2]) for row in around.values_list("position", "source__title", "heading")]
    yield from sorted(rows, key=lambda row: (row[0] < 0, abs(row[0])))
