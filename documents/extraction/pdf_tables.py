"""Finds tables with ruled lines on a PDF page, and reads their rows and cells."""

import ctypes
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import neg

import pypdfium2
from pypdfium2 import raw

from documents.extraction.pdf_words import Line, PdfWord, turned

# Thinner than this, in points, is a line; nearer than this, two lines are one.
THIN, NEAR = 3.0, 3.0
# Shorter lines underline a word or draw a symbol.
SHORTEST = 8.0
# Drawings and maps have more paths than tables have lines: their lines are not searched.
MOST_PATHS, MOST_SEGMENTS, MOST_RULES = 20_000, 50_000, 1500
MOST_ROWS, MOST_COLUMNS = 1000, 60


@dataclass(frozen=True)
class RuledLine:
    """A straight line: at `at`, from `start` to `end` along the other axis."""

    at: float
    start: float
    end: float


@dataclass
class RuledGrid:
    """A table's ruled lines: `rows` from the top, `columns` from the left; `rules` are the upright ones."""

    rows: list[float]
    columns: list[float]
    upright: list[RuledLine]
    cells: dict[tuple[int, int], list[PdfWord]] = field(default_factory=dict)
    _starts: dict[tuple[int, int], int] = field(default_factory=dict)

    def place(self, word: PdfWord) -> tuple[int, int] | None:
        """Return row and column of a word; None for one outside."""
        column = bisect(self.columns, word.middle) - 1
        row = bisect(self.rows, -(word.top + word.bottom) / 2, key=neg) - 1
        if not (0 <= row < len(self.rows) - 1 and 0 <= column < len(self.columns) - 1):
            return None
        if (row, column) not in self._starts:
            self._starts[row, column] = self._first_column(row, column)
        return row, self._starts[row, column]

    def _first_column(self, row: int, column: int) -> int:
        """Return the first column of the cell: one that spans several has no upright lines inside."""
        middle = (self.rows[row] + self.rows[row + 1]) / 2
        while column and not any(
            abs(rule.at - self.columns[column]) <= NEAR and rule.start - NEAR <= middle <= rule.end + NEAR
            for rule in self.upright
        ):
            column -= 1
        return column


def grids_of(page: pypdfium2.PdfPage, quarters: int) -> list[RuledGrid]:
    """Return the tables that are drawn with lines around at least two rows and two columns."""
    level: list[RuledLine] = []
    upright: list[RuledLine] = []
    for left, right, bottom, top in _strokes(page):
        a, b, c, d = turned((left, right, bottom, top), quarters)
        if d - c <= THIN and b - a >= SHORTEST:
            level.append(RuledLine((c + d) / 2, a, b))
        elif b - a <= THIN and d - c >= SHORTEST:
            upright.append(RuledLine((a + b) / 2, c, d))
        if len(level) + len(upright) > MOST_RULES:
            return []
    level, upright = _merged(level), _merged(upright)
    return [grid for group in _groups(level, upright) if (grid := _grid(*group))]


def _strokes(page: pypdfium2.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    """Yield the box (left, right, bottom, top) of each straight line that is drawn on the page itself."""
    segments = 0
    for number, path in enumerate(page.get_objects([raw.FPDF_PAGEOBJ_PATH], max_depth=1)):
        count = raw.FPDFPath_CountSegments(path)
        segments += count
        if number > MOST_PATHS or segments > MOST_SEGMENTS:
            return
        left, bottom, right, top = path.get_bounds()
        if right - left <= THIN or top - bottom <= THIN:
            yield left, right, bottom, top
        elif _is_stroked(path):
            yield from _edges(path, count)


def _is_stroked(path: pypdfium2.PdfObject) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
    return bool(stroke.value)


def _edges(path: pypdfium2.PdfObject, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Yield the boxes of a path's straight segments."""
    matrix = path.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    first = last = None
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        point = matrix.on_point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO and last:
            yield _between(last, point)
        last = point
        if raw.FPDFPathSegment_GetClose(segment) and first:
            yield _between(last, first)


def _between(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float, float, float]:
    return min(start[0], end[0]), max(start[0], end[0]), min(start[1], end[1]), max(start[1], end[1])


def _merged(rules: list[RuledLine]) -> list[RuledLine]:
    """Return the rules with those joined that continue or cover each other."""
    merged: list[RuledLine] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.at / NEAR), rule.start)):
        before = merged[-1] if merged else None
        if before and abs(before.at - rule.at) <= NEAR and rule.start <= before.end + NEAR:
            merged[-1] = RuledLine(before.at, before.start, max(before.end, rule.end))
        else:
            merged.append(rule)
    return merged


def _groups(
    level: Sequence[RuledLine], upright: Sequence[RuledLine]
) -> Iterator[tuple[list[RuledLine], list[RuledLine]]]:
    """Yield the level and upright rules of each connected drawing."""
    waiting, free = set(range(len(level))), set(range(len(upright)))
    while waiting:
        rows = newest = [waiting.pop()]
        columns: list[int] = []
        while newest:
            found = [v for v in free if any(_cross(level[h], upright[v]) for h in newest)]
            free -= set(found)
            columns += found
            newest = [h for h in waiting if any(_cross(level[h], upright[v]) for v in found)]
            waiting -= set(newest)
            rows = [*rows, *newest]
        yield [level[h] for h in rows], [upright[v] for v in columns]


def _cross(level: RuledLine, upright: RuledLine) -> bool:
    return (
        level.start - NEAR <= upright.at <= level.end + NEAR and upright.start - NEAR <= level.at <= upright.end + NEAR
    )


def _grid(level: list[RuledLine], upright: list[RuledLine]) -> RuledGrid | None:
    rows = _distinct(rule.at for rule in level)[::-1]
    columns = _distinct(rule.at for rule in upright)
    if not (3 <= len(rows) <= MOST_ROWS and 3 <= len(columns) <= MOST_COLUMNS):
        return None
    return RuledGrid(rows, columns, upright)


def _distinct(places: Iterable[float]) -> list[float]:
    distinct: list[float] = []
    for place in sorted(places):
        if not distinct or place - distinct[-1] > NEAR:
            distinct.append(place)
    return distinct


def table_rows(grid: RuledGrid) -> list[list[str]]:
    """Return the cells' texts, row by row; cells that are empty or belong to the one before are empty."""
    return [
        [_cell_text(grid.cells.get((row, column), ())) for column in range(len(grid.columns) - 1)]
        for row in range(len(grid.rows) - 1)
    ]


def _cell_text(words: Sequence[PdfWord]) -> str:
    return " ".join(word.text for word in words)


def fill(grids: Sequence[RuledGrid], lines: Sequence[Line]) -> tuple[list[Line], list[tuple[int, RuledGrid]]]:
    """Put the words that stand in tables into their cells.

    Return the lines with the other words, and each table that has words with the number of the line before which it
    belongs.
    """
    rest: list[Line] = []
    placed: dict[int, int] = {}
    for line in lines:
        outside: Line = []
        for word in line:
            number, place = next(
                ((n, p) for n, grid in enumerate(grids) if (p := grid.place(word)) is not None), (0, None)
            )
            if place is None:
                outside.append(word)
            else:
                placed.setdefault(number, len(rest))
                grids[number].cells.setdefault(place, []).append(word)
        if outside:
            rest.append(outside)
    return rest, [(line, grids[number]) for number, line in sorted(placed.items(), key=lambda item: item[1])]
