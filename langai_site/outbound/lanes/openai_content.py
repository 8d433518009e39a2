"""Pure: reads text, thinking and tool calls from a message or delta of OpenAI's format and its relatives."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from langai_site.outbound.lanes.errors import UnreadableError
from langai_site.outbound.lanes.events import Event, Refusal, TextDelta, ThinkingDelta, ToolCallDelta
from langai_site.outbound.lanes.surrogates import whole

# Servers use different names for the thought, and some send it twice under two names.
THOUGHTS = (
    *("reasoning_content", "reasoning", "thinking", "reasoning_text", "thought", "thoughts", "thinking_content"),
    *("reasoningContent", "reasoning_summary", "thinking_blocks"),
)
THINKING_TYPES = ("thinking", "think", "thought", "reasoning", "reasoning_text", "reasoning_content", "summary_text")
WORDS = ("text", "content", "thinking", "reasoning", "summary", "value", "reasoningText", "parts")
# Prefix of a signature that only this format understands.
DETAILS = "openai:"
SIGNING = ("type", "id", "format", "index", "signature", "data")
VISIBLE = re.compile(r"[!-~]*")
# In characters, of all fields together.
LONGEST_SIGNATURE = 200_000
DEEPEST = 6


def words(value: Any, depth: int = 0) -> str:  # noqa: ANN401 - whatever a server sends
    """Return the text of a string, a number, a part or a list of parts; empty if there is none."""
    if isinstance(value, str):
        return value
    if depth > DEEPEST or value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, list):
        return "".join(words(part, depth + 1) for part in value)
    if isinstance(value, dict):
        return next((text for name in WORDS if (text := words(value.get(name), depth + 1))), "")
    return ""


def json_text(value: Any) -> str:  # noqa: ANN401 - parsed JSON
    """Return a value as JSON text. Raises UnreadableError if it is nested too deeply."""
    try:
        return json.dumps(value)
    except (RecursionError, ValueError):
        raise UnreadableError("the server sent values that are nested too deeply") from None


def thoughts(delta: Mapping[str, Any]) -> list[ThinkingDelta]:
    """Return the thought in `delta`, under whichever name, once: in as many pieces as have a signature."""
    text = next((text for name in THOUGHTS if name in delta and (text := words(delta[name]))), "")
    details = delta.get("reasoning_details")
    if not isinstance(details, list):
        return [ThinkingDelta(text)] if text else []
    pieces = [ThinkingDelta(words(detail), _signature(detail)) for detail in details]
    signatures = [piece.signature for piece in pieces if piece.signature]
    own = "".join(piece.text for piece in pieces)
    if len(signatures) > 1 and own:
        return [piece for piece in pieces if piece.text or piece.signature]
    first, *others = signatures or [""]
    found = [ThinkingDelta(text or own, first), *(ThinkingDelta("", other) for other in others)]
    return [piece for piece in found if piece.text or piece.signature]


def _signature(detail: Any) -> str:  # noqa: ANN401 - whatever a server sends
    """Return what OpenRouter needs to recognise a thought, without its text."""
    if not isinstance(detail, dict) or not (detail.get("signature") or detail.get("data")):
        return ""
    fields = signed_fields(detail)
    return DETAILS + json.dumps(fields) if fields.get("signature") or fields.get("data") else ""


def signed_fields(detail: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the fields that sign a thought; empty if they are too long. Texts with spaces in them sign nothing."""
    given = {name: value for name in SIGNING if isinstance(value := detail.get(name), str | int)}
    kept = {name: value for name, value in given.items() if not isinstance(value, str) or VISIBLE.fullmatch(value)}
    return kept if sum(len(str(value)) for value in kept.values()) <= LONGEST_SIGNATURE else {}


def content_events(content: Any) -> Iterator[Event]:  # noqa: ANN401 - whatever a server sends
    """Yield the events in `content`: a string, a number, a part or a list of parts."""
    if not isinstance(content, list | dict):
        if text := words(content):
            yield TextDelta(text)
        return
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else "text"
        if kind in THINKING_TYPES:
            if text := words({name: value for name, value in part.items() if name in WORDS}):
                yield ThinkingDelta(text)
        elif kind == "refusal":
            if text := words(part.get("refusal")):
                yield Refusal(text)
        elif text := words(part):
            yield TextDelta(text)


class ToolCalls:
    """Numbers the tool calls of one answer; some servers give all of them one index, or none."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._ids: dict[int, str] = {}
        self._last = -1

    def read(self, calls: Any) -> Iterator[ToolCallDelta]:  # noqa: ANN401 - whatever a server sends
        """Yield the fragments in `calls`, a list or one call."""
        for call in calls if isinstance(calls, list) else [calls]:
            if not isinstance(call, dict):
                continue
            function = call.get("function")
            function = function if isinstance(function, dict) else call
            identity, name = (whole(words(value)) for value in (call.get("id"), function.get("name")))
            arguments = function.get("arguments")
            if not isinstance(arguments, str):
                arguments = "" if arguments is None else json_text(arguments)
            number = self._number(call.get("index"), identity, name)
            yield ToolCallDelta(number, identity, name, whole(arguments))

    def _number(self, index: Any, identity: str, name: str) -> int:  # noqa: ANN401 - whatever a server sends
        key = index if isinstance(index, int) else None
        number = self._numbers.get(key, -1)
        known = self._ids.get(number, "")
        # A name begins a call, unless it is repeated with each fragment of the same call.
        is_new = number < 0 or bool(name and identity and known and identity != known)
        if key is None and number >= 0 and name and not identity:
            is_new = True
        if is_new:
            number = self._numbers[key] = self._last = self._last + 1
        if identity:
            self._ids[number] = identity
        return number
