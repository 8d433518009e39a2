"""Answers that were given already, for turns of the same person that ask exactly the same and may read the same.

With CACHE_SHARED other people are given them too.

Nothing confidential is looked up here or kept, nor an answer that is not complete. A turn comes here with its route:
what its label and its budget allow has been decided by then.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from chat.llm.built_in import BUILT_IN
from chat.llm.providers import provider_of
from chat.llm.types import ModelQuestion, Numbered
from chat.turns import shared_calls
from langai_site.database import caches
from langai_site.outbound.types import Delta, Ledger, ModelOutput
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Entry

KIND = "answers"
# Characters that are given at once, before others get their turn in the event loop.
PIECE = 2_000


@dataclass(frozen=True)
class StoredAnswer:
    """A complete answer, without what the model thought, and what its call cost: None if its model has no price."""

    text: str
    cost: Decimal | None


def answer(
    ask: ModelQuestion, collections: Sequence[int], ledger: Ledger, *, fresh: bool = False
) -> AsyncGenerator[ModelOutput, None]:
    """Stream the answer as `Provider.stream` does: a kept one, one that is being written right now, or a new one.

    `collections` are the ids of those that the turn's reader may be answered from. `fresh`: the model is asked, and
    what it says takes the place of what was kept.
    """
    if not _may_be_shared(ask):
        return provider_of(ask.model).stream(ask, ledger)
    return _shared(ask, key_of(ask, collections), ledger, fresh)


def _may_be_shared(ask: ModelQuestion) -> bool:
    """Not what is confidential, nor the rest of an answer; and the models that are built in are there at once."""
    is_whole = not ask.written and ask.model not in BUILT_IN
    return settings.CACHE_TTL > 0 and is_whole and ask.label < Sensitivity.CONFIDENTIAL


def key_of(ask: ModelQuestion, collections: Sequence[int]) -> str:
    """The name of the answer for all turns that ask the same model the same, in the same way, for the same readers.

    Turns of one person, unless CACHE_SHARED says otherwise.

    A keyed hash: it tells nothing of what was asked.
    """
    parts = {
        "model": (ask.model.name, ask.model.hosted, sorted(ask.model.parameters.items())),
        "parameters": (ask.temperature, ask.max_tokens),
        # A call that may leave the building is not shared with a turn whose text must not.
        "local_only": ask.local_only,
        "messages": [(message.role, message.text) for message in ask.messages],
        "passages": [_place(passage) for passage in ask.passages],
        "label": ask.label,
        "readers": sorted(collections),
        "people": caches.people(ask.caller.user_id),
    }
    return caches.keyed_name(KIND, parts)


def _place(passage: Numbered) -> tuple[int | str, ...]:
    hit = passage.hit
    return passage.number, hit.passage_id, str(hit.source_id), hit.version, hit.page, hit.start, hit.end


async def _shared(ask: ModelQuestion, key: str, ledger: Ledger, fresh: bool) -> AsyncGenerator[ModelOutput, None]:
    async with aclosing(await _found(ask, key, ledger, fresh)) as outputs:
        async for output in outputs:
            yield output


async def _found(ask: ModelQuestion, key: str, ledger: Ledger, fresh: bool) -> AsyncGenerator[ModelOutput, None]:
    flight = None
    if not fresh:
        kept = None if shared_calls.found(key) else await _kept(key)
        if kept or shared_calls.found(key):
            # No call is made for this turn, so no door asks whether it may have the answer.
            present = await ask.admitted()
            if kept:
                return _given(kept, shared_calls.CallSeat(ask, present.documents), ledger)
        # Another turn may have begun to ask meanwhile, or the one that did may be done.
        flight = shared_calls.found(key)

    async def keep(text: str, entry: Entry) -> None:
        await _keep(key, StoredAnswer(text, entry.cost))

    return (flight or shared_calls.start(key, ask, keep)).watch(ask, ledger)


async def _given(kept: StoredAnswer, seat: shared_calls.CallSeat, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
    """A kept answer, as fast as it is taken."""
    status = "stopped"
    try:
        for start in range(0, len(kept.text), PIECE):
            piece = Delta(kept.text[start : start + PIECE])
            seat.heard(piece)
            yield piece
            await asyncio.sleep(0)
        status = "complete"
    finally:
        ledger(seat.entry(status, kept.cost))


async def _kept(key: str) -> StoredAnswer | None:
    written = caches.opened(KIND, await caches.tried("answers", "get", key))
    if written is None:
        return None
    text, cost = json.loads(written)
    return StoredAnswer(text, None if cost is None else Decimal(cost))


async def _keep(key: str, kept: StoredAnswer) -> None:
    written = json.dumps([kept.text, None if kept.cost is None else str(kept.cost)])
    await caches.tried("answers", "set", key, caches.sealed(KIND, written.encode()), settings.CACHE_TTL)
