"""Fills review tables in the worker, a few cells at once. The row is the queue, and its lease survives a crash.

A finished cell is written in one transaction with its entries of the ledger, so it is neither lost nor paid twice.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import ReviewCell, ReviewColumn, ReviewTable
from chat.reviews.asking import REVIEW, CellTurnState, hold_rest, request_of
from chat.reviews.pricing import Estimate, estimate
from chat.reviews.tables import access_table, readable_sources
from chat.reviews.values import number_of, value_of, verdict_of
from chat.turns import receipts
from chat.turns.collecting import CollectedTurn, collect
from chat.turns.receipt import EMPTY
from chat.turns.values import TurnRequest
from langai_site.accounts.models import User
from langai_site.database.writer import write_patiently
from langai_site.errors import LangAIError
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import sentence
from langai_site.usage import callers
from langai_site.usage.spending import reservations as usage
from search.models import Source

logger = logging.getLogger(__name__)

# Cells that are answered at once, how long one may take, and after what time its worker counts as dead.
AT_ONCE, LONGEST, LEASE = 2, timedelta(minutes=5), timedelta(minutes=7)
UNREADABLE = sentence("review.unreadable", "You cannot read this document any more, so nothing was sent.")()
TOOK_TOO_LONG = sentence("review.too_long", "The model took longer than 5 minutes. Fill the table again.")()
WENT_WRONG = sentence("review.failed", "Something went wrong inside LangAI; the log has the details.")()
State, Status = ReviewCell.State, ReviewTable.Status


@transaction.atomic
def start(user: User, table_id: UUID) -> Estimate:
    """Have the worker answer the cells that have no current answer, and reserve what that can cost.

    Raises NotFoundError, and OverBudgetError if a hard budget has no room for all of it.
    """
    table = access_table(user, table_id, lock=True)
    found = estimate(user, table)
    for price in set(found.due.values()):
        cells = [pk for pk, each in found.due.items() if each == price]
        rows = ReviewCell.objects.filter(pk__in=cells).exclude(state=State.ASKING)
        rows.update(state=State.WAITING, most=price.most, error="")
    if found.due:
        hold_rest(table)
        ReviewTable.objects.filter(pk=table.pk).update(status=Status.RUNNING, note="")
    return found


@transaction.atomic
def stop(user: User, table_id: UUID) -> None:
    """Stop a table after the cells that are being answered; what is answered stays. Raises NotFoundError."""
    table = access_table(user, table_id, lock=True)
    _rest(table, "")


def _rest(table: ReviewTable, note: str) -> None:
    """Let a table rest: nothing waits any more, and nothing is held for it."""
    waiting = ReviewCell.objects.filter(row__table=table, state=State.WAITING)
    waiting.exclude(answered_at=None).update(state=State.DONE, most=None)
    waiting.filter(answered_at=None).update(state=State.EMPTY, most=None)
    ReviewTable.objects.filter(pk=table.pk).update(status=Status.IDLE, note=note)
    usage.close(table.hold, [])


@dataclass(kw_only=True)
class _CellTurn(CollectedTurn):
    """A cell that is being answered, and what came of it so far."""

    cell: ReviewCell
    attempt: UUID
    request: TurnRequest | None
    source: UUID | None
    fingerprint: str
    has_all: bool = False

    @property
    def table(self) -> ReviewTable:
        table: ReviewTable = self.cell.row.table
        return table


def run() -> bool:
    """Answer a few cells of the tables that run; return True if there may be more."""
    claimed = [turn_ for turn_ in (_claimed() for _each in range(AT_ONCE)) if turn_]
    if claimed:
        asyncio.run(_answered(claimed))
    else:
        _finish_tables()
    return bool(claimed) and not worker.stopping.is_set()


def _finish_tables() -> None:
    """End the tables of which no cell is left to answer."""
    open_cells = Q(rows__cells__state__in=[State.WAITING, State.ASKING])
    for table in ReviewTable.objects.filter(status=Status.RUNNING).exclude(open_cells):
        with transaction.atomic():
            _rest(table, "")
    _let_lost_cells_rest()


@transaction.atomic
def _let_lost_cells_rest() -> None:
    """Take cells of stopped tables from workers that died: nobody asks them again, and nothing is held for them."""
    lost = ReviewCell.objects.filter(state=State.ASKING, lease_until__lt=timezone.now())
    for cell in lost.exclude(row__table__status=Status.RUNNING).only("attempt", "answered_at"):
        state = State.EMPTY if cell.answered_at is None else State.DONE
        mine = ReviewCell.objects.filter(pk=cell.pk, attempt=cell.attempt, state=State.ASKING)
        if cell.attempt and mine.update(state=state, attempt=None, lease_until=None, most=None):
            usage.close(cell.attempt, [])


def _claimed() -> _CellTurn | None:
    """Take the next cell, one that waits or whose worker died. Its lease makes it this worker's."""
    lost = Q(state=State.ASKING, lease_until__lt=timezone.now(), row__table__status=Status.RUNNING)
    waits = Q(state=State.WAITING, row__table__status=Status.RUNNING)
    open_cells = ReviewCell.objects.filter(waits | lost, row__table__owner__is_active=True)
    cell = open_cells.select_related("row__table__owner", "column").first()
    if cell is None:
        return None
    with transaction.atomic():
        attempt, before = uuid4(), cell.attempt
        same = ReviewCell.objects.filter(pk=cell.pk, attempt=before, state=cell.state)
        if not same.update(state=State.ASKING, attempt=attempt, lease_until=timezone.now() + LEASE):
            return None
        if before:
            # What its dead worker held; of a call that has ended, nothing is held any more.
            usage.close(before, [])
        owner = cell.row.table.owner
        usage.reserve(reply=attempt, user_id=owner.pk, team=callers.caller_of(owner, REVIEW).team)
    column: ReviewColumn = cell.column
    source = readable_sources(owner, [cell.row.document]).get(cell.row.document)
    request = request_of(owner, column, source, attempt) if source else None
    return _CellTurn(
        cell=cell,
        attempt=attempt,
        request=request,
        source=source.pk if source else None,
        fingerprint=column.fingerprint,
    )


async def _answered(claimed: Sequence[_CellTurn]) -> None:
    await asyncio.gather(*map(_answer, claimed))


async def _answer(asked: _CellTurn) -> None:
    error: LangAIError | None = None
    note = ""
    try:
        if asked.request is None:
            note = UNREADABLE
        else:
            async with asyncio.timeout(LONGEST.total_seconds()):
                await collect(asked, asked.request, CellTurnState(asked.attempt, asked.table.pk))
            asked.has_all = True
    except TimeoutError:
        note = TOOK_TOO_LONG
    except LangAIError as refused:
        error, note = refused, refused.message
    except Exception:
        logger.exception("Cell %s could not be answered", asked.cell.pk)
        note = WENT_WRONG
    values = await asyncio.to_thread(_values, asked) if asked.has_all else {"state": State.FAILED, "error": note}
    if error is not None and error.code == "over_budget":
        await write_patiently(f"the stop of table {asked.table.pk}", _stop_over_budget, asked, note)
    else:
        await write_patiently(f"cell {asked.cell.pk}", _write, asked, values)


def _values(asked: _CellTurn) -> dict[str, Any]:
    """Return what the cell keeps of its answer: the value, what it cites, and how far that bears it out."""
    assert asked.request
    kind, prepared = asked.cell.column.kind, asked.prepared
    passages = prepared.passages if prepared else ()
    kept = receipts.checked(asked.text, asked.request, passages, is_complete=True)
    numbers = {source["number"] for source in kept.sources}
    cited = {passage.number: passage.hit.text for passage in passages if passage.number in numbers}
    value = value_of(kept.text, kind)
    label = prepared.label if prepared else asked.request.label
    return {
        "state": State.DONE,
        "source_id": asked.source,
        "fingerprint": asked.fingerprint,
        "value": value or "",
        "number": number_of(value) if value and kind == ReviewColumn.Kind.NUMBER else None,
        "text": kept.text,
        "verdict": verdict_of(kept.text, kind, kept.checks, cited),
        "citations": [dict(source) for source in kept.sources],
        "checks": [check.written() for check in kept.checks],
        "receipt": receipts.receipt_of(prepared, asked.entries, EMPTY, 0).to_json(),
        "label": max(label, Sensitivity(asked.cell.column.label)),
        "model": prepared.model.display_name if prepared else "",
        "error": "",
        "answered_at": timezone.now(),
    }


@transaction.atomic
def _write(asked: _CellTurn, values: dict[str, Any]) -> None:
    """Write how the call ended, unless the cell belongs to another call by now; what it used is entered either way."""
    mine = ReviewCell.objects.filter(pk=asked.cell.pk, attempt=asked.attempt, state=State.ASKING)
    source = values.get("source_id")
    if source and not Source.objects.select_for_update().filter(pk=source).exists():
        # Deleted during the call: nothing of it is kept, and what the call used is entered all the same.
        values = {"state": State.FAILED, "error": UNREADABLE}
    mine.update(**values, lease_until=None, most=None)
    usage.close(asked.attempt, asked.entries)


@transaction.atomic
def _stop_over_budget(asked: _CellTurn, note: str) -> None:
    """Stop the table: its other cells would be refused as well."""
    _write(asked, {"state": State.WAITING})
    _rest(asked.table, note)
