"""The channel layer of a deployment with one web process: memory."""

import time

from channels.layers import InMemoryChannelLayer

CLEAN_EVERY = 1.0


class MemoryLayer(InMemoryChannelLayer):
    """Looks for what has expired once a second: at every send, each open socket would cost every other one time."""

    _cleaned_at = 0.0

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now - self._cleaned_at >= CLEAN_EVERY:
            self._cleaned_at = now
            super()._clean_expired()
