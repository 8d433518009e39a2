"""Reads a review table for its page and its exports: sorted, filtered, and without what may no longer be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Count

from chat.models import ReviewCell, ReviewColumn, ReviewRow, ReviewTable
from chat.reviews.pricing import is_outdated
from chat.reviews.tables import readable_sources
from chat.reviews.values import number_of
from langai_site.accounts.models import User
from search.models import Source

ROWS_A_PAGE = 25
# What a page and the exports do not need of each cell.
HEAVY = ("text", "checks", "receipt")
State = ReviewCell.State


@dataclass(frozen=True)
class ReviewOrder:
    """How a table is shown: sorted by a column (None: by title), the doubtful rows alone, those with `words`."""

    column: int | None = None
    descending: bool = False
    doubtful: bool = False
    words: str = ""


@dataclass(frozen=True)
class ShownCell:
    """A cell of the page; `is_outdated`: document or question has changed since it was answered."""

    cell: ReviewCell
    column: ReviewColumn
    is_outdated: bool

    @property
    def places(self) -> Sequence[Mapping[str, object]]:
        """Return the first citations."""
        found: list[Mapping[str, object]] = self.cell.citations
        return found[:3]


@dataclass(frozen=True)
class ShownRow:
    """A document of the page; without `source` it may not be read any more, and nothing of it is shown."""

    row: ReviewRow
    source: Source | None
    cells: Sequence[ShownCell] = ()

    @property
    def is_doubtful(self) -> bool:
        return any(one.cell.is_doubtful or one.is_outdated for one in self.cells)


@dataclass
class ShownTable:
    """A table as its owner sees it now: all rows that its filter leaves, in order."""

    table: ReviewTable
    columns: Sequence[ReviewColumn]
    rows: Sequence[ShownRow]
    documents: int
    states: Mapping[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        return sum(self.states.values())

    @property
    def answered(self) -> int:
        return self.states.get(State.DONE, 0)

    @property
    def failed(self) -> int:
        return self.states.get(State.FAILED, 0)


def shown(user: User, table: ReviewTable, order: ReviewOrder) -> ShownTable:
    """Return the table in five statements, however many rows it has."""
    columns = list(table.columns.all())
    rows = list(table.rows.all())
    sources = readable_sources(user, [row.document for row in rows])
    cells = _cells(table, columns, rows, sources)
    every = [ShownRow(row, sources.get(row.document), cells.get(row.pk, ())) for row in rows]
    counted = ReviewCell.objects.filter(row__table=table).order_by().values_list("state").annotate(Count("pk"))
    kept = [row for row in every if _is_kept(row, order)]
    return ShownTable(table, columns, _sorted(kept, order), len(rows), dict(counted))


def _cells(
    table: ReviewTable, columns: Sequence[ReviewColumn], rows: Sequence[ReviewRow], sources: Mapping[UUID, Source]
) -> dict[int, list[ShownCell]]:
    of_row = {row.pk: sources[row.document] for row in rows if row.document in sources}
    found = {(cell.row_id, cell.column_id): cell for cell in ReviewCell.objects.filter(row__table=table).defer(*HEAVY)}
    return {
        pk: [
            ShownCell(cell, column, is_outdated(cell, column, source))
            for column in columns
            if (cell := found.get((pk, column.pk)))
        ]
        for pk, source in of_row.items()
    }


def _is_kept(row: ShownRow, order: ReviewOrder) -> bool:
    if order.doubtful and not row.is_doubtful:
        return False
    texts = [row.source.title if row.source else "", *(one.cell.shown for one in row.cells)]
    words = order.words.casefold()
    return not words or any(words in text.casefold() for text in texts)


def _sorted(rows: Sequence[ShownRow], order: ReviewOrder) -> list[ShownRow]:
    """Return the rows in order; what has no value comes last in either direction."""
    keys = {row.row.pk: _key(row, order.column) for row in rows}
    having = [row for row in rows if keys[row.row.pk] is not None]
    missing = [row for row in rows if keys[row.row.pk] is None]
    return [*sorted(having, key=lambda row: keys[row.row.pk] or (), reverse=order.descending), *missing]


def _key(row: ShownRow, column: int | None) -> tuple[Decimal, str] | None:
    if column is None:
        return (Decimal(0), row.source.title.casefold()) if row.source else None
    one = next((one for one in row.cells if one.column.pk == column), None)
    if one is None or not one.cell.shown:
        return None
    number = number_of(one.cell.shown) if one.column.kind == ReviewColumn.Kind.NUMBER else None
    return number or Decimal(0), one.cell.shown.casefold()
