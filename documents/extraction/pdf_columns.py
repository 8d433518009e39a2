"""Finds columns of running text on a PDF page and puts them one after the other; tables keep their rows. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import fmean

from documents.extraction.pdf_words import Line, PdfWord, line_height

# Narrower than this many heights of a line is a space between words.
GUTTER_HEIGHTS = 0.8
# A column has at least so many lines beside another one.
LEAST_LINES = 3
# Lines of running text: words, how full of the column's width they are, and how many go on in the next line.
LEAST_WORDS, LEAST_FULL, LEAST_FLOWING = 2.5, 0.55, 0.4
MOST_FIGURES = 0.3
# Beyond this, pages are lists and tables, and comparing each gutter with each line would take long.
MOST_LINES, MOST_WORDS, MOST_GUTTERS, MOST_COLUMNS = 300, 4000, 30, 6
SENTENCE_ENDS = ".!?:;\u3002\uff01\uff1f"


@dataclass(frozen=True)
class ColumnBlock:
    """Lines from `start` to `end` that leave `gutter` free; `paired` of them have words on both sides of it."""

    start: int
    end: int
    gutter: float
    paired: int


def reading_order(lines: Sequence[Line], columns: int = MOST_COLUMNS) -> list[Line]:
    """Return the lines in the order of reading: of columns of running text, first the one where reading starts."""
    is_possible = columns > 1 and LEAST_LINES <= len(lines) <= MOST_LINES and sum(map(len, lines)) <= MOST_WORDS
    found = _block(lines) if is_possible else None
    if found is None:
        return list(lines)
    sides = _sides(lines[found.start : found.end], found.gutter)
    read = [line for side in sides for line in reading_order(side, columns - 1)]
    return [
        *reading_order(lines[: found.start], columns),
        *read,
        *reading_order(lines[found.end :], columns),
    ]


def _block(lines: Sequence[Line]) -> ColumnBlock | None:
    """Return the block of two columns with the most lines, if its lines are running text."""
    candidates = sorted(_blocks(lines), key=lambda block: -block.paired)
    return next((block for block in candidates if _is_running(lines[block.start : block.end], block.gutter)), None)


def _blocks(lines: Sequence[Line]) -> Iterator[ColumnBlock]:
    least = GUTTER_HEIGHTS * line_height(lines)
    edges: Counter[int] = Counter()
    for line in lines:
        for before, after in pairwise(sorted(line, key=_left)):
            if after.left - before.right > least:
                edges.update((round(after.left) - 1, round(before.right) + 1))
    # One edge of a gutter is straight: that of the column whose lines begin there.
    for gutter, count in edges.most_common(MOST_GUTTERS):
        if count >= LEAST_LINES:
            yield from _runs(lines, float(gutter), least)


def _runs(lines: Sequence[Line], gutter: float, least: float) -> Iterator[ColumnBlock]:
    """Yield each run of lines that leave a gutter free, from its first line with two sides to the last of a column."""
    start = end = paired = 0
    left, right = inf, -inf
    for index, line in enumerate([*lines, []]):
        low, high = min(map(_left, line), default=-inf), max((word.right for word in line), default=inf)
        if _is_paired(line, gutter, least):
            start, end, paired = (start if paired else index), index + 1, paired + 1
            left, right = min(left, low), max(right, high)
        elif paired and left - 1 <= low and high <= right + 1 and (high <= gutter or low >= gutter):
            end = index + 1 if _follows(line, lines[index - 1], least) and end == index else end
        else:
            if paired >= LEAST_LINES:
                yield ColumnBlock(start, end, gutter, paired)
            start = end = paired = 0
            left, right = inf, -inf


def _is_paired(line: Line, gutter: float, least: float) -> bool:
    """Return whether a line has words on both sides of a gutter, and nothing in it."""
    left = max((word.right for word in line if word.middle < gutter), default=None)
    right = min((word.left for word in line if word.middle >= gutter), default=None)
    return left is not None and right is not None and left <= gutter <= right and right - left > least


def _follows(line: Line, before: Line, least: float) -> bool:
    """Return whether a line stands closely below the one before."""
    return min(word.bottom for word in before) - max(word.top for word in line) < least


def _sides(lines: Sequence[Line], gutter: float) -> list[list[Line]]:
    """Return the lines left and right of the gutter, first those of the side where reading starts."""
    left = [side for line in lines if (side := [word for word in line if word.middle < gutter])]
    right = [side for line in lines if (side := [word for word in line if word.middle >= gutter])]
    from_right = sum(line[0].left > line[-1].left for line in lines if len(line) > 1) * 2 > len(lines)
    return [right, left] if from_right else [left, right]


def _is_running(lines: Sequence[Line], gutter: float) -> bool:
    return all(_is_text(side) for side in _sides(lines, gutter))


def _is_text(lines: Sequence[Line]) -> bool:
    """Return whether lines are running text, not the cells of a table: full, of words, and going on in the next."""
    widths = [max(word.right for word in line) - min(map(_left, line)) for line in lines]
    texts = [" ".join(word.text for word in line) for line in lines]
    words = [word for text in texts for word in text.split()]
    figures = sum(not any(map(str.isalpha, word)) for word in words)
    return (
        fmean(map(_amount, texts)) >= LEAST_WORDS
        and fmean(widths) >= LEAST_FULL * max(widths)
        and figures <= MOST_FIGURES * len(words)
        and _flows(texts)
    )


def _amount(text: str) -> float:
    """Return how many words a line has; scripts without spaces have about one for two characters."""
    return max(len(text.split()), sum(character > "\u2e7f" for character in text) / 2)


def _flows(texts: Sequence[str]) -> bool:
    """Return whether most lines go on in the next one. Without capital letters, only their ends tell that."""
    cased = [before for before in pairwise(texts) if any(map(_has_case, before[1][:1]))]
    if len(cased) * 2 < len(texts) - 1:
        return sum(text[-1] not in SENTENCE_ENDS for text in texts) >= LEAST_FLOWING * len(texts)
    flowing = sum(before[-1] not in SENTENCE_ENDS and not after[0].isupper() for before, after in pairwise(texts))
    return flowing >= LEAST_FLOWING * (len(texts) - 1)


def _has_case(letter: str) -> bool:
    return letter.isupper() or letter.islower()


def _left(word: PdfWord) -> float:
    return word.left
