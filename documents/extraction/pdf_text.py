"""Lays out the pages of a PDF as text, with the names of a table's columns over each of its rows. Pure."""

from collections.abc import Iterable, Sequence

from documents.extraction.encodings import clean
from documents.extraction.grids import NUMBER, YEAR
from documents.extraction.hyphens import HyphenJoiner, without_marks
from documents.extraction.layout import TITLE_CHARACTERS, row
from documents.extraction.pdf_page import PageContent, Table
from documents.extraction.types import MAX_HEADINGS, ExtractedPage, Heading

# A table goes on from the page before if at most so many lines, such as page numbers, stand between.
LINES_BETWEEN = 2
# Its columns then stand where they stood, give or take so many points.
NEAR = 3.0


class PdfLayout:
    """Pages of text and headings, which grow page by page."""

    def __init__(self, joiner: HyphenJoiner) -> None:
        self._joiner = joiner
        self._text = ""
        self._header = ""
        self._columns: tuple[float, ...] = ()
        # The page on which the last table ends.
        self._table_page = 0
        self._lines_since_table = LINES_BETWEEN + 1
        self.pages: list[ExtractedPage] = []
        self.headings: list[Heading] = []

    def add(self, content: PageContent) -> None:
        """Add the next page."""
        self._text = ""
        for part in content.parts:
            if isinstance(part, Table):
                self._add_table(part)
            else:
                self._add_block(self._joiner.join(part))
                self._lines_since_table += len(part)
        for note in content.notes:
            self._add_block([note])
        if content.recognised:
            self._add_block([content.recognised])
        self.pages.append(ExtractedPage(self._text.rstrip()))

    def _add_table(self, table: Table) -> None:
        lines = [line for cells in table.rows if (line := clean(without_marks(row(cells))))]
        if not lines:
            return
        own_names = lines[0] if names_columns(table.rows[0]) else ""
        names = self._header if self._goes_on(table) else own_names
        self._end_block()
        if names == lines[0]:
            self._text += f"{lines.pop(0)}\n"
        self._head(names)
        self._text += "\n".join(lines)
        self._text += "\n\n"
        self._head("")
        self._header, self._columns, self._lines_since_table = names, table.columns, 0
        self._table_page = len(self.pages)

    def _goes_on(self, table: Table) -> bool:
        """Return whether a table continues the one that ended the page before, whose names it may not repeat."""
        return (
            bool(self._header)
            and self._table_page == len(self.pages) - 1
            and self._lines_since_table <= LINES_BETWEEN
            and len(table.columns) == len(self._columns)
            and all(abs(one - other) <= NEAR for one, other in zip(table.columns, self._columns, strict=True))
            and not names_figures(table.rows)
        )

    def _add_block(self, lines: Sequence[str]) -> None:
        block = clean("\n".join(line for line in lines if line))
        if block:
            self._end_block()
            self._text += f"{block}\n"

    def _end_block(self) -> None:
        """Leave an empty line between blocks."""
        self._text = f"{self._text.rstrip()}\n\n" if self._text else ""

    def _head(self, names: str) -> None:
        if len(self.headings) < MAX_HEADINGS and (names or self.headings):
            self.headings.append(Heading(len(self.pages) + 1, len(self._text), names[:TITLE_CHARACTERS]))


def names_columns(cells: Sequence[str]) -> bool:
    """Return whether a table's first row names its columns: two or more names, and no figures but years."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) > 1 and all(YEAR.fullmatch(cell) or not NUMBER.fullmatch(cell) for cell in filled)


def names_figures(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row has a word over a column that has figures in all other rows: its own names."""
    if not names_columns(rows[0]):
        return False
    below = ([row[column].strip() for row in rows[1:]] for column in range(len(rows[0])))
    figures = [all(NUMBER.fullmatch(cell) for cell in cells if cell) and any(cells) for cells in below]
    return any(is_figure and name.strip() for is_figure, name in zip(figures, rows[0], strict=False))


def laid_out(contents: Iterable[PageContent], joiner: HyphenJoiner) -> tuple[list[ExtractedPage], list[Heading]]:
    layout = PdfLayout(joiner)
    for content in contents:
        layout.add(content)
    return layout.pages, layout.headings
