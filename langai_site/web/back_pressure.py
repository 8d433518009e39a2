"""Slows a response down to the speed of its reader, instead of keeping all of it in memory.

Daphne passes every piece to the connection immediately. A file that is streamed from the disk would wait there as a
whole for the slowest of its readers.
"""

import asyncio
from typing import Any

from daphne.http_protocol import WebRequest
from twisted.python.failure import Failure


class PacedRequest(WebRequest):  # type: ignore[misc]
    """A request that knows whether there is room for more of its response: Twisted's push producer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Twisted's
        super().__init__(*args, **kwargs)
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def room(self) -> None:
        """Return when the connection takes more, or is lost."""
        await self._has_room.wait()

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and message.get("more_body") and self.producer is None:
            self.registerProducer(self, True)
        super().handle_reply(message)

    def finish(self) -> None:
        if self.producer is self:
            self.unregisterProducer()
        super().finish()

    # The connection calls these when its buffer is full, and when it is empty.

    def pauseProducing(self) -> None:  # noqa: N802
        self._has_room.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._has_room.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._has_room.set()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        self._has_room.set()
        super().connectionLost(reason)
