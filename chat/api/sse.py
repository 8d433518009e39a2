"""Server-sent events: frames, and the answer that carries them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from django.http import StreamingHttpResponse

# So long is waited for the first frame: what fails until then is told by the answer's status, not in its stream.
PATIENCE = 10.0
QUIET = 15.0
DONE = b"data: [DONE]\n\n"
# Says that there is somebody, and is passed over by who reads.
KEEP_ALIVE = b": keep-alive\n\n"


def documented(description: str) -> dict[str, Any]:
    """What an operation's `openapi_extra` says of its good answer: it may be events."""
    fields = {name: {"type": "string"} for name in ("event", "id", "data")}
    event = {"type": "object", "properties": fields, "required": ["data"]}
    return {"responses": {200: {"description": description, "content": {"text/event-stream": {"schema": event}}}}}


def frame(data: Mapping[str, object], *, event: str = "", id_: str = "") -> bytes:
    """One event. JSON has no line breaks of its own, so that nothing in `data` can end a frame or begin another."""
    lines = [f"id: {id_}"] * bool(id_) + [f"event: {event}"] * bool(event)
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Some readers take these two for line breaks.
    written = written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return "\n".join([*lines, f"data: {written}", "", ""]).encode("utf-8", "replace")


class EventStream(StreamingHttpResponse):
    """Told as it comes: neither kept by caches nor held back by proxies. With the connection the frames are closed."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(frames, content_type="text/event-stream; charset=utf-8")
        self._frames = frames
        self["Cache-Control"] = "private, no-store"
        self["X-Accel-Buffering"] = "no"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Django's own would leave closing to the garbage collector, in no order."""
        async with aclosing(self._frames):
            async for frame in self._frames:
                yield frame


async def opened(
    frames: AsyncGenerator[bytes, None], failed: Callable[[Exception], bytes]
) -> AsyncGenerator[bytes, None]:
    """Return the same frames, begun, with a sign of life where none comes for QUIET seconds.

    Raises what the first raises, if it does so within PATIENCE: the answer's status can still tell of it. What is
    raised later is told by the frame that `failed` makes of it, as the last one.
    """
    first = asyncio.create_task(_following(frames))
    try:
        await asyncio.wait({first}, timeout=PATIENCE)
        if first.done():
            first.result()
    except BaseException:
        await _closed(frames, first)
        raise
    return _kept_alive(frames, first, failed)


async def _following(frames: AsyncGenerator[bytes, None]) -> bytes | None:
    """The next frame; None at the end."""
    return await anext(frames, None)


async def _kept_alive(
    frames: AsyncGenerator[bytes, None], coming: asyncio.Task[bytes | None], failed: Callable[[Exception], bytes]
) -> AsyncGenerator[bytes, None]:
    try:
        while True:
            await asyncio.wait({coming}, timeout=QUIET)
            if not coming.done():
                yield KEEP_ALIVE
            elif (frame := coming.result()) is None:
                return
            else:
                yield frame
                coming = asyncio.create_task(_following(frames))
    except Exception as error:
        yield failed(error)
    finally:
        await _closed(frames, coming)


async def _closed(frames: AsyncGenerator[bytes, None], coming: asyncio.Task[bytes | None]) -> None:
    """End what makes the frames; only one task at a time may be in it."""
    coming.cancel()
    await asyncio.wait({coming})
    await frames.aclose()
