"""Reads a stream along with LiteLLM, line by line, to see what LiteLLM silently ignores.

For most providers LiteLLM skips a line that is not JSON, and takes `[DONE]`, or the mere end of the stream, for a
finish reason: an answer with a gap, or half an answer, would look complete.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

# LiteLLM takes up to 0.1 ms for a line that it ignores, and does not yield to the event loop between such lines.
LINES_AT_ONCE = 16
REASONS = ("finish_reason", "stop_reason", "done_reason")


class Wire:
    """The lines of one stream, unchanged.

    `finished`: the server gave a reason. `unreadable`: there was a bad line. `usage` is as OpenAI's format sends it.
    """

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self._count = 0
        self.finished = False
        self.unreadable = False
        self.usage: Mapping[str, Any] | None = None

    def __aiter__(self) -> "Wire":
        return self

    async def __anext__(self) -> str:
        line = await anext(self._lines)
        self._count += 1
        if not self._count % LINES_AT_ONCE:
            await asyncio.sleep(0)
        if body := _body(line):
            self._note(body)
        return line

    def _note(self, body: str) -> None:
        try:
            value = json.loads(body)
        except ValueError:
            self.unreadable = True
            raise
        if isinstance(value, dict):
            self.finished = self.finished or _has_reason(value)
            self.usage = value.get("usage") or self.usage


def _body(line: str) -> str:
    """Return the JSON of an event or of a line; empty for the other fields and comments of an event stream."""
    body = line.removeprefix("data:").strip()
    if body == "[DONE]" or not (line.startswith("data:") or line.startswith("{")):
        return ""
    return body


def _has_reason(value: Mapping[str, Any]) -> bool:
    choices = value.get("choices")
    places = (value, value.get("delta"), choices[0] if isinstance(choices, list) and choices else None)
    return value.get("done") is True or any(
        isinstance(place, dict) and any(place.get(reason) for reason in REASONS) for place in places
    )


def watched(stream: Any) -> Wire | None:  # noqa: ANN401 - LiteLLM's stream, whose parts differ by provider
    """Put a Wire into LiteLLM's open `stream`. None for `openai/`, whose SDK reads the lines and raises at bad ones."""
    parser = stream.completion_stream
    lines = getattr(parser, "streaming_response", None)
    if not isinstance(lines, AsyncIterator):
        return None
    wire = parser.streaming_response = Wire(lines)
    return wire
