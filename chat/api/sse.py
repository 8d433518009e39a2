"""Server-sent events: frames, and the response that carries them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from django.http import StreamingHttpResponse

# Seconds to wait for the first frame: an error until then becomes the response's status, not a frame of its stream.
PATIENCE = 10.0
QUIET = 15.0
DONE = b"data: [DONE]\n\n"
# Shows that the connection is alive; readers ignore it.
KEEP_ALIVE = b": keep-alive\n\n"


def documented(description: str) -> dict[str, Any]:
    """Return an operation's `openapi_extra`: its good answer may be events."""
    fields = {name: {"type": "string"} for name in ("event", "id", "data")}
    event = {"type": "object", "properties": fields, "required": ["data"]}
    return {"responses": {200: {"description": description, "content": {"text/event-stream": {"schema": event}}}}}


def frame(data: Mapping[str, object], *, event: str = "", id_: str = "") -> bytes:
    """Return one event. JSON contains no raw line breaks, so nothing in `data` can end a frame or begin another."""
    lines = [f"id: {id_}"] * bool(id_) + [f"event: {event}"] * bool(event)
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Some readers treat these two as line breaks.
    written = written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return "\n".join([*lines, f"data: {written}", "", ""]).encode("utf-8", "replace")


class EventStream(StreamingHttpResponse):
    """A response sent as it comes, neither cached nor buffered by proxies. A lost connection closes the frames."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(frames, content_type="text/event-stream; charset=utf-8")
        self._frames = frames
        self["Cache-Control"] = "private, no-store"
        self["X-Accel-Buffering"] = "no"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Close the frames at the end. Django's own method leaves that to the garbage collector, in no fixed order."""
        async with aclosing(self._frames):
            async for frame in self._frames:
                yield frame


async def opened(
    frames: AsyncGenerator[bytes, None], failed: Callable[[Exception], bytes]
) -> AsyncGenerator[bytes, None]:
    """Return the same frames, started, with a keep-alive frame after each QUIET seconds of silence.

    Raises what the first frame raises, if it does so within PATIENCE, because the response's status can still report
    it. A later error becomes the last frame, made by `failed`.
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
    """Return the next frame; None at the end."""
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
    """Close the generator of the frames; only one task at a time may run it."""
    coming.cancel()
    await asyncio.wait({coming})
    await frames.aclose()
