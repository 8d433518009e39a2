"""Pure: reads text, thinking and tool calls from a message or delta of OpenAI's format and its relatives."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from langai_site.outbound.lanes.errors import UnreadableError
from langai_site.outbound.lanes.events import Event, Refusal, TextDelta, ThinkingDelta
from langai_site.outbound.lanes.openai_signatures import signature_of

# Servers use different names for the thought, and some send it twice under two names.
THOUGHTS = (
    *("reasoning_content", "reasoning", "thinking", "reasoning_text", "thought", "thoughts", "thinking_content"),
    *("reasoningContent", "reasoning_summary", "thinking_blocks"),
)
THINKING_TYPES = ("thinking", "think", "thought", "reasoning", "reasoning_text", "reasoning_content", "summary_text")
WORDS = ("text", "content", "thinking", "reasoning", "summary", "value", "reasoningText", "parts")
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
    details = delta.get("reasoning_details") or delta.get("thinking_blocks")
    if not isinstance(details, list):
        return [ThinkingDelta(text)] if text else []
    pieces = [ThinkingDelta(words(detail), signature_of(detail)) for detail in details]
    signatures = [piece.signature for piece in pieces if piece.signature]
    own = "".join(piece.text for piece in pieces)
    if len(signatures) > 1 and own:
        return [piece for piece in pieces if piece.text or piece.signature]
    first, *others = signatures or [""]
    found = [ThinkingDelta(text or own, first), *(ThinkingDelta("", other) for other in others)]
    return [piece for piece in found if piece.text or piece.signature]


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
