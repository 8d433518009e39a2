"""Pure: splits texts into words, and finds what two texts have in common, word by word, in a limited time."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from difflib import Match, SequenceMatcher
from typing import NamedTuple

# Scripts without spaces between words are compared by the character. A number is one word with its separators.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{_UNSPACED}]|\d+(?:[.,:/-]\d+)*|[^\W\d{_UNSPACED}]+")
# Steps of a comparison: pairs of equal words. Words that repeat make it grow with the cube of their number, and a
# document's author chooses the words. A step takes about a tenth of a microsecond. Lines are made many at once.
MOST_STEPS, MOST_STEPS_IN_SHORT = 1_000_000, 100_000


class PageWord(NamedTuple):
    key: str
    page: int
    start: int
    end: int


def words(text: str, page: int = 0) -> list[PageWord]:
    return [PageWord(found[0].casefold(), page, *found.span()) for found in WORD.finditer(text)]


class Matcher(SequenceMatcher[str]):
    """Finds what two texts have in common in at most `most` steps; what is left by then counts as different."""

    # difflib's, by its documentation: where each word of the other text is.
    b2j: dict[str, list[int]]

    def __init__(self, one: Sequence[str], other: Sequence[str], most: int = MOST_STEPS) -> None:
        super().__init__(None, one, other, autojunk=False)
        self._one, self._other, self._left = one, other, most
        self._forget_frequent(most // 4)

    def _forget_frequent(self, most: int) -> None:
        """Leave the most frequent words out until one look at everything is affordable.

        They still count where they stand beside others.
        """
        places, times = self.b2j, Counter(self._one)
        for word in sorted(places, key=lambda word: len(places[word])):
            most -= times[word] * len(places[word])
            if most < 0:
                del places[word]

    def get_matching_blocks(self) -> list[Match]:
        """Return difflib's blocks. It looks for the longest first, then on both sides of it."""
        todo, found = deque([(0, len(self._one), 0, len(self._other))]), list[Match]()
        while todo and self._left > 0:
            begin, end, start, stop = todo.popleft()
            self._left -= end - begin + sum(len(self.b2j.get(word, ())) for word in self._one[begin:end])
            block = self.find_longest_match(begin, end, start, stop) if self._left > 0 else None
            if not block or not block.size:
                continue
            found.append(block)
            after, below = block.a + block.size, block.b + block.size
            todo += [(begin, block.a, start, block.b)] if begin < block.a and start < block.b else []
            todo += [(after, end, below, stop)] if after < end and below < stop else []
        return [*_joined(sorted(found)), Match(len(self._one), len(self._other), 0)]


def _joined(blocks: Iterable[Match]) -> Iterator[Match]:
    """Join blocks that touch each other."""
    last = Match(0, 0, 0)
    for block in blocks:
        if last.a + last.size == block.a and last.b + last.size == block.b:
            last = Match(last.a, last.b, last.size + block.size)
            continue
        if last.size:
            yield last
        last = block
    if last.size:
        yield last
