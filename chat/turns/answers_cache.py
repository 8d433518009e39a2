"""Caches answers for turns of the same person that ask exactly the same and may read the same documents.

With CACHE_SHARED, other people get them too.

Confidential or incomplete answers are neither looked up nor stored. A turn arrives here with its route, so its label
and its budget have been checked by then.
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
from langai_site.outbound.requirements import NONE
from langai_site.outbound.types import Delta, Ledger, ModelOutput
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Entry

KIND = "answers"
# Characters of a stored answer that are sent before other tasks get their turn in the event loop.
PIECE = 2_000


@dataclass(frozen=True)
class StoredAnswer:
    """A complete answer, without the model's thoughts, and the cost of its call in US dollars; None without a price."""

    text: str
    cost: Decimal | None


def answer(
    ask: ModelQuestion, collections: Sequence[int], ledger: Ledger, *, fresh: bool = False
) -> AsyncGenerator[ModelOutput, None]:
    """Stream the answer as `Provider.stream` does: a stored one, one that is being written right now, or a new one.

    `collections` are the ids of those that the turn's reader may read. `fresh`: the model is asked, and its answer
    replaces the stored one.
    """
    if not _may_be_shared(ask):
        return provider_of(ask.model).stream(ask, ledger)
    return _shared(ask, key_of(ask, collections), ledger, fresh)


def _may_be_shared(ask: ModelQuestion) -> bool:
    """Return whether the cache may be used.

    Not for confidential turns, temporary chats, partial answers or built-in models.
    """
    is_whole = not ask.written and not ask.is_temporary and ask.model not in BUILT_IN
    # Tool calls are for the program that sent the tools, and pictures are not compared.
    is_text = ask.requirements == NONE and not ask.files
    return settings.CACHE_TTL > 0 and is_whole and is_text and ask.label < Sensitivity.CONFIDENTIAL


def key_of(ask: ModelQuestion, collections: Sequence[int]) -> str:
    """Return the key of the answer, equal for turns that ask the same model the same way for the same readers.

    Only turns of one person share it, unless CACHE_SHARED is set.

    It is a keyed hash, so it reveals nothing about the question.
    """
    parts = {
        "model": (ask.model.name, ask.model.hosted, sorted(ask.model.parameters.items())),
        "parameters": (ask.temperature, ask.max_tokens),
        # A call that may leave the building is not shared with a turn whose text must stay.
        "local_only": ask.local_only,
        "messages": [(message.role, message.all_text) for message in ask.messages],
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
    async with aclosing(await _open_stream(ask, key, ledger, fresh)) as outputs:
        async for output in outputs:
            yield output


async def _open_stream(ask: ModelQuestion, key: str, ledger: Ledger, fresh: bool) -> AsyncGenerator[ModelOutput, None]:
    flight = None
    if not fresh:
        stored = None if shared_calls.found(key) else await _load(key)
        if stored or shared_calls.found(key):
            # No call is made for this turn, so no door checks whether it may have the answer.
            present = await ask.admitted()
            if stored:
                return _replay(stored, shared_calls.CallSeat(ask, present.documents), ledger)
        # Another turn may have started a call meanwhile, or the running one may have ended.
        flight = shared_calls.found(key)

    async def keep(text: str, entry: Entry) -> None:
        await _store(key, StoredAnswer(text, entry.cost))

    return (flight or shared_calls.start(key, ask, keep)).watch(ask, ledger)


async def _replay(
    stored: StoredAnswer, seat: shared_calls.CallSeat, ledger: Ledger
) -> AsyncGenerator[ModelOutput, None]:
    """Yield a stored answer as fast as the reader takes it."""
    status = "stopped"
    try:
        for start in range(0, len(stored.text), PIECE):
            piece = Delta(stored.text[start : start + PIECE])
            seat.heard(piece)
            yield piece
            await asyncio.sleep(0)
        status = "complete"
    finally:
        ledger(seat.entry(status, stored.cost))


async def _load(key: str) -> StoredAnswer | None:
    data = caches.opened(KIND, await caches.tried("answers", "get", key))
    if data is None:
        return None
    text, cost = json.loads(data)
    return StoredAnswer(text, None if cost is None else Decimal(cost))


async def _store(key: str, stored: StoredAnswer) -> None:
    data = json.dumps([stored.text, None if stored.cost is None else str(stored.cost)])
    await caches.tried("answers", "set", key, caches.sealed(KIND, data.encode()), settings.CACHE_TTL)
