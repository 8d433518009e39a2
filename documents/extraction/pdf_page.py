"""Takes the content of one PDF page apart: running text in the order of reading, tables, notes, pictures to read."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

import pypdfium2

from documents.extraction.encodings import clean
from documents.extraction.pdf_annotations import Form, annotations_of, with_fields
from documents.extraction.pdf_columns import reading_order
from documents.extraction.pdf_scans import Box, PictureFinder
from documents.extraction.pdf_tables import RuledGrid, fill, grids_of, table_rows
from documents.extraction.pdf_words import LINE_HYPHENS, NOTHING, Line, PageWords, turned, words_of

UNKNOWN = "\ufffd"
# With more unknown characters among its letters than this, a page has to be recognised from how it looks.
GARBLED = 0.3


@dataclass(frozen=True)
class Table:
    """A table's cells, row by row, and the places of the lines between its columns, in points from the left."""

    rows: list[list[str]]
    columns: tuple[float, ...] = ()


# Lines of text, or a table.
Part = list[str] | Table


@dataclass
class PageContent:
    """A page's parts, top to bottom, and what is added below them: notes of people, and recognised text.

    `pictures` are boxes on the page that text recognition should see, without what is in `text_boxes`. `lost` counts
    characters that the page shows, but does not say the meaning of; if it `is_garbled`, that is true of most.
    """

    parts: list[Part]
    notes: list[str]
    pictures: list[Box] = field(default_factory=list)
    text_boxes: list[Box] = field(default_factory=list)
    lost: int = 0
    has_text: bool = False
    is_garbled: bool = False
    recognised: str = ""

    @property
    def length(self) -> int:
        return sum(map(len, self.lines())) + len(self.recognised)

    def lines(self) -> list[str]:
        """Return every line of the page's own text, those of tables too."""
        lines = [line for part in self.parts for line in (_cells(part) if isinstance(part, Table) else part)]
        return [*lines, *self.notes]


def content_of(page: pypdfium2.PdfPage, form: Form, finder: PictureFinder) -> PageContent:
    with closing(page.get_textpage()) as text_page:
        words = words_of(page, text_page)
        added = annotations_of(page, text_page, form, words.quarters)
    lines = with_fields(words.lines, added.fields)
    parts = _parts(lines, grids_of(page, words.quarters) if lines else [])
    if not _is_complete(parts, words.text):
        parts = [_plain(words.text), [f"{name}: {field.text}" for field, name in added.fields]]
    content = PageContent(parts, [clean(note) for note in added.notes], lost=words.unmapped)
    content.has_text = any(map(str.isalnum, words.text))
    content.is_garbled = content.lost > GARBLED * _letters(words.text)
    if content.has_text and not content.is_garbled:
        boxes = _text_boxes(words)
        content.pictures = finder.to_read(page, boxes)
        content.text_boxes = boxes if content.pictures else []
    return content


def _parts(lines: Sequence[Line], grids: Sequence[RuledGrid]) -> list[Part]:
    rest, tables = fill(grids, lines)
    parts: list[Part] = []
    start = 0
    for before, grid in tables:
        cells = [list(map(_shown, row)) for row in table_rows(grid)]
        parts += [_text(rest[start:before]), Table(cells, tuple(grid.columns))]
        start = before
    return [part for part in [*parts, _text(rest[start:])] if part]


def _text(lines: Sequence[Line]) -> list[str]:
    return [_shown(" ".join(word.text for word in line)) for line in reading_order(lines)]


def _plain(text: str) -> list[str]:
    """Return the text in the order of the file: what is left when its places lead nowhere."""
    for hyphen in LINE_HYPHENS:
        text = text.replace(hyphen, f"{hyphen}\n")
    return [line for line in map(_shown, text.splitlines()) if line]


def _shown(text: str) -> str:
    """Return a line without what is not text; the marks of hyphens are still needed."""
    kept = "".join(clean(piece) if piece not in LINE_HYPHENS else piece for piece in _pieces(text))
    return kept.replace(UNKNOWN, "").replace(NOTHING, "").strip()


def _pieces(text: str) -> list[str]:
    """Return the text cut so that each of PDFium's marks of a hyphen is a piece."""
    pieces = [text]
    for hyphen in LINE_HYPHENS:
        pieces = [
            part
            for piece in pieces
            for number, between in enumerate(piece.split(hyphen))
            for part in ([hyphen] if number else []) + [between]
        ]
    return [piece for piece in pieces if piece]


def _is_complete(parts: Sequence[Part], text: str) -> bool:
    """Return whether the parts have every letter and digit of the page: the guard against every way of losing one."""
    return sum(_letters(line) for part in parts for line in _lines_of(part)) >= _letters(text)


def _lines_of(part: Part) -> list[str]:
    return _cells(part) if isinstance(part, Table) else part


def _cells(table: Table) -> list[str]:
    return [cell for row in table.rows for cell in row]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _text_boxes(words: PageWords) -> list[Box]:
    back = (4 - words.quarters) % 4
    return [
        turned((word.left, word.right, word.bottom, word.top), back)
        for line in words.lines
        for word in line
        if word.text.strip()
    ]
