"""Limits how long a model that was asked may stay silent."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar, cast

from django.conf import settings

T = TypeVar("T")
# A server that only shows signs of life, because it loads a model or has a queue, is given up after this many seconds.
MOST_SECONDS_WITHOUT_A_TOKEN = 900.0
# Seconds after which a reader that was not waiting when its time was over is looked at again.
GRACE = 0.1


class Patience:
    """How long to wait: for the first token from the call's start, then from one token to the next."""

    def __init__(self) -> None:
        self.heard = False
        self.seconds: float = settings.ANSWER_START_TIMEOUT
        # Read once: reading Django's settings for every token would cost as much as reading the token.
        self._idle_seconds: float = settings.ANSWER_IDLE_TIMEOUT
        self._loop = asyncio.get_running_loop()
        self._until = self._latest = 0.0
        self._timer: asyncio.TimerHandle | None = None
        # Set while it waits for a piece.
        self._task: asyncio.Task[object] | None = None
        self._is_late = False
        self._begin()

    def limit(self) -> asyncio.Timeout:
        return asyncio.timeout_at(self._until)

    async def read(self, pieces: AsyncGenerator[T, None]) -> T | None:
        """Return the next piece, None at the end. Raises TimeoutError.

        Like `limit`, but with one timer for all pieces: one for each would cost as much as decoding the piece.
        """
        if self._timer is None or self._until < self._timer.when():
            self.end()
            self._timer = self._loop.call_at(self._until, self._look)
        task = self._task = cast("asyncio.Task[object]", asyncio.current_task())
        before = task.cancelling()
        try:
            piece = await anext(pieces, None)
        except asyncio.CancelledError:
            if self._is_late and task.uncancel() <= before:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
        if self._is_late:
            # The piece came in spite of the cancellation.
            task.uncancel()
            self._is_late = False
        return piece

    def _look(self) -> None:
        """End the waiting if it has lasted too long; otherwise look again when it might have."""
        now = self._loop.time()
        is_over = now >= self._until
        if is_over and self._task and not self._is_late:
            self._is_late = True
            self._task.cancel()
        # Between two pieces nobody waits for the server, so it looks again soon.
        self._timer = self._loop.call_at(now + GRACE if is_over else self._until, self._look)

    def end(self) -> None:
        """Stop the timer, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def renew(self) -> None:
        """Start to wait for the next token: one came."""
        self.heard = True
        self.seconds = self._idle_seconds
        self._begin()

    def prolong(self) -> None:
        """Wait longer: a sign of life came, but no token. Raises TimeoutError if there were only those for too long."""
        now = self._loop.time()
        if now > self._latest:
            # A server that sends them without a pause never lets a reader wait.
            raise TimeoutError
        self._until = min(now + self.seconds, self._latest)

    def _begin(self) -> None:
        now = self._loop.time()
        self._until, self._latest = now + self.seconds, now + max(self.seconds, MOST_SECONDS_WITHOUT_A_TOKEN)
