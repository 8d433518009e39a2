"""Tables whose rows people know by number: spreadsheets and their text forms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from documents.extraction import reading
from documents.extraction.encodings import clean
from documents.extraction.grids import ROWS_ABOVE_NAMES, Merged, are_names, header_row, names_of
from documents.extraction.layout import LABEL_CHARACTERS, PAGE_CHARACTERS, TITLE_CHARACTERS, row
from documents.extraction.types import ExtractedPage, ExtractionError, Heading, Limits, check_characters
from langai_site.words import gettext_noop

# Up to this many empty rows are kept as empty lines; more of them start a new page.
EMPTY_ROWS = 500
MAX_CELLS = 20_000_000
# Pages of a large table that are in memory.
PAGES_AT_ONCE = 20
# The maximum in spreadsheet programs.
MAX_COLUMNS = 16_384
MAX_CELL_CHARACTERS = 200_000

Rows = Iterable[Sequence[str]]


class Tables:
    """Collects tables as pages of lines, one a row, within the limits.

    Where pages may be handed over while a file is read, `pages` has only the last ones of a large table, so that
    memory does not grow with it, and more characters are allowed.
    """

    def __init__(self, limits: Limits) -> None:
        self._hands_over = reading.takes_pages()
        self._usual_chars = limits.max_chars
        most = max(limits.max_chars, limits.max_table_chars if self._hands_over else 0)
        self._limits = replace(limits, max_chars=most)
        self._most_cells = MAX_CELLS * max(1, most // limits.max_chars)
        self._handed_over = 0
        self._cells = self._characters = 0
        self.pages: list[ExtractedPage] = []
        self.headings: list[Heading] = []

    def add(self, rows: Rows, label: str = "", merged: Sequence[Merged] = ()) -> None:
        """Add a table, starting with its row 1; `label` says which one it is, `merged` which cells are one."""
        first_page = self._count_pages() + 1
        self.headings.append(Heading(first_page, 0, ""))
        for number, lines, top in self._pages(rows):
            text = "\n".join(lines)
            self.pages.append(ExtractedPage(text, clean(label)[:LABEL_CHARACTERS], number))
            if self._count_pages() == first_page:
                self.headings.extend(_column_names(lines, top, first_page, number, merged))
            if self._hands_over and (len(self.pages) == PAGES_AT_ONCE or self._characters > self._usual_chars):
                self._hand_over()
        if self._count_pages() < first_page:
            self.headings.pop()

    def _hand_over(self) -> None:
        reading.hand_over(self.pages)
        self._handed_over += len(self.pages)
        self.pages.clear()

    def _count_pages(self) -> int:
        return self._handed_over + len(self.pages)

    def _pages(self, rows: Rows) -> Iterator[tuple[int, list[str], list[list[str]]]]:
        """Yield (number of the first row, lines, cells of the first lines) of each page."""
        lines, top = list[str](), list[list[str]]()
        first = length = 0
        for number, line, cells in self._lines(rows):
            empty = number - first - len(lines) if lines else 0
            if lines and (empty > EMPTY_ROWS or length + len(line) > PAGE_CHARACTERS):
                yield first, lines, top
                lines, top, empty, length = [], [], 0, 0
            first = first if lines else number
            if len(lines) + empty <= ROWS_ABOVE_NAMES:
                top += [[] for _ in range(empty)] + [[clean(" ".join(cell.split())) for cell in cells]]
            lines += [""] * empty + [line]
            length += empty + len(line) + 1
        if lines:
            yield first, lines, top

    def _lines(self, rows: Rows) -> Iterator[tuple[int, str, Sequence[str]]]:
        """Yield (number, line, cells) of each row that has words in it."""
        for number, cells in enumerate(rows, start=1):
            self._count(number, cells)
            if line := clean(row(cells)):
                self._characters += len(line) + 1
                check_characters(self._characters, self._limits)
                yield number, line, cells

    def _count(self, number: int, cells: Sequence[str]) -> None:
        # An empty row takes time as well.
        self._cells += len(cells) + 1
        if self._cells > self._most_cells:
            raise ExtractionError(
                gettext_noop("This table has more than %(_most_cells)s cells and rows. Split it into several files."),
                _most_cells=self._most_cells,
            )
        if len(cells) > MAX_COLUMNS:
            raise ExtractionError(
                gettext_noop(
                    "Row %(number)s of this table has more than %(max_columns)s columns. Split it into several files."
                ),
                number=number,
                max_columns=MAX_COLUMNS,
            )
        if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
            raise ExtractionError(
                gettext_noop(
                    "Row %(number)s of this table has a cell of more than %(max_cell_characters)s characters. Upload "
                    "such long texts as files of their own."
                ),
                number=number,
                max_cell_characters=MAX_CELL_CHARACTERS,
            )


def _column_names(
    lines: Sequence[str], rows: Sequence[Sequence[str]], page: int, first_row: int, merged: Sequence[Merged]
) -> Iterator[Heading]:
    """Yield the row that names the columns, as the heading of everything below it; `rows` has the cells of the top."""
    found = header_row(rows)
    if found is None:
        return
    wide = [one for one in merged if one.row == first_row + found and one.last_column > one.column]
    below = found + 1
    # Names over several columns have the names of the single columns below them.
    if wide and below + 1 < len(rows) and are_names(rows[below]):
        spread = _spread(rows[found], len(rows[below]), wide)
        yield Heading(
            page,
            sum(len(line) + 1 for line in lines[: below + 1]),
            names_of([spread, rows[below]], rows[found : below + 1]),
        )
    else:
        yield Heading(page, sum(len(line) + 1 for line in lines[:below]), lines[found][:TITLE_CHARACTERS])


def _spread(cells: Sequence[str], width: int, merged: Iterable[Merged]) -> list[str]:
    """Return a row with the words of a merged cell in each of its columns."""
    spread = [*cells, *[""] * (width - len(cells))]
    for one in merged:
        for column in range(one.column, min(one.last_column, len(spread))):
            spread[column] = spread[one.column - 1]
    return spread
