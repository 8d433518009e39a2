"""Parses the cells of a spreadsheet: numbers as they are stored, and formulas whose value was not stored."""

from typing import Any

from openpyxl.worksheet import _reader
from openpyxl.xml.constants import SHEET_MAIN_NS

from documents.extraction.reading import note
from documents.extraction.types import Unread
from documents.sentences import said
from langai_site.words import gettext_noop

FORMULA, VALUE = f"{{{SHEET_MAIN_NS}}}f", f"{{{SHEET_MAIN_NS}}}v"
NOT_STORED = gettext_noop("cells with formulas whose value is not stored in the file")
# The words of a formula say little beyond these.
FORMULA_CHARACTERS = 500


class CellParser(_reader.WorkSheetParser):  # type: ignore[misc]
    """The library's parser; it leaves dates as numbers, because how they are shown follows from the format."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **{**named, "date_formats": set(), "timedelta_formats": set()})

    def parse_cell(self, element: Any) -> dict[str, Any]:  # noqa: ANN401
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.get("t") != "str":
            formula = element.find(FORMULA)
            if formula is not None and not element.findtext(VALUE):
                note(Unread.PART, said(NOT_STORED))
                cell["value"] = f"={(formula.text or 'formula')[:FORMULA_CHARACTERS]}"
        return cell
