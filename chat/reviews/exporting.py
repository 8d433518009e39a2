"""Writes a review table as CSV or XLSX, with a link to the page that each answer comes from."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from chat.models import ReviewCell, ReviewColumn
from chat.reviews.showing import ShownCell, ShownRow, ShownTable
from langai_site.usage.reports import formulas

Value = str | Decimal | date
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Kind = ReviewColumn.Kind


def rows_of(found: ShownTable, link: str) -> Iterator[Sequence[Value]]:
    """Yield the heading and the rows: the document, then value, state and source of each question.

    `link` is the beginning of all links. A document that may no longer be read has an empty row.
    """
    head: list[Value] = [_("Document")]
    for column in found.columns:
        head += [
            column.name,
            _("%(name)s: state") % {"name": column.name},
            _("%(name)s: source") % {"name": column.name},
        ]
    yield head
    for row in found.rows:
        yield [_title(row), *(value for one in row.cells for value in _values(one, link))]


def _title(row: ShownRow) -> str:
    return row.source.title if row.source else _("A document that you cannot read any more")


def _values(one: ShownCell, link: str) -> tuple[Value, str, str]:
    cell = one.cell
    first = next(iter(cell.citations), None)
    return _typed(one), state_words(cell, outdated=one.is_outdated), link + place_of(first) if first else ""


def place_of(citation: dict[str, object]) -> str:
    """Return the address of a cited passage, without the beginning."""
    place = "&".join(f"{name}={citation[name]}" for name in ("page", "start", "end"))
    return f"/sources/{citation['source']}/?{place}"


def _typed(one: ShownCell) -> Value:
    text, kind = one.cell.shown, one.column.kind
    if kind == Kind.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    if kind == Kind.NUMBER and one.cell.correction is None and one.cell.number is not None:
        return one.cell.number
    if kind == Kind.YES_NO:
        return value_words(text, kind)
    return text


def value_words(value: str, kind: str) -> str:
    """Return a value in the words of the page."""
    words = {"yes": _("Yes"), "no": _("No")} if kind == Kind.YES_NO else {}
    return words.get(value, value)


def state_words(cell: ReviewCell, *, outdated: bool) -> str:
    """Return in a few words how far a cell can be relied on."""
    if cell.correction is not None:
        changed = cell.is_outdated_correction or outdated
        return _("corrected by hand; changed since") if changed else _("corrected by hand")
    words = cell.get_verdict_display() if cell.state == cell.State.DONE else cell.get_state_display()
    return _("%(state)s; changed since") % {"state": words} if outdated else str(words)


def as_csv(found: ShownTable, link: str) -> bytes:
    """Return the table as CSV. What begins like a formula gets an apostrophe, so that no spreadsheet computes it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows_of(found, link):
        writer.writerow([formulas.as_text(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(found: ShownTable, link: str) -> bytes:
    """Return the table as a workbook with typed dates and numbers; texts are never formulas."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    # Spreadsheets know no earlier day, and show its number as ####.
    first_day = date(1900, 3, 1)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _("Review table")[:31]
    sheet.freeze_panes = "B2"
    for down, row in enumerate(rows_of(found, link), 1):
        for across, value in enumerate(row, 1):
            cell = sheet.cell(down, across)
            if isinstance(value, date) and value < first_day:
                value = value.isoformat()
            if isinstance(value, str):
                # Its type after its value: otherwise a text that begins like a formula would be one.
                cell.value, cell.data_type = ILLEGAL_CHARACTERS_RE.sub("", value), "s"
                if value.startswith(f"{link}/sources/"):
                    cell.hyperlink = value
            else:
                cell.value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
