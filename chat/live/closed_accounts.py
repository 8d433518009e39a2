"""Stops an answer while it is written or awaited, once its reader has lost access.

Their account was switched off or deleted, their key revoked, their session or tokens ended. The process looks for
itself, in a few queries for all that it is sending: an answer of /v1 has no row that a checkpoint could ask.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from langai_site.accounts import proofs
from langai_site.accounts.proofs import Proof
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError

T = TypeVar("T")

LOOK = 3.0
_DONE = object()


@dataclass(eq=False)
class _Watched:
    """An answer that is being written. `waiting` is the task that waits for its next piece."""

    proof: Proof
    refusal: LangAIError | None = None
    waiting: asyncio.Task[object] | None = None
    cancelled: int = 0

    def close(self, refusal: LangAIError) -> None:
        """Stop the waiting; again at the next look, where the cancellation got lost in a library on its way."""
        self.refusal = refusal
        if self.waiting:
            self.cancelled += 1
            self.waiting.cancel()


_watched: set[_Watched] = set()


async def while_open(proof: Proof, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same pieces, for as long as the proof is good.

    Raises AccountClosedError or AccessEndedError within LOOK seconds.
    """
    watched = _Watched(proof)
    _watched.add(watched)
    try:
        while (piece := await _next(watched, pieces)) is not _DONE:
            yield piece  # type: ignore[misc]
    finally:
        _watched.discard(watched)


async def awaited(proof: Proof, coming: Awaitable[T]) -> T:
    """Return what `coming` gives, if the proof stays good until then. Raises as `while_open` does.

    `coming` is not cancelled.
    """

    async def only() -> AsyncGenerator[T, None]:
        yield await asyncio.shield(coming)

    async with aclosing(while_open(proof, only())) as pieces:
        return await anext(pieces)


async def _next(watched: _Watched, pieces: AsyncGenerator[T, None]) -> T | object:
    if watched.refusal:
        raise watched.refusal
    task = watched.waiting = asyncio.current_task()
    assert task is not None
    try:
        return await anext(pieces, _DONE)
    except asyncio.CancelledError:
        if watched.refusal and not _cancelled_elsewhere(task, watched):
            raise watched.refusal from None
        raise
    finally:
        watched.waiting, watched.cancelled = None, 0


def _cancelled_elsewhere(task: asyncio.Task[object], watched: _Watched) -> bool:
    """Take our own cancellations back, as asyncio.timeout does; another one counts beside them and goes on."""
    for _ in range(watched.cancelled):
        task.uncancel()
    return task.cancelling() > 0


async def keep_looking() -> None:
    """Look every LOOK seconds, while answers are being written. Runs for as long as the web process."""
    while True:
        await asyncio.sleep(LOOK)
        await look()


async def look() -> None:
    """Stop the answers of this process whose readers have lost access."""
    if not _watched:
        return
    ended = await in_database_thread(proofs.ended_among, {watched.proof for watched in _watched})
    for watched in list(_watched):
        if refusal := ended.get(watched.proof):
            watched.close(refusal)
