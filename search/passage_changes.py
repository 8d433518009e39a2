"""Pure: finds a passage of one version of a document in the next one, and says which words changed.

Words are compared without case, punctuation and line breaks, so that a file which was only read again, or set in
another layout, counts as the same.
"""

from array import array
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from search.word_matching import MOST_STEPS_IN_SHORT, WORD, Matcher, PageWord, words

# The share of a passage's words that the next version must still have in one place; with less, the passage is gone.
STILL_THERE = 0.4
# On the page where it was, this share of the best match is enough: pages of forms differ in a few words only.
NEAR = 0.8
# Characters of a passage above which it is not said in short what changed.
MOST_CHARS_IN_SHORT = 20_000
# Words of a version that are read: about 100 MB of memory.
MOST_WORDS = 5_000_000
# Places of a passage's pairs of words that are compared, those of its rarest pairs first.
MOST_HITS = 50_000
# Words of a change that are shown in one line, and words of unchanged text on each side of a change.
IN_SHORT, AROUND = 6, 25


_Pair = tuple[str, str]
_Places = dict[_Pair, "array[int]"]


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
class FollowedPassage:
    """The state of a passage in the next version, and where it is there; None if it is gone."""

    state: State
    place: Place | None = None


class _Words:
    """The words of a long text, in little memory: each is given out as a `Word`."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        self.keys: list[str] = []
        self.pages, self._starts, self._ends = array("q"), array("q"), array("q")
        self.is_whole = True
        known: dict[str, str] = {}
        for number, text in pages:
            if len(self.keys) > MOST_WORDS:
                self.is_whole = False
                break
            for found in WORD.finditer(text):
                key = found[0].casefold()
                self.keys.append(known.setdefault(key, key))
                self.pages.append(number)
                self._starts.append(found.start())
                self._ends.append(found.end())

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: int) -> PageWord:
        return PageWord(self.keys[at], self.pages[at], self._starts[at], self._ends[at])


class NextVersion:
    """The next version's text, prepared once for any number of passages. `pages` are numbers and texts, in order."""

    def __init__(self, pages: Iterable[tuple[int, str]]) -> None:
        self._words = _Words(pages)

    def follow(self, passages: Iterable[tuple[str, int]]) -> list[FollowedPassage]:
        """Return what became of each passage, given with the page that it was on. All are searched for in one pass.

        Of a version that is too long to be read as a whole nobody can say that a passage is gone, so it counts as the
        same.
        """
        wanted = [(words(text), page) for text, page in passages]
        places = self._places({pair for old, _page in wanted for pair in _pairs([word.key for word in old])})
        return [self._followed(old, page, places) for old, page in wanted]

    def _followed(self, old: Sequence[PageWord], page: int, places: _Places) -> FollowedPassage:
        missing = FollowedPassage(State.GONE if self._words.is_whole else State.SAME)
        region = self._region(old, page, places)
        if not region:
            return missing
        begin, end = region
        blocks = Matcher([word.key for word in old], self._words.keys[begin:end]).get_matching_blocks()
        same = sum(block.size for block in blocks)
        if same < STILL_THERE * len(old):
            return missing
        inside = [block for block in blocks if block.size]
        first, last = self._words[begin + inside[0].b], self._words[begin + inside[-1].b + inside[-1].size - 1]
        place = Place(first.page, first.start, last.page, last.end)
        if same < len(old) or inside[-1].b + inside[-1].size - inside[0].b > len(old):
            return FollowedPassage(State.CHANGED, place)
        return FollowedPassage(State.SAME if place.page == page else State.MOVED, place)

    def _region(self, old: Sequence[PageWord], page: int, places: _Places) -> tuple[int, int] | None:
        """Return the stretch of words in which the passage most likely is."""
        hits = self._hits(old, page, places)
        if not hits:
            return None
        likeness, first, last = _most_like(hits, len(old))
        near = [hit for hit in hits if self._words.pages[hit[0]] == page]
        if near and len(near) < len(hits):
            likeness_near, begin, end = _most_like(near, len(old))
            if likeness_near >= NEAR * likeness:
                hits, first, last = near, begin, end
        begin = hits[first][0] - hits[first][1]
        end = hits[last][0] + len(old) - hits[last][1]
        return max(0, begin), min(len(self._words), end + 2)

    def _places(self, wanted: Collection[_Pair]) -> _Places:
        """Return where in the version these pairs of words are."""
        places: _Places = {pair: array("q") for pair in wanted}
        keys = self._words.keys
        for at, pair in enumerate(pairwise(keys)):
            if pair in places:
                places[pair].append(at)
        if single := {pair[0]: found for pair, found in places.items() if not pair[1]}:
            for at, key in enumerate(keys):
                if key in single:
                    single[key].append(at)
        return places

    def _hits(self, old: Sequence[PageWord], page: int, places: _Places) -> list[tuple[int, int]]:
        """Return where pairs of the passage's words are, in order, each with its offset in the passage.

        Of pairs that the version has very often only some places count, those on the same page among them.
        """
        offsets: dict[_Pair, int] = {}
        for offset, pair in enumerate(_pairs([word.key for word in old])):
            offsets.setdefault(pair, offset)
        hits: list[tuple[int, int]] = []
        for pair in sorted(offsets, key=lambda pair: len(places[pair])):
            found, room = places[pair], max(0, MOST_HITS - len(hits))
            if len(found) > room:
                found = self._some(found, page, room)
            hits += ((at, offsets[pair]) for at in found)
        return sorted(hits)

    def _some(self, found: "array[int]", page: int, most: int) -> "array[int]":
        """Return up to `most` of these places on the page, and the first ones elsewhere if there is room."""
        pages = self._words.pages
        first, end = (bisect(found, edge, key=lambda at: pages[at]) for edge in (page - 1, page))
        here = found[first : min(end, first + most)]
        rest = most - len(here)
        before = found[: min(first, rest)]
        return before + here + found[end : end + rest - len(before)]


def _pairs(keys: Sequence[str]) -> Iterable[_Pair]:
    """Return each word with the next one; a single word stands alone."""
    return [(keys[0], "")] if len(keys) == 1 else pairwise(keys)


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
    # The earliest of the best beginnings, and the earliest of the best ends.
    _likeness, first = max(_likenesses(hits, range(last, first - 1, -1), length), key=lambda one: (one[0], -one[1]))
    likeness, last = max(_likenesses(hits, range(first, last + 1), length), key=lambda one: (one[0], -one[1]))
    return likeness, first, last


def _likenesses(hits: Sequence[tuple[int, int]], way: range, length: int) -> Iterator[tuple[int, int]]:
    """Yield how much like the passage each stretch is that begins at the first hit of `way`, with its other end."""
    offsets: set[int] = set()
    for end in way:
        offsets.add(hits[end][1])
        yield 2 * len(offsets) - max(0, abs(hits[end][0] - hits[way[0]][0]) - length), end


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
    ops = Matcher([word.key for word in before], [word.key for word in after]).get_opcodes()
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


def _slice(text: str, found: Sequence[PageWord], first: int, last: int) -> str:
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
    """Return the change that matters most in a few words, like "25 → 28 days"; empty for very long texts.

    A figure comes before other words, and one that the answer repeats before all.
    """
    if max(len(old), len(new)) > MOST_CHARS_IN_SHORT:
        return ""
    before, after = words(old), words(new)
    said = {word.key for word in words(answer)}
    found: list[tuple[bool, bool, bool, bool, int, str]] = []
    matcher = Matcher([word.key for word in before], [word.key for word in after], MOST_STEPS_IN_SHORT)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        has_figure = any(word.key[0].isdigit() for word in (*before[i:j], *after[k:m]))
        is_said = any(word.key in said for word in before[i:j])
        text = _change(old, new, before[i:j], after[k:m], after[m : m + 1])
        found.append((not (has_figure and is_said), not has_figure, tag != "replace", not is_said, len(found), text))
    return min(found)[-1] if found else ""


def _change(
    old: str, new: str, gone: Sequence[PageWord], come: Sequence[PageWord], following: Sequence[PageWord]
) -> str:
    if gone and come:
        unit = following if come[-1].key[-1].isdigit() and len(come) < IN_SHORT else ()
        return f"{_shown(old, gone)} → {_shown(new, [*come, *unit])}"
    return f"“{_shown(old, gone)}” removed" if gone else f"“{_shown(new, come)}” added"


def _shown(text: str, found: Sequence[PageWord]) -> str:
    kept = found[:IN_SHORT]
    shown = " ".join(text[kept[0].start : kept[-1].end].split())
    return f"{shown} …" if len(found) > IN_SHORT else shown
