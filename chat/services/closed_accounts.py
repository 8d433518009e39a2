"""Stops the answers of /v1 whose person's account was switched off or deleted while they are being written.

They have no row that a checkpoint could ask, so their process looks by itself: one query for all of them.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TypeVar

from langai_site.accounts import open_accounts
from langai_site.accounts.open_accounts import AccountClosed
from langai_site.writer import write

T = TypeVar("T")

LOOK = 3.0
_DONE = object()


@dataclass(eq=False)
class _Watched:
    """An answer that is being written. `waiting` is the task that waits for its next piece."""

    user_id: int
    closed: bool = False
    waiting: asyncio.Task[object] | None = None
    cancelled: int = 0

    def close(self) -> None:
        """Stop the waiting; again at the next look, where the cancellation got lost in a library on its way."""
        self.closed = True
        if self.waiting:
            self.cancelled += 1
            self.waiting.cancel()


_watched: set[_Watched] = set()


async def while_open(user_id: int, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same pieces, for as long as the account is open. Raises AccountClosed within LOOK seconds after that."""
    watched = _Watched(user_id)
    _watched.add(watched)
    try:
        while (piece := await _next(watched, pieces)) is not _DONE:
            yield piece  # type: ignore[misc]
    finally:
        _watched.discard(watched)


async def _next(watched: _Watched, pieces: AsyncGenerator[T, None]) -> T | object:
    if watched.closed:
        raise AccountClosed
    task = watched.waiting = asyncio.current_task()
    assert task is not None
    try:
        return await anext(pieces, _DONE)
    except asyncio.CancelledError:
        if watched.closed and not _cancelled_elsewhere(task, watched):
            raise AccountClosed from None
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
    """Stop the answers of this process whose account is closed."""
    if not _watched:
        return
    closed = await write(open_accounts.closed_among, {watched.user_id for watched in _watched})
    for watched in list(_watched):
        if watched.user_id in closed:
            watched.close()
