"""Server-sent events: frames, and the answer that carries them."""

import json
from collections.abc import AsyncIterator, Mapping

from django.http import StreamingHttpResponse

DONE = b"data: [DONE]\n\n"
# Says that there is somebody, and is passed over by who reads.
KEEP_ALIVE = b": keep-alive\n\n"


def frame(data: Mapping[str, object], *, event: str = "", id_: str = "") -> bytes:
    """One event. JSON has no line breaks of its own, so that nothing in `data` can end a frame or begin another."""
    lines = [f"id: {id_}"] * bool(id_) + [f"event: {event}"] * bool(event)
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Some readers take these two for line breaks.
    written = written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return "\n".join([*lines, f"data: {written}", "", ""]).encode("utf-8", "replace")


class EventStream(StreamingHttpResponse):
    """Told as it comes: neither kept by caches nor held back by proxies."""

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        super().__init__(frames, content_type="text/event-stream; charset=utf-8")
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"
