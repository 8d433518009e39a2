"""Reads OpenDocument spreadsheets: each sheet, row by row, with the values as they are shown."""

from collections.abc import Iterator
from pathlib import Path

from documents.extraction.package import Element, attribute, below, child, local, opened, whole_number
from documents.extraction.signatures import LOCKED
from documents.extraction.tables import MAX_COLUMNS, Tables
from documents.extraction.types import Extracted, ExtractionError, Limits
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not an OpenDocument spreadsheet, though its name says so, or it is damaged. Save it again as .ods."
)
MANIFEST = "META-INF/manifest.xml"
# Programs repeat the last, empty cells and rows to the end of the sheet.
MOST_ROWS = 1000


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as package:
        if MANIFEST in package and b"encryption-data" in package.read(MANIFEST):
            raise ExtractionError(LOCKED)
        content = package.tree("content.xml")
    sheets = child(content, "body", "spreadsheet")
    if sheets is None:
        raise ExtractionError(NOT_ONE)
    tables = Tables(limits)
    for sheet in sheets:
        if local(sheet) == "table":
            tables.add(_rows(sheet), attribute(sheet, "name"))
    return Extracted("", tuple(tables.pages), tuple(tables.headings))


def _rows(sheet: Element) -> Iterator[list[str]]:
    for line in below(sheet, whole=("table-row",)):
        if local(line) == "table-row":
            cells = list(_cells(line))
            repeated = attribute(line, "number-rows-repeated")
            times = whole_number(repeated, MOST_ROWS) if repeated else 1
            yield from [cells] * (min(times, MOST_ROWS) if any(cells) else times if times <= MOST_ROWS else 0)


def _cells(line: Element) -> Iterator[str]:
    """Yield a row's cells; empty ones at its end are left out."""
    empty = width = 0
    for cell in line:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = attribute(cell, "number-columns-repeated")
        times = min(whole_number(repeated, MAX_COLUMNS), MAX_COLUMNS) if repeated else 1
        text = _words(cell)
        if not text:
            empty += times
            continue
        if width + empty + times > MAX_COLUMNS:
            return
        yield from [""] * empty + [text] * times
        width, empty = width + empty + times, 0


def _words(cell: Element) -> str:
    paragraphs = ["".join(part.itertext()) for part in cell if local(part) == "p"]
    remarks = [
        f"(Comment: {' '.join(''.join(text.itertext()) for text in part if local(text) == 'p')})"
        for part in cell
        if local(part) == "annotation"
    ]
    return " ".join(filter(None, [*paragraphs, *remarks]))
