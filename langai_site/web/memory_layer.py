"""The channel layer of a deployment with one web process: memory."""

import contextlib
import time
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

CLEAN_EVERY = 1.0


class MemoryLayer(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    """Removes expired entries once a second: at every send, each open socket would slow down every other one."""

    _cleaned_at = 0.0

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now - self._cleaned_at >= CLEAN_EVERY:
            self._cleaned_at = now
            super()._clean_expired()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Put the message into every member's queue directly: none of them waits, so none needs a task."""
        self._clean_expired()
        for channel in list(self.groups.get(group, ())):
            with contextlib.suppress(ChannelFull):
                await self.send(channel, message)
