"""Pure: finds a passage of one version of a document in the next one, and says which words changed.

Words are compared without case, punctuation and line breaks, so that a file which was only read again, or set in
another layout, counts as the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

# Scripts without spaces between words are compared by the character. A number is one word with its separators.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|\d+(?:[.,:/-]\d+)*|[^\W\d{_UNSPACED}]+")
# The share of a passage's words that the next version must still have in one place; with less, the passage is gone.
STILL_THERE = 0.4
# On the page where it was, this share of the best match is enough: pages of forms differ in a few words only.
NEAR = 0.8
# Above this many words, frequent ones are left out of the comparison, which would take seconds otherwise.
LONG = 1_000
# Words of a change that are shown in one line, and words of unchanged text on each side of a change.
IN_SHORT, AROUND = 6, 25


class State(StrEnum):
    """What became of a passage. MOVED: it has the same words on another page."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True)
class Place:
    """A stretch of a document: from a character of one page to a character of the same or a later page."""

    page: int
    start: int
    end_page: int
    end: int


@dataclass(frozen=True)
class Followed:
    """The state of a passage in the next version, and where it is there; None if it is gone."""

    state: State
    place: Place | None = None


class _Word(NamedTuple):
    key: str
    page: int
    start: int
    end: int


def words(text: str, page: int = 0) -> list[_Word]:
    return [_Word(found[0].casefold(), page, *found.span()) for found in _WORD.finditer(text)]


class Version:
    """The next version's text, prepared once for any number of passages. `pages` are numbers and texts, in order."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        self._words = [word for number, text in pages for word in words(text, number)]

    def follow(self, text: str, page: int) -> Followed:
        """Return what became of a passage that was on `page`."""
        old = words(text)
        region = self._region(old, page)
        if not region:
            return Followed(State.GONE)
        found = self._words[region[0] : region[1]]
        blocks = _matcher([word.key for word in old], [word.key for word in found]).get_matching_blocks()
        same = sum(block.size for block in blocks)
        if same < STILL_THERE * len(old):
            return Followed(State.GONE)
        inside = [block for block in blocks if block.size]
        kept = found[inside[0].b : inside[-1].b + inside[-1].size]
        place = Place(kept[0].page, kept[0].start, kept[-1].page, kept[-1].end)
        if same < len(old) or len(kept) > len(old):
            return Followed(State.CHANGED, place)
        return Followed(State.SAME if place.page == page else State.MOVED, place)

    def _region(self, old: Sequence[_Word], page: int) -> tuple[int, int] | None:
        """Return the stretch of words in which the passage most likely is."""
        hits = list(self._hits(old))
        if not hits:
            return None
        likeness, first, last = _most_like(hits, len(old))
        near = [hit for hit in hits if self._words[hit[0]].page == page]
        if near and len(near) < len(hits):
            likeness_near, begin, end = _most_like(near, len(old))
            if likeness_near >= NEAR * likeness:
                hits, first, last = near, begin, end
        begin = hits[first][0] - hits[first][1]
        end = hits[last][0] + len(old) - hits[last][1]
        return max(0, begin), min(len(self._words), end + 2)

    def _hits(self, old: Sequence[_Word]) -> Iterator[tuple[int, int]]:
        """Yield where pairs of the passage's words are, in order, each with its offset in the passage."""
        if len(old) == 1:
            yield from ((at, 0) for at, word in enumerate(self._words) if word.key == old[0].key)
            return
        offsets: dict[tuple[str, str], int] = {}
        for offset, (one, other) in enumerate(pairwise(old)):
            offsets.setdefault((one.key, other.key), offset)
        for at, (one, other) in enumerate(pairwise(self._words)):
            if (offset := offsets.get((one.key, other.key), -1)) >= 0:
                yield at, offset


def _densest(hits: Sequence[tuple[int, int]], length: int) -> tuple[int, int]:
    """Return the first and the last hit of the stretch that has most of them, for a passage of `length` words."""
    width = length + length // 3 + 8
    best, first = (0, 0, 0), 0
    for last, (at, _offset) in enumerate(hits):
        while at - hits[first][0] > width:
            first += 1
        best = max(best, (last - first + 1, -first, last))
    return -best[1], best[2]


def _most_like(hits: Sequence[tuple[int, int]], length: int) -> tuple[int, int, int]:
    """Return the stretch of hits that is most like the passage, with few words that it does not have.

    Its likeness comes first, then its first and its last hit.
    """
    first, last = _densest(hits, length)

    def likeness(first: int, last: int) -> int:
        distinct = len({offset for _at, offset in hits[first : last + 1]})
        return 2 * distinct - max(0, hits[last][0] - hits[first][0] - length)

    first = max(range(first, last + 1), key=lambda start: likeness(start, last))
    last = max(range(first, last + 1), key=lambda end: likeness(first, end))
    return likeness(first, last), first, last


def _matcher(one: Sequence[str], other: Sequence[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, one, other, autojunk=max(len(one), len(other)) > LONG)


@dataclass(frozen=True)
class Piece:
    """A part of a comparison: text that both have ("same"), only the old one ("old") or only the new one ("new")."""

    kind: str
    text: str

    @property
    def is_skipped(self) -> bool:
        """Return whether it stands for unchanged text that is left out."""
        return self.kind == "skipped"


def differences(old: str, new: str) -> list[Piece]:
    """Return both texts as one, word by word; long unchanged stretches are left out."""
    before, after = words(old), words(new)
    pieces: list[Piece] = []
    ops = _matcher([word.key for word in before], [word.key for word in after]).get_opcodes()
    for number, (tag, i, j, k, m) in enumerate(ops):
        if tag == "equal":
            pieces += _shortened(_slice(new, after, k, m), is_first=not number, is_last=number == len(ops) - 1)
            continue
        pieces += _changed(_slice(old, before, i, j) if j > i else "", _slice(new, after, k, m) if m > k else "")
    return pieces


def _changed(old: str, new: str) -> list[Piece]:
    """Return what was removed and what was added, with the blanks or signs after both as unchanged text."""
    blanks = next((old[at:] for at in range(len(old.rstrip()), len(old)) if new.endswith(old[at:])), "")
    end = -len(blanks) or None
    found = (Piece("old", old[:end]), Piece("new", new[:end]), Piece("same", blanks))
    return [piece for piece in found if piece.text]


def _slice(text: str, found: Sequence[_Word], first: int, last: int) -> str:
    """Return the text of words `first` to `last`, up to the next word, so that pieces join to the whole."""
    begin = found[first].start if first else 0
    end = found[last].start if last < len(found) else len(text)
    return text[begin:end]


def _shortened(text: str, *, is_first: bool, is_last: bool) -> list[Piece]:
    found = words(text)
    before, after = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(found) <= before + after + AROUND:
        return [Piece("same", text)]
    head = [Piece("same", text[: found[before].start])] if before else []
    tail = [Piece("same", text[found[-after].start :])] if after else []
    return [*head, Piece("skipped", " … "), *tail]


def in_short(old: str, new: str, answer: str = "") -> str:
    """Return the change that matters most in a few words, like "25 → 28 days".

    A figure comes before other words, and one that the answer repeats before all.
    """
    before, after = words(old), words(new)
    said = {word.key for word in words(answer)}
    found: list[tuple[bool, bool, bool, bool, int, str]] = []
    for tag, i, j, k, m in _matcher([word.key for word in before], [word.key for word in after]).get_opcodes():
        if tag == "equal":
            continue
        keys = [word.key for word in (*before[i:j], *after[k:m])]
        has_figure = any(key[0].isdigit() for key in keys)
        is_said = any(word.key in said for word in before[i:j])
        text = _change(old, new, before[i:j], after[k:m], after[m : m + 1])
        found.append((not (has_figure and is_said), not has_figure, tag != "replace", not is_said, len(found), text))
    return min(found)[-1] if found else ""


def _change(old: str, new: str, gone: Sequence[_Word], come: Sequence[_Word], following: Sequence[_Word]) -> str:
    if gone and come:
        unit = following if come[-1].key[-1].isdigit() and len(come) < IN_SHORT else ()
        return f"{_shown(old, gone)} → {_shown(new, [*come, *unit])}"
    return f"“{_shown(old, gone)}” removed" if gone else f"“{_shown(new, come)}” added"


def _shown(text: str, found: Sequence[_Word]) -> str:
    kept = found[:IN_SHORT]
    shown = " ".join(text[kept[0].start : kept[-1].end].split())
    return f"{shown} …" if len(found) > IN_SHORT else shown
