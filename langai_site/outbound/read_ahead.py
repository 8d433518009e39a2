"""Joins the pieces of an answer that have arrived together.

Servers send each token in a chunk of its own, and one packet brings dozens of them. Decoding each by itself costs more
than the decoding, so a task collects what is there while nobody waits for it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

# Bytes that are collected at most, about twenty tokens: the event loop gets its turn after decoding them.
MOST = 2**12


async def joined(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of `chunks` in fewer pieces, and raise what it raises after everything that came before.

    Nothing that has arrived waits for what has not. Closing the generator closes `chunks`.
    """
    reader = _Reader(chunks)
    task = asyncio.create_task(reader.run())
    try:
        while piece := await reader.take():
            yield piece
    finally:
        task.cancel()
        await asyncio.wait([task])
    if reader.error is not None:
        raise reader.error


class _Reader:
    """Collects bytes in one task for another one. Each waits for the other by a future of its own."""

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        self.error: Exception | None = None
        self._chunks = chunks
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0
        self._is_at_end = False
        # What the taker waits for: bytes or the end; and the reader: room.
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Read to the end, but never far ahead of the taker."""
        try:
            async with aclosing(self._chunks) as chunks:
                async for chunk in chunks:
                    # A large one comes alone: the text before it must not share its fate.
                    if self._size and self._size + len(chunk) > MOST:
                        self._room = self._loop.create_future()
                        await self._room
                    self._held.append(chunk)
                    self._size += len(chunk)
                    if self._arrival is not None:
                        _wake(self._arrival)
        except Exception as error:
            self.error = error
        finally:
            self._is_at_end = True
            if self._arrival is not None:
                _wake(self._arrival)

    async def take(self) -> bytes:
        """Return what has arrived, waiting for something; nothing at the end."""
        while not self._size and not self._is_at_end:
            self._arrival = self._loop.create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        piece = b"".join(self._held)
        self._held.clear()
        self._size = 0
        if self._room is not None:
            _wake(self._room)
        return piece


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
