"""Exports reports and entries as CSV and JSON, in pieces. Money is a full decimal, as text if JSON would round it.

A name that begins like a formula gets an apostrophe in CSV, so that spreadsheets do not compute what a person has
called a team or a model (`formulas`). Numbers stay numbers.
"""

import csv
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from langai_site.usage.reports import adding, answering, formulas
from langai_site.usage.reports.types import DIMENSIONS, FIGURES, Figures, Report, ReportQuery, numbers
from langai_site.usage.sums import dollars, in_billionths

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
CHUNK = 1000
MONEY = ("cost", "saved")
# The columns of an entry in exports, with those of the ledger.
ENTRY_COLUMNS: Mapping[str, str] = {
    "time": "at",
    "user": "username",
    "team": "team",
    "model": "model",
    "provider": "provider",
    "place": "hosted",
    "kind": "kind",
    "source": "source",
    "label": "label",
    "route_reason": "route",
    "cached": "cached",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cached_tokens",
    "estimated": "estimated",
    "price_version": "price_version",
    "cost": "cost",
    "saved": "saved",
    "first_token_ms": "first_token_ms",
    "duration_ms": "duration_ms",
    "status": "status",
}

Cell = str | int | bool | Decimal | None
Rows = Iterable[Sequence[Cell]]


def line_rows(report: Report) -> tuple[tuple[str, ...], Rows]:
    """Return the columns of a report's lines, and the lines."""
    rows = ((*report.query.written(line.key), *_cells(line.figures)) for line in report.lines)
    return (*report.query.columns, *FIGURES), rows


def entry_rows(query: ReportQuery) -> tuple[tuple[str, ...], Rows]:
    """Return the columns of the entries that a query sums, and the entries, oldest first."""
    return tuple(ENTRY_COLUMNS), _entries(query)


def _entries(query: ReportQuery) -> Iterator[Sequence[Cell]]:
    """Yield entries, reading each piece in a separate query: a slow reader must not keep the database waiting."""
    found = adding.entries(query).order_by("at", "id")
    columns = list(ENTRY_COLUMNS.values())
    after = Q()
    while rows := list(found.filter(after).values_list("id", *columns)[:CHUNK]):
        yield from (_entry(dict(zip(columns, row[1:], strict=True))) for row in rows)
        pk, at = rows[-1][:2]
        # Written like this so that the database enters the index at that time and does not scan earlier rows again.
        after = Q(at__gte=at) & (Q(at__gt=at) | Q(id__gt=pk))


def _entry(values: Mapping[str, object]) -> Sequence[Cell]:
    return [_cell(column, values[column]) for column in ENTRY_COLUMNS.values()]


def _cell(column: str, value: object) -> Cell:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="milliseconds")
    if column in ("hosted", "label"):
        return DIMENSIONS[column].written(value)
    assert value is None or isinstance(value, str | int | Decimal)
    return value


def _cells(figures: Figures) -> Sequence[Cell]:
    counts = numbers(figures)[:-2]
    return (*counts, figures.cost_dollars, figures.saved_dollars)


def as_csv(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Yield lines of CSV; the first names the columns. An unknown cost is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file)
    for row in itertools.chain([columns], rows):
        writer.writerow([_in_csv(cell) for cell in row])
        yield file.getvalue()
        file.seek(0)
        file.truncate()


def _in_csv(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, str):
        return formulas.as_text(cell)
    return "" if cell is None else str(cell)


def as_json(query: ReportQuery, name: str, columns: Sequence[str], rows: Rows) -> Iterator[str]:
    """Yield one object: the days, the filters, under `name` the rows as objects, and at the end the total."""
    total = Counter[str]()
    yield f'{json.dumps(_query_in_json(query))[:-1]}, "{name}": ['
    for number, row in enumerate(rows):
        values = dict(zip(columns, row, strict=True))
        _count(total, values)
        yield ("," if number else "") + "\n" + json.dumps(values, default=_in_json)
    yield f'\n], "total": {json.dumps(_total_in_json(total), default=_in_json)}}}\n'


def _query_in_json(query: ReportQuery) -> dict[str, object]:
    only = {name: DIMENSIONS[name].written(value) for name, value in query.only}
    return {"from": query.start.isoformat(), "to": query.end.isoformat(), "only": only}


def _count(total: Counter[str], values: Mapping[str, Any]) -> None:
    """Add a line, or a single entry, to the total; money in billionths, because counters are whole numbers."""
    total["entries"] += values.get("entries", 1)
    total["unpriced"] += values.get("unpriced", int(values["cost"] is None))
    for name in adding.TOKENS:
        total[name] += values[name]
    for name in MONEY:
        total[name] += in_billionths(values[name] or Decimal(0))


def _total_in_json(total: Counter[str]) -> dict[str, object]:
    return {**total, **{name: dollars(total[name]) for name in MONEY}}


def _in_json(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def written(query: ReportQuery, rows: str, form: str) -> Iterator[str]:
    """Return the `lines` of a report, or the `entries` that it sums, in one of FORMATS."""
    columns, values = line_rows(answering.report(query)) if rows == "lines" else entry_rows(query)
    return as_csv(columns, values) if form == "csv" else as_json(query, rows, columns, values)
