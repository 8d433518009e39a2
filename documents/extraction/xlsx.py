"""Reads spreadsheets: each visible sheet, row by row, as it is shown, with the values that formulas had when saved."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from documents.extraction import package, sheet_extras
from documents.extraction.number_formats import shown_number, shown_text
from documents.extraction.reading import note
from documents.extraction.sheet_extras import NOTHING, SheetExtras
from documents.extraction.signatures import UNREADABLE
from documents.extraction.tables import Tables
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread, check_pages
from documents.sentences import said
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

DAMAGED = gettext_noop(
    "This spreadsheet is damaged, or was made by a program that writes .xlsx badly. Open it and save it again."
)
# Everything that openpyxl raises for files it cannot understand.
DAMAGES = (*UNREADABLE, LookupError, TypeError, AttributeError, ArithmeticError, SyntaxError)
MAX_ROWS = 1_048_576
# The library takes three seconds for a megabyte of styles. The programs' own limit of formats is below this.
MAX_STYLES_MB = 16
HIDDEN = gettext_noop("the hidden sheet “%(name)s”")
TOO_MANY_SHEETS = gettext_noop(
    "This file has %(count)s sheets; at most %(most)s are read. Split it into several files."
)
TOO_MANY_STYLES = said(
    gettext_noop(
        "This spreadsheet has more than %(max_styles_mb)s MB of formats. Copy its values into a new file and upload "
        "that."
    ),
    max_styles_mb=str(MAX_STYLES_MB),
)
# openpyxl reads the styles from here, whatever the workbook says.
STYLES = "xl/styles.xml"
# The maximum that programs let people write. openpyxl searches a format for dates in time quadratic in its length.
MAX_FORMAT = 255
TOO_LONG_FORMAT = said(
    gettext_noop(
        "This spreadsheet has a number format of more than %(max_format)s characters. Copy its values into a new "
        "file and upload that."
    ),
    max_format=str(MAX_FORMAT),
)
MIDNIGHT = time()
SINCE_1904 = 1904
# Formats 14 and 22 of every spreadsheet: shown in the order of the country where it is opened.
DATES_BY_COUNTRY = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy h:mm": "yyyy-mm-dd hh:mm"}
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def extract(path: Path, limits: Limits) -> Extracted:
    with package.opened(path) as parts:
        parts.refuse_entities()
        _check_sheets(parts, limits)
        _check_styles(parts)
        extras = sheet_extras.read(parts)
    tables = Tables(limits)
    with closing(_opened(path)) as workbook:
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                note(Unread.PART, said(HIDDEN, name=sheet.title))
                continue
            extra = extras.get(sheet.title, NOTHING)
            tables.add(_rows(sheet, extra), sheet.title, extra.merged)
    return Extracted("", tuple(tables.pages), tuple(tables.headings))


def _check_sheets(parts: package.Package, limits: Limits) -> None:
    """Check what the library would read without a limit of its own."""
    main = parts.first_related("", "officeDocument")
    if not main:
        return
    sheets = package.child(parts.tree(main), "sheets")
    count = len(sheets) if sheets is not None else 0
    check_pages(count, limits, TOO_MANY_SHEETS)
    if len({name for kind, name in parts.related(main).values() if kind.lower().endswith("sheet")}) < count:
        # No program writes several sheets into one part, and the part would be read as often.
        raise ExtractionError(DAMAGED)


def _check_styles(parts: package.Package) -> None:
    if STYLES not in parts:
        return
    if parts.size(STYLES) > MAX_STYLES_MB * package.MB:
        raise ExtractionError(TOO_MANY_STYLES)
    formats = (element for element in parts.tree(STYLES).iter() if package.local(element) == "numFmt")
    if any(len(package.attribute(element, "formatCode")) > MAX_FORMAT for element in formats):
        raise ExtractionError(TOO_LONG_FORMAT)


def preload() -> None:
    """Load the library, and let it parse cells as this module shows them."""
    # openpyxl accepts numpy's numbers if it can import numpy, which takes longer than reading most spreadsheets.
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
    from openpyxl.worksheet import _read_only

    from documents.extraction.xlsx_cells import CellParser

    _read_only.WorkSheetParser = CellParser
    # Readers that are loaded later may want numpy.
    if sys.modules["numpy"] is None:
        del sys.modules["numpy"]


def _opened(path: Path) -> "Workbook":
    preload()
    from openpyxl import load_workbook

    try:
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except DAMAGES as error:
        raise ExtractionError(DAMAGED) from error


def _rows(sheet: "ReadOnlyWorksheet", extra: SheetExtras) -> Iterator[list[str]]:
    # Some programs write a wrong size, which would leave rows out.
    sheet.reset_dimensions()
    damaged = f"Sheet “{sheet.title}”: {DAMAGED}"
    since_1904 = sheet.parent.epoch.year == SINCE_1904
    writer = extra.writer()
    try:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > MAX_ROWS:
                raise ExtractionError(damaged)
            yield writer.row(number, [_shown(cell, since_1904=since_1904) for cell in cells])
    except DAMAGES as error:
        raise ExtractionError(damaged) from error
    yield from writer.rest()


def _shown(cell: "ReadOnlyCell | EmptyCell", *, since_1904: bool) -> str:
    """Return a cell's value as its sheet shows it."""
    value = cell.value
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return shown_text(unescaped(value), _format_of(cell))
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date | time):
        return _moment(value)
    if isinstance(value, int | float):
        return shown_number(value, _format_of(cell), since_1904=since_1904)
    return str(value)


def _format_of(cell: "ReadOnlyCell | EmptyCell") -> str:
    """Return a cell's format; of dates whose form depends on the reader's country, the one that all understand."""
    code = cell.number_format or ""
    return DATES_BY_COUNTRY.get(code, code) if len(code) <= MAX_FORMAT else ""


def _moment(value: datetime | date | time) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d") if value.time() == MIDNIGHT else value.strftime("%Y-%m-%d %H:%M")
    return value.strftime("%H:%M") if isinstance(value, time) else value.isoformat()


def unescaped(text: str) -> str:
    """Return the text with control characters, which are written as `_x000D_`, decoded."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
