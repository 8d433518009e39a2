"""Pure: lays out tables of documents, whose cells may be merged, as lines, and finds the names of their columns."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from documents.extraction.layout import TITLE_CHARACTERS, row

NUMBER = re.compile(r"[-+(]?[\d.,\s'%$€£¥]+\)?%?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
YEAR = re.compile(r"(19|20)\d\d")
# Rows that are searched for the names; above them may be a title, a date, an empty row.
ROWS_ABOVE_NAMES = 20
# More rows of names than this are rather a table that is marked as names as a whole.
HEADER_ROWS = 5
WIDEST_CELL = 100
# Between the cells of a row.
BAR = " | "
TALLEST_CELL = 1000
# How much merged cells may repeat in all: with few of them a file could otherwise fill the memory.
REPEATED_CHARACTERS = 1_000_000
LONGEST_REPEATED = 200


@dataclass(frozen=True)
class Cell:
    """A cell: its words, and how many columns and rows it covers.

    `continues`: it is a lower part of the merged cell above. `header`: the file marks it as the name of its column.
    """

    text: str
    columns: int = 1
    rows: int = 1
    continues: bool = False
    header: bool = False


@dataclass(frozen=True)
class Merged:
    """Merged cells: rows and columns from 1, the last ones included."""

    row: int
    column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class TableLines:
    """A table as lines, one a row. The first `header` of them hold the names of the columns; `names` sums them up."""

    lines: list[str]
    header: int = 0
    names: str = ""


class Grid:
    """Collects a table's rows. The words of a cell that covers several rows are in each of them."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        # The same, with the words of a cell in each of the columns that it covers.
        self._spread: list[list[str]] = []
        self._marked = 0
        # For each column that a cell above covers: for how many more rows, and the cell's words.
        self._covered: dict[int, tuple[int, str]] = {}
        self._left = REPEATED_CHARACTERS

    def add(self, cells: Sequence[Cell], *, header: bool = False) -> None:
        """Add a row. `header`: the file says that it names the columns."""
        texts: list[str] = []
        spread: list[str] = []
        covering = dict[int, tuple[int, str]]()
        for cell in cells:
            self._cover(texts, spread)
            text = self._above(len(texts)) if cell.continues and not cell.text.strip() else cell.text
            columns = max(1, min(cell.columns, WIDEST_CELL))
            if cell.rows > 1:
                rest = min(cell.rows, TALLEST_CELL) - 1
                covering |= {len(texts) + n: (rest, "" if n else text) for n in range(columns)}
            texts += [text] + [""] * (columns - 1)
            spread += [text] * columns if len(text) <= LONGEST_REPEATED else [text] + [""] * (columns - 1)
        self._cover(texts, spread)
        self._covered = {at: (rest - 1, text) for at, (rest, text) in self._covered.items() if rest > 1} | covering
        if row(texts):
            named = header or (bool(cells) and all(cell.header for cell in cells))
            self._marked += named and self._marked == len(self._rows)
            self._rows.append(texts)
            self._spread.append(spread)

    def table(self) -> TableLines:
        """Return the table as lines, with the names of its columns if it has them."""
        header = self._marked if 0 < self._marked <= min(HEADER_ROWS, len(self._rows) - 1) else self._guessed()
        return TableLines(list(map(row, self._rows)), header, names_of(self._spread[:header], self._rows[:header]))

    def flat(self) -> Iterator[str]:
        """Yield the rows as they are written in a cell of another table, whose bars they must not repeat."""
        yield from (row(texts).replace(" | ", ", ") for texts in self._rows)

    def _cover(self, texts: list[str], spread: list[str]) -> None:
        """Fill the next columns, as far as cells of the rows above cover them."""
        while covered := self._covered.get(len(texts)):
            texts.append(self._repeated(covered[1]))
            spread.append(texts[-1])

    def _above(self, place: int) -> str:
        above = self._rows[-1] if self._rows else []
        return self._repeated(above[place]) if place < len(above) else ""

    def _repeated(self, text: str) -> str:
        if len(text) > LONGEST_REPEATED or len(text) >= self._left:
            return ""
        self._left -= len(text) + 1
        return text

    def _guessed(self) -> int:
        """Return how many rows hold names in a table that marks none of them."""
        first = header_row(self._rows)
        if first is None:
            return 0
        below = self._rows[first + 1 : first + 3]
        # Names over several columns have the names of the single columns below them.
        grouped = self._rows[first] != self._spread[first] and len(below) == 2 and are_names(below[0])
        return first + 2 if grouped else first + 1


def header_row(rows: Iterable[Sequence[str]]) -> int | None:
    """Return the index of the row that names the columns; None if the first row of several cells has numbers."""
    for index, cells in zip(range(ROWS_ABOVE_NAMES), rows, strict=False):
        if sum(bool(cell.strip()) for cell in cells) > 1:
            return index if are_names(cells) else None
    return None


def are_names(cells: Iterable[str]) -> bool:
    """Return whether a row has several words in it and no numbers except years."""
    filled = [text for cell in cells if (text := cell.strip())]
    return len(filled) > 1 and all(YEAR.fullmatch(text) or not NUMBER.fullmatch(text) for text in filled)


def barred_tables(text: str) -> Iterator[tuple[int, str]]:
    """Yield (character, names of the columns) of each table in a text, as `row` writes its lines, and ("", its end)."""
    start, names = 0, ""
    before: list[str] = []
    for line in [*text.splitlines(keepends=True), ""]:
        cells = line.split(BAR)
        if names and len(cells) == 1:
            yield start, ""
        if len(cells) == 1 or not before:
            before, names = cells if len(cells) > 1 else [], ""
        elif not names and are_names(before):
            names = row(before)
            yield start, names
        start += len(line)


def names_of(spread: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> str:
    """Return the names of the columns as one line: `2024 Sales | 2024 Costs`, after the title above them."""
    titles = [row(cells) for cells in rows if sum(bool(cell.strip()) for cell in cells) == 1 and len(rows) > 1]
    named = [cells for cells, plain in zip(spread, rows, strict=True) if row(plain) not in titles]
    width = max(map(len, named), default=0)
    columns = ([cells[place].strip() for cells in named if place < len(cells)] for place in range(width))
    names = row(" ".join(dict.fromkeys(filter(None, column))) for column in columns)
    return ": ".join(filter(None, (" ".join(titles), names)))[:TITLE_CHARACTERS]
