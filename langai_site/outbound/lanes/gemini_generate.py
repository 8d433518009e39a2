"""Pure: Gemini's generateContent, streamed or whole.

Shapes: ai.google.dev/api/generate-content.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from langai_site.outbound.lanes import counts
from langai_site.outbound.lanes.decoding import BaseDecoder, is_bare_error
from langai_site.outbound.lanes.error_shapes import LONGEST_MESSAGE
from langai_site.outbound.lanes.events import Event, FinishReason, ServerFailure, ToolCallDelta, UsageDelta
from langai_site.outbound.lanes.finish import finish_reason
from langai_site.outbound.lanes.gemini_request import SIGNED, build
from langai_site.outbound.lanes.lines import LONGEST_EVENT
from langai_site.outbound.lanes.openai_content import json_text, words
from langai_site.outbound.lanes.surrogates import whole

__all__ = ["Decoder", "build"]

BLOCKED = "blocked_prompt"
NAMES = (
    *("usageMetadata", "promptFeedback", "blockReason", "blockReasonMessage", "finishReason", "thoughtSignature"),
    *("functionCall", "promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"),
    *("totalTokenCount", "cachedContentTokenCount"),
)
SNAKE = {name: re.sub(r"([A-Z])", r"_\1", name).lower() for name in NAMES}
# The reasons by their numbers in Google's protocol.
NUMBERED = (
    *("finish_reason_unspecified", "stop", "max_tokens", "safety", "recitation", "other", "blocklist"),
    *("prohibited_content", "spii", "malformed_function_call"),
)


class Decoder(BaseDecoder):
    """Decodes Gemini's stream. An answer is complete at a finish reason, which only `close` returns.

    Some models name a reason before the end and continue, so it is certain only then.
    """

    def __init__(self, *, opened: bool = False, longest: int = LONGEST_EVENT) -> None:
        """`opened`: the text begins inside a thought. `longest`: the most bytes of one event."""
        super().__init__(opened=opened, longest=longest)
        self._reason: FinishReason | None = None
        self._call_count = 0

    def _read(self, chunk: Mapping[str, Any], found: list[Event]) -> None:
        # Some proxies of Google's other doors put each chunk into another object.
        chunk = counts.inner(chunk, "response") or chunk
        candidates = chunk.get("candidates")
        given = candidates if isinstance(candidates, list) else [candidates]
        first = next((one for one in given if isinstance(one, dict) and one.get("index") in (0, None)), None)
        if first is not None:
            self._read_candidate(first, found)
        self._count(_usage(_get(chunk, "usageMetadata")), found)
        error = chunk.get("error") or (chunk if is_bare_error(chunk) else None)
        feedback = _get(chunk, "promptFeedback")
        if error:
            self._fail(error, found)
        elif isinstance(feedback, dict) and (reason := words(_get(feedback, "blockReason"))):
            self._block(reason, feedback, found)

    def _read_candidate(self, candidate: Mapping[str, Any], found: list[Event]) -> None:
        self._has_message = True
        for part in _parts(candidate.get("content")):
            self._read_part(part, found)
        reason = _reason(_get(candidate, "finishReason"))
        # A reason that says what went wrong is final.
        if reason is not None and self._reason in (None, FinishReason.STOP):
            self._reason = reason

    def _read_part(self, part: Mapping[str, Any], found: list[Event]) -> None:
        signature = words(_get(part, "thoughtSignature"))
        signed = SIGNED + signature if signature else ""
        text = words(part.get("text"))
        thought = part.get("thought")
        if thought and str(thought).lower() != "false":
            own = words(thought) if str(thought).lower() != "true" else ""
            found += self._voice.think(text or own, signed)
            return
        if signed:
            # The signature belongs to the part that follows it, see `gemini_request`.
            found += self._voice.think("", signed)
        found += self._voice.say(text)
        call = _get(part, "functionCall")
        if call and isinstance(call, dict):
            identity, name = (whole(words(call.get(key))) for key in ("id", "name"))
            arguments = whole(json_text(call.get("args") or {}))
            self._call(ToolCallDelta(self._call_count, identity, name, arguments), found)
            self._call_count += 1

    def _block(self, reason: str, feedback: Mapping[str, Any], found: list[Event]) -> None:
        """Add the failure for a question that Gemini blocked."""
        if reason.endswith("UNSPECIFIED"):
            return
        self._has_failed = True
        message = whole(words(_get(feedback, "blockReasonMessage")))[:LONGEST_MESSAGE]
        found.append(ServerFailure(0, BLOCKED, whole(reason), message=message))

    def _end(self, found: list[Event]) -> None:
        if self._reason is not None and not self._frames.is_cut:
            self._finish(self._reason, found)


def _get(fields: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever a server sends
    """Return a field, which Google's own clients also write with underscores."""
    if name in fields:
        return fields[name]
    return fields.get(SNAKE[name])


def _parts(content: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - whatever a server sends
    """Yield the parts of an answer's content: a list, one part, or only its text."""
    for one in content if isinstance(content, list) else [content]:
        parts = one.get("parts", one if "text" in one else None) if isinstance(one, dict) else one
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict):
                yield part
            elif isinstance(part, str):
                yield {"text": part}


def _reason(word: Any) -> FinishReason | None:  # noqa: ANN401 - whatever a server sends
    """Return why the model stopped, by the name or by Google's number of the reason."""
    is_number = isinstance(word, int) and not isinstance(word, bool) and 0 <= word < len(NUMBERED)
    return finish_reason(NUMBERED[word] if is_number else word)


def _usage(usage: Any) -> UsageDelta | None:  # noqa: ANN401 - whatever a server sends
    """Read the counts. Thinking is counted separately, or only in the sum; cached tokens are part of the input."""
    if not isinstance(usage, dict):
        return None
    try:
        read = _count(usage, "promptTokenCount") + _count(usage, "toolUsePromptTokenCount")
        written = _count(usage, "candidatesTokenCount")
        thought = _count(usage, "thoughtsTokenCount")
        total = _count(usage, "totalTokenCount")
        cached = _count(usage, "cachedContentTokenCount")
    except counts.AbsurdError:
        return None
    if not thought and read:
        thought = max(0, total - read - written)
    return UsageDelta(max(read, cached), written + thought, thought, cached)


def _count(usage: Mapping[str, Any], name: str) -> int:
    return counts.first(usage, name, SNAKE[name])
