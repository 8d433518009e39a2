"""Pure: Anthropic's messages, streamed or whole.

Shapes: platform.claude.com/docs/en/build-with-claude/streaming.
"""

from collections.abc import Mapping
from typing import Any

from langai_site.outbound.lanes import counts
from langai_site.outbound.lanes.anthropic_request import REDACTED, SIGNED, build
from langai_site.outbound.lanes.decoding import BaseDecoder, is_bare_error
from langai_site.outbound.lanes.events import Event, FinishReason, ToolCallDelta, UsageDelta
from langai_site.outbound.lanes.finish import finish_reason
from langai_site.outbound.lanes.lines import LONGEST_EVENT
from langai_site.outbound.lanes.openai_content import json_text, words
from langai_site.outbound.lanes.surrogates import whole

__all__ = ["Decoder", "build"]

READ = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")

DELTAS = {
    "text": "text_delta",
    "thinking": "thinking_delta",
    "signature": "signature_delta",
    "partial_json": "input_json_delta",
}


class Decoder(BaseDecoder):
    """Decodes Anthropic's events. An answer is complete at a finish reason or at `message_stop`."""

    def __init__(self, *, opened: bool = False, longest: int = LONGEST_EVENT) -> None:
        """`opened`: the text begins inside a thought. `longest`: the most bytes of one event."""
        super().__init__(opened=opened, longest=longest)
        self._read_tokens = dict.fromkeys(READ, 0)
        self._signature: list[str] = []
        # The number of the call for each block that is a call, and arguments that came with the block's start.
        self._calls: dict[Any, int] = {}
        self._arguments: dict[int, str] = {}

    def _read(self, chunk: Mapping[str, Any], found: list[Event]) -> None:
        kind = chunk.get("type")
        if kind == "content_block_delta":
            self._read_delta(chunk, counts.inner(chunk, "delta"), found)
        elif kind == "content_block_start":
            self._end_block(found)
            self._read_block(_key(chunk.get("index")), counts.inner(chunk, "content_block"), found)
        elif kind == "content_block_stop":
            self._end_block(found)
        elif error := chunk.get("error"):
            self._fail(error, found)
        elif kind == "error" or (kind is None and is_bare_error(chunk)):
            self._fail(chunk, found)
        else:
            self._read_message(kind, chunk, found)

    def _read_message(self, kind: Any, chunk: Mapping[str, Any], found: list[Event]) -> None:  # noqa: ANN401
        """Read the events of the message as a whole: its start, counts, reason and stop."""
        is_whole = kind == "message" or (kind is None and isinstance(chunk.get("content"), list | str))
        inner = chunk if is_whole else counts.inner(chunk, "message")
        content = inner.get("content")
        for number, block in enumerate(content if isinstance(content, list) else ()):
            if isinstance(block, dict):
                self._read_block(number, block, found)
                self._end_block(found)
        if isinstance(content, str):
            found += self._voice.say(content)
        self._has_message |= is_whole
        for usage in (inner.get("usage"), chunk.get("usage")):
            self._count(self._usage(usage), found)
        delta = counts.inner(chunk, "delta")
        if reason := finish_reason(delta.get("stop_reason")) or finish_reason(inner.get("stop_reason")):
            self._end_block(found)
            self._finish(reason, found)
        elif kind == "message_stop":
            self._end_block(found)
            self._finish(FinishReason.STOP, found)

    def _read_block(self, key: Any, block: Mapping[str, Any], found: list[Event]) -> None:  # noqa: ANN401
        kind = block.get("type")
        if kind == "text":
            found += self._voice.say(words(block.get("text")))
        elif kind == "thinking":
            found += self._voice.think(words(block.get("thinking")))
            self._sign(block)
        elif kind == "redacted_thinking":
            if data := words(block.get("data")):
                found += self._voice.think("", REDACTED + data)
        elif kind == "tool_use":
            number = self._calls[key] = len(self._calls)
            identity, name = (whole(words(block.get(key))) for key in ("id", "name"))
            self._call(ToolCallDelta(number, identity, name, ""), found)
            if block.get("input"):
                self._arguments[number] = whole(json_text(block["input"]))

    def _read_delta(self, chunk: Mapping[str, Any], delta: Mapping[str, Any], found: list[Event]) -> None:
        # Without its type, a delta has it in the name of its field.
        kind = delta.get("type") or next((kind for field, kind in DELTAS.items() if field in delta), None)
        if kind == "text_delta":
            found += self._voice.say(words(delta.get("text")))
        elif kind == "thinking_delta":
            found += self._voice.think(words(delta.get("thinking")))
        elif kind == "signature_delta":
            self._sign(delta)
        elif kind == "input_json_delta":
            number = self._calls.get(_key(chunk.get("index")))
            text = words(delta.get("partial_json"))
            if number is not None and text:
                self._arguments.pop(number, None)
                self._call(ToolCallDelta(number, "", "", whole(text)), found)

    def _sign(self, block: Mapping[str, Any]) -> None:
        if signature := words(block.get("signature")):
            self._signature.append(signature)

    def _end_block(self, found: list[Event]) -> None:
        """Add what is complete at the end of a block: a signature, and arguments that did not come in fragments."""
        if self._signature:
            found += self._voice.think("", SIGNED + "".join(self._signature))
            self._signature = []
        for number, arguments in self._arguments.items():
            self._call(ToolCallDelta(number, "", "", arguments), found)
        self._arguments = {}

    def _usage(self, usage: Any) -> UsageDelta | None:  # noqa: ANN401 - whatever a server sends
        """Return all counts so far. The parts of the input are counted separately, and may come in several events."""
        if not isinstance(usage, dict):
            return None
        try:
            read = {name: counts.count(usage.get(name)) for name in READ}
            written = counts.first(usage, "output_tokens")
            thought = counts.first(counts.inner(usage, "output_tokens_details"), "thinking_tokens", "reasoning_tokens")
        except counts.AbsurdError:
            return None
        self._read_tokens = {name: max(number, read[name]) for name, number in self._read_tokens.items()}
        _, cached, created = self._read_tokens.values()
        return UsageDelta(sum(self._read_tokens.values()), written, thought, cached, created)


def _key(index: Any) -> Any:  # noqa: ANN401 - whatever a server sends, as far as it can be a key
    return index if isinstance(index, str | int | float) else None
