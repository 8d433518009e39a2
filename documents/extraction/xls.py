"""Reads old spreadsheets, `.xls`: each visible sheet, row by row, as it is shown."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from documents.extraction.number_formats import shown_number, shown_text
from documents.extraction.reading import note
from documents.extraction.signatures import LOCKED, UNREADABLE
from documents.extraction.tables import Tables
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread
from documents.sentences import said
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

HIDDEN = gettext_noop("the hidden sheet “%(name)s”")
DAMAGED = gettext_noop(
    "This spreadsheet is damaged, or was made by a program that writes .xls badly. Save it again as .xlsx."
)
DAMAGES = (*UNREADABLE, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, struct.error)


def extract(path: Path, limits: Limits) -> Extracted:
    book, tables = _opened(path), Tables(limits)
    for sheet in book.sheets():
        if sheet.visibility:
            note(Unread.PART, said(HIDDEN, name=sheet.name))
            continue
        try:
            tables.add(_rows(book, sheet), sheet.name)
        except ExtractionError:
            raise
        except DAMAGES as error:
            raise ExtractionError(
                gettext_noop("Sheet “%(name)s”: %(reason)s"), name=sheet.name, reason=said(DAMAGED)
            ) from error
    return Extracted("", tuple(tables.pages), tuple(tables.headings))


def _opened(path: Path) -> "Book":
    import io

    import xlrd

    try:
        return xlrd.open_workbook(str(path), logfile=io.StringIO(), formatting_info=True, ragged_rows=True)
    except xlrd.XLRDError as error:
        raise ExtractionError(LOCKED if "encrypted" in str(error) else DAMAGED) from error
    except DAMAGES as error:
        raise ExtractionError(DAMAGED) from error


def _rows(book: "Book", sheet: "Sheet") -> Iterator[list[str]]:
    for number in range(sheet.nrows):
        yield [_shown(book, cell) for cell in sheet.row(number)]


def _shown(book: "Book", cell: Any) -> str:  # noqa: ANN401
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return shown_number(cell.value, _format(book, cell), since_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return shown_text(cell.value, _format(book, cell))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    return xlrd.error_text_from_code.get(cell.value, "#") if cell.ctype == xlrd.XL_CELL_ERROR else ""


def _format(book: "Book", cell: Any) -> str:  # noqa: ANN401
    """Return a cell's format; of dates in the order of a country, the one that all understand."""
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return ""
    key = book.xf_list[cell.xf_index].format_key
    named = {14: "yyyy-mm-dd", 22: "yyyy-mm-dd hh:mm"}.get(key)
    found = book.format_map.get(key)
    return named or (found.format_str if found is not None else "")
