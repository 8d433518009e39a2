"""Limits how long a model that was asked may stay silent."""

import asyncio

from django.conf import settings

# A server that only shows signs of life, because it loads a model or has a queue, is given up after this many seconds.
MOST_SECONDS_WITHOUT_A_TOKEN = 900.0


class Patience:
    """How long to wait: for the first token from the call's start, then from one token to the next."""

    def __init__(self) -> None:
        self.heard = False
        self.seconds: float = settings.ANSWER_START_TIMEOUT
        # Read once: reading Django's settings for every token would cost as much as reading the token.
        self._idle_seconds: float = settings.ANSWER_IDLE_TIMEOUT
        self._loop = asyncio.get_running_loop()
        self._until = self._latest = 0.0
        self._begin()

    def limit(self) -> asyncio.Timeout:
        return asyncio.timeout_at(self._until)

    def renew(self) -> None:
        """Start to wait for the next token: one came."""
        self.heard = True
        self.seconds = self._idle_seconds
        self._begin()

    def prolong(self) -> None:
        """Wait longer: no token came, but a sign of life."""
        self._until = min(self._loop.time() + self.seconds, self._latest)

    def _begin(self) -> None:
        now = self._loop.time()
        self._until, self._latest = now + self.seconds, now + max(self.seconds, MOST_SECONDS_WITHOUT_A_TOKEN)
