"""Pure: OpenAI's chat completions, as spoken by OpenAI and the many servers that imitate it.

Shapes: platform.openai.com/docs/api-reference/chat-streaming, and the documentation of OpenRouter, vLLM, llama.cpp, LM
Studio, Mistral, DeepSeek, Groq and Azure.
"""

from collections.abc import Mapping
from typing import Any

from langai_site.outbound.lanes import counts, openai_signatures
from langai_site.outbound.lanes.decoding import BaseDecoder, is_bare_error
from langai_site.outbound.lanes.events import Event, FinishReason, Refusal, TextDelta, ThinkingDelta
from langai_site.outbound.lanes.finish import finish_reason
from langai_site.outbound.lanes.lines import LONGEST_EVENT
from langai_site.outbound.lanes.openai_content import content_events, thoughts, words
from langai_site.outbound.lanes.openai_request import build
from langai_site.outbound.lanes.tool_calls import ToolCalls

__all__ = ["Decoder", "build"]

# Keys that only few chunks, choices and deltas have.
RARE = frozenset({"usage", "error", "x_groq", "base_resp"})
RARE_CHUNK = RARE | {"timings", "usage_metadata", "finish_reason"}
# Names of the reason in servers that do not call it `finish_reason`.
REASONS = ("stop_reason", "finishReason", "done_reason")
FIRST = (0, None, "0")


class Decoder(BaseDecoder):
    """Decodes OpenAI's stream. An answer is complete at a finish reason, at `[DONE]`, or at counts after the text."""

    def __init__(self, *, opened: bool = False, longest: int = LONGEST_EVENT) -> None:
        """`opened`: the text begins inside a thought. `longest`: the most bytes of one event."""
        super().__init__(opened=opened, longest=longest)
        self._calls = ToolCalls()
        self._has_deltas = False

    def _read(self, chunk: Mapping[str, Any], found: list[Event]) -> None:
        choices = chunk.get("choices")
        choice = _first(choices) if choices else None
        has_text = choice is not None and self._read_choice(choice, found)
        if has_text:
            self._has_ended = False
        if choices is None or not RARE_CHUNK.isdisjoint(chunk) or (choice is not None and _has_rare(choice)):
            self._read_rest(chunk, choice, found, has_text=has_text)
        if choice is not None and (reason := _reason(choice) or finish_reason(chunk.get("finish_reason"))):
            self._finish(reason, found)

    def _read_rest(
        self, chunk: Mapping[str, Any], choice: Mapping[str, Any] | None, found: list[Event], *, has_text: bool
    ) -> None:
        """Read counts and errors."""
        groq, inner = counts.inner(chunk, "x_groq"), choice or {}
        places = (chunk, groq, inner, counts.inner(inner, "delta"), counts.inner(inner, "message"))
        usage = next((usage for place in places if (usage := counts.of_openai(place.get("usage")))), None)
        usage = usage or counts.of_openai(chunk.get("usage_metadata")) or counts.of_llama_cpp(chunk.get("timings"))
        # Counts end a stream. Servers that send them all the time send them along with text.
        is_last = self._has_deltas and chunk.get("choices") == []
        self._has_ended |= not has_text and usage is not None and (usage.output_tokens > 0 or is_last)
        self._count(usage, found)
        error = next((error for place in places if (error := _error(place))), None) or _minimax_error(chunk)
        if not error and chunk.get("choices") is None and is_bare_error(chunk):
            error = chunk
        if error:
            self._fail(error, found)

    def _read_choice(self, choice: Mapping[str, Any], found: list[Event]) -> bool:
        """Read what the model wrote. Return whether it wrote anything, even if that was returned before."""
        delta = _delta(choice.get("delta"))
        is_delta = True
        if not delta or not isinstance(delta, dict):
            is_delta = False
            # After text in deltas, a whole message only repeats it.
            message = None if self._has_deltas else choice.get("message")
            if not message:
                # Old completions have their text here.
                text = words(choice.get("text"))
                for thinking in thoughts(choice):
                    found += self._voice.think(thinking.text, thinking.signature)
                found += self._voice.say(text)
                return bool(text)
            delta = message if isinstance(message, dict) else {"content": message}
            self._has_message = True
        content = delta.get("content")
        if is_delta and content:
            self._has_deltas = True
        if content is None:
            content = delta.get("text")
        if type(content) is str and len(delta) == 1:
            found += self._voice.say(content)
            return bool(content)
        before = len(found)
        for thinking in thoughts(delta):
            found += self._voice.think(thinking.text, thinking.signature)
        if type(content) is str:
            found += self._voice.say(content)
        elif content is not None:
            self._read_parts(content, found)
        if refusal := words(delta.get("refusal")):
            found.append(Refusal(self._voice.plain(refusal)))
        if calls := delta.get("tool_calls") or delta.get("function_call"):
            for signature in openai_signatures.of_calls(calls):
                found += self._voice.think("", signature)
            for call in self._calls.read(calls):
                self._call(call, found)
        return bool(content) or len(found) > before

    def _read_parts(self, content: Any, found: list[Event]) -> None:  # noqa: ANN401 - whatever a server sends
        for event in content_events(content):
            if isinstance(event, TextDelta):
                found += self._voice.say(event.text)
            elif isinstance(event, ThinkingDelta):
                found += self._voice.think(event.text, event.signature)
            elif isinstance(event, Refusal):
                found.append(Refusal(self._voice.plain(event.text)))


def _delta(delta: Any) -> Any:  # noqa: ANN401 - whatever a server sends
    """Return the object with what is new, from servers that send a text or a list instead."""
    if isinstance(delta, list):
        delta = next((one for one in delta if one), None)
    return {"content": delta} if isinstance(delta, str) and delta else delta


def _reason(choice: Mapping[str, Any]) -> FinishReason | None:
    """Return why the model stopped. Some servers say so beside the usual place, or inside the delta."""
    reason = finish_reason(choice.get("finish_reason"))
    if reason is None and "finish_reason" not in choice:
        reason = next((reason for name in REASONS if (reason := finish_reason(choice.get(name)))), None)
    if reason is None and type(delta := choice.get("delta")) is dict and "finish_reason" in delta:
        reason = finish_reason(delta["finish_reason"])
    return reason


def _has_rare(choice: Mapping[str, Any]) -> bool:
    """Return whether the choice has counts or an error in it."""
    inner = choice.get("delta") or choice.get("message")
    return not RARE.isdisjoint(choice) or (isinstance(inner, dict) and not RARE.isdisjoint(inner))


def _error(place: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever a server sends
    """Return the error in this place; None if it is empty, or only says that there was none."""
    error = place.get("error")
    return error if not isinstance(error, dict) or any(error.values()) else None


def _minimax_error(chunk: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return MiniMax's result if it is a failure: its status is 0 otherwise."""
    result = counts.inner(chunk, "base_resp")
    return result if result.get("status_code") else None


def _first(choices: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - whatever a server sends
    """Return the choice that was requested; other choices are ignored."""
    if isinstance(choices, dict):
        choices = [choices]
    if not isinstance(choices, list):
        return None
    return next((one for one in choices if isinstance(one, dict) and _is_first(one.get("index"))), None)


def _is_first(index: Any) -> bool:  # noqa: ANN401 - whatever a server sends
    return index is None or (isinstance(index, str | int | float) and index in FIRST)
