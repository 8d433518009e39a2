"""Stops an answer that is being written or awaited once its reader has lost access.

Access ends if the account is deactivated or deleted, the key revoked, or the session or its tokens ended. Each process
checks this itself, in a few queries for all its answers, because an answer of /v1 has no row to checkpoint.
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
class _OpenAnswer:
    """An answer that is being written. `waiting` is the task that waits for its next piece."""

    proof: Proof
    refusal: LangAIError | None = None
    waiting: asyncio.Task[object] | None = None
    cancelled: int = 0

    def close(self, refusal: LangAIError) -> None:
        """Cancel the waiting task. The next check cancels it again if a library swallowed the cancellation."""
        self.refusal = refusal
        if self.waiting:
            self.cancelled += 1
            self.waiting.cancel()


_open_answers: set[_OpenAnswer] = set()


async def while_open(proof: Proof, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield the same pieces for as long as the proof is good.

    Raises AccountClosedError or AccessEndedError within LOOK seconds after that.
    """
    answer = _OpenAnswer(proof)
    _open_answers.add(answer)
    try:
        while (piece := await _next(answer, pieces)) is not _DONE:
            yield piece  # type: ignore[misc]
    finally:
        _open_answers.discard(answer)


async def awaited(proof: Proof, coming: Awaitable[T]) -> T:
    """Return the result of `coming`, if the proof stays good until then. Raises as `while_open` does.

    `coming` is not cancelled.
    """

    async def one_piece() -> AsyncGenerator[T, None]:
        yield await asyncio.shield(coming)

    async with aclosing(while_open(proof, one_piece())) as pieces:
        return await anext(pieces)


async def _next(answer: _OpenAnswer, pieces: AsyncGenerator[T, None]) -> T | object:
    if answer.refusal:
        raise answer.refusal
    task = answer.waiting = asyncio.current_task()
    assert task is not None
    try:
        return await anext(pieces, _DONE)
    except asyncio.CancelledError:
        if answer.refusal and not _cancelled_elsewhere(task, answer):
            raise answer.refusal from None
        raise
    finally:
        answer.waiting, answer.cancelled = None, 0


def _cancelled_elsewhere(task: asyncio.Task[object], answer: _OpenAnswer) -> bool:
    """Take back our own cancellations, as asyncio.timeout does, and return whether there was another one."""
    for _ in range(answer.cancelled):
        task.uncancel()
    return task.cancelling() > 0


async def keep_looking() -> None:
    """Check every LOOK seconds while answers are being written. Runs for as long as the web process."""
    while True:
        await asyncio.sleep(LOOK)
        await look()


async def look() -> None:
    """Stop the answers of this process whose readers have lost access."""
    if not _open_answers:
        return
    ended = await in_database_thread(proofs.ended_among, {answer.proof for answer in _open_answers})
    for answer in list(_open_answers):
        if refusal := ended.get(answer.proof):
            answer.close(refusal)
