"""Pure: turns hits into what is shown: each text once, and neighbours joined to one stretch of their page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from search.types import Hit

# The share of two texts' shingles that must be equal for the texts to count as the same.
SAME = 0.9
SHINGLE = 3
# Up to this many characters apart, two passages of a page are joined, together with the text between them.
GAP = 200
# Characters by which one hit grows: to its section, or to its neighbours.
SECTION_CHARS = 4000

# Scripts without spaces between words are counted by the character.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_ROWS = re.compile(r"(?P<place>.*\brows? )(?P<first>\d+)(?: to (?P<last>\d+))?")


@dataclass(frozen=True)
class _Fingerprint:
    """The features by which two texts are compared.

    Forms and logs may differ only in their numbers: these must be equal.
    """

    text: str

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.text.casefold())

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(word for word in self.words if any(map(str.isdigit, word)))

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        last = max(1, len(self.words) - SHINGLE + 1)
        return frozenset(tuple(self.words[first : first + SHINGLE]) for first in range(last))

    def is_same(self, other: "_Fingerprint") -> bool:
        if self.numbers != other.numbers:
            return False
        shared = len(self.shingles & other.shingles)
        return shared >= SAME * (len(self.shingles) + len(other.shingles) - shared)


def same_text(one: str, other: str) -> bool:
    """Return whether two texts say the same in the same words, or almost."""
    return _Fingerprint(one).is_same(_Fingerprint(other))


def collapsed(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits in their order without near-duplicates.

    Of equal texts, the one with the lowest label takes the place and score of the best one, because the reader may
    read the text under that label. Among those with the same label, the one added last is used.
    """
    kept: list[tuple[_Fingerprint, Hit]] = []
    for hit in hits:
        fingerprint = _Fingerprint(hit.text)
        same = next((i for i, (other, _hit) in enumerate(kept) if fingerprint.is_same(other)), None)
        if same is None:
            kept.append((fingerprint, hit))
        elif _stands_for(hit, kept[same][1]):
            kept[same] = fingerprint, replace(hit, score=kept[same][1].score)
    return [hit for _fingerprint, hit in kept]


def _stands_for(hit: Hit, other: Hit) -> bool:
    if hit.label != other.label or hit.added_at is None or other.added_at is None:
        return hit.label < other.label
    return hit.added_at > other.added_at


@dataclass(frozen=True)
class Stretch:
    """Hits of one page that are read as one piece, in reading order."""

    hits: tuple[Hit, ...]

    @property
    def best(self) -> Hit:
        return max(self.hits, key=lambda hit: (hit.score, -hit.passage_id))

    @property
    def start(self) -> int:
        return self.hits[0].start

    @property
    def end(self) -> int:
        return max(hit.end for hit in self.hits)

    def as_hit(self, text: str) -> Hit:
        """Return the stretch as one hit with the page's `text` from its start to its end."""
        first, last = self.hits[0], self.hits[-1]
        return replace(
            self.best,
            start=self.start,
            end=self.end,
            text=text,
            position=first.position,
            heading=first.heading,
            location=_from_to(first.location, last.location),
        )


def _from_to(first: str, last: str) -> str:
    """Return the place of two neighbours: "Budget, rows 2 to 40" and "Budget, rows 41 to 80" become rows 2 to 80."""
    begin, end = _ROWS.fullmatch(first), _ROWS.fullmatch(last)
    if not begin or not end or first == last:
        return first
    return f"{begin['place'].replace('row ', 'rows ')}{begin['first']} to {end['last'] or end['first']}"


def stretches(hits: Iterable[Hit]) -> list[Stretch]:
    """Return the hits as stretches: neighbours on a page together, each in the place of its first hit in this order."""
    by_page: dict[tuple[object, int], list[Hit]] = {}
    places: dict[int, int] = {}
    for place, hit in enumerate(hits):
        places[hit.passage_id] = place
        by_page.setdefault((hit.source_id, hit.page), []).append(hit)
    found = [stretch for page in by_page.values() for stretch in _of_page(page)]
    return sorted(found, key=lambda stretch: min(places[hit.passage_id] for hit in stretch.hits))


def _of_page(hits: Sequence[Hit]) -> list[Stretch]:
    out: list[Stretch] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, hit.end)):
        if out and hit.start - out[-1].end <= GAP:
            out[-1] = Stretch((*out[-1].hits, hit))
        else:
            out.append(Stretch((hit,)))
    return out


def within(budget_chars: int, hits: Sequence[Hit]) -> list[Hit]:
    """Return as many hits, best first, as have at most `budget_chars` characters together, once neighbours are joined.

    A hit that does not fit is left out, and a shorter one after it may still be included. The first always is.
    """
    kept: list[Hit] = []
    for hit in hits:
        if not kept or length(stretches([*kept, hit])) <= budget_chars:
            kept.append(hit)
    return kept


def grown(hits: Sequence[Hit], neighbours: Mapping[int, Sequence[Hit]], budget_chars: int) -> list[Stretch]:
    """Return the stretches of the hits with as many of their neighbours as the budget has room for, best hit first.

    `neighbours` are those of each hit by its passage's id, the nearest first.
    """
    kept = {hit.passage_id: hit for hit in hits}
    room = budget_chars - length(stretches(hits))
    for hit in hits:
        section = 0
        for neighbour in neighbours.get(hit.passage_id, ()):
            if neighbour.passage_id in kept:
                continue
            # With the blanks before it.
            size = neighbour.end - neighbour.start + 2
            section += size
            if size > room or section > SECTION_CHARS:
                break
            room -= size
            kept[neighbour.passage_id] = neighbour
    return stretches(kept.values())


def in_parts(hits: Sequence[Hit], most_chars: int) -> list[Stretch]:
    """Return a document's passages, in reading order, as stretches of one page with about `most_chars` at most."""
    parts: list[list[Hit]] = []
    for hit in hits:
        if parts and parts[-1][0].page == hit.page and hit.end - parts[-1][0].start <= most_chars:
            parts[-1].append(hit)
        else:
            parts.append([hit])
    return [Stretch(tuple(part)) for part in parts]


def length(found: Iterable[Stretch]) -> int:
    """Return the number of characters of all stretches together."""
    return sum(stretch.end - stretch.start for stretch in found)
