"""Builds the outcome of a live reply that ended, with everything that its row keeps."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from chat.live.reply import Live
from chat.models import Message
from chat.routing.route import NoModelError, Rejected
from chat.turns import costs, receipts
from chat.turns.closing import TurnOutcome
from chat.turns.costs import Offer
from langai_site.errors import LangAIError
from langai_site.request_id import carried
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import Entry


def ended_with(entry: Entry, status: Message.Status) -> Entry:
    """Return the entry with the reply's status. A provider knows that it was cancelled, but not why.

    The entry stays as it was if the provider had ended by itself.
    """
    return replace(entry, status=status.value) if entry.status == Message.Status.STOPPED else entry


async def failed(reply: Live, error: LangAIError) -> TurnOutcome:
    rejected = error.rejected if isinstance(error, NoModelError) else ()
    outcome = await ended(reply, Message.Status.FAILED, error.message, error.code, rejected)
    offers = await _offers(reply, error)
    return replace(outcome, failure=error, receipt=replace(outcome.receipt, offers=offers))


async def _offers(reply: Live, error: LangAIError) -> tuple[Offer, ...] | None:
    """Return what the budget that refused the turn still allows; None if no budget did."""
    refusal = error if isinstance(error, OverBudgetError) else error.__cause__
    if not (isinstance(refusal, OverBudgetError) and reply.prepared):
        return None
    prepared, request = reply.prepared, reply.started.request
    # On a thread: prompts are built and counted.
    return await asyncio.to_thread(carried(costs.offers), request, prepared.weighed, prepared.route.model, refusal.room)


async def ended(
    reply: Live, status: Message.Status, error: str = "", code: str = "", rejected: Sequence[Rejected] = ()
) -> TurnOutcome:
    prepared, request = reply.prepared, reply.started.request
    is_complete = status == Message.Status.COMPLETE
    # On a thread: this searches the whole text for citations and quotations, and compares its sentences.
    answer = await asyncio.to_thread(
        carried(receipts.checked), reply.text, request, reply.passages, is_complete=is_complete
    )
    elapsed_ms = int((time.monotonic() - reply.began) * 1000)
    progress = prepared or reply.weighed
    receipt = receipts.receipt_of(progress, reply.entries, reply.started.before, elapsed_ms, rejected)
    return TurnOutcome(
        text=answer.text,
        status=status,
        causes=reply.causes,
        model=prepared.model.name if prepared else "" if receipt.verified else request.pick.model,
        error=error,
        error_code=code,
        receipt=replace(
            receipt,
            request=receipts.request_of(request, progress),
            unverified=answer.unverified,
            checks=answer.checks or None,
            asked=request.asked,
            length=request.pick.length,
        ),
        sources=answer.sources,
        thinking=reply.thinking.kept,
    )
