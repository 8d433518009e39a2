"""Pure: Gemini's generateContent, streamed or whole.

Shapes: ai.google.dev/api/generate-content.
"""

from collections.abc import Mapping
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
        candidates = chunk.get("candidates")
        if isinstance(candidates, list):
            first = next((one for one in candidates if isinstance(one, dict) and one.get("index") in (0, None)), None)
            if first is not None:
                self._read_candidate(first, found)
        self._count(_usage(chunk.get("usageMetadata")), found)
        error = chunk.get("error") or (chunk if is_bare_error(chunk) else None)
        if error:
            self._fail(error, found)
        elif reason := words(counts.inner(chunk, "promptFeedback").get("blockReason")):
            self._block(reason, counts.inner(chunk, "promptFeedback"), found)

    def _read_candidate(self, candidate: Mapping[str, Any], found: list[Event]) -> None:
        self._has_message = True
        parts = counts.inner(candidate, "content").get("parts")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                self._read_part(part, found)
        reason = finish_reason(candidate.get("finishReason"))
        # A reason that says what went wrong is final.
        if reason is not None and self._reason in (None, FinishReason.STOP):
            self._reason = reason

    def _read_part(self, part: Mapping[str, Any], found: list[Event]) -> None:
        signature = words(part.get("thoughtSignature"))
        signed = SIGNED + signature if signature else ""
        text = words(part.get("text"))
        if part.get("thought") is True:
            found += self._voice.think(text, signed)
            return
        if signed:
            # The signature belongs to the part that follows it, see `gemini_request`.
            found += self._voice.think("", signed)
        found += self._voice.say(text)
        if call := counts.inner(part, "functionCall"):
            identity, name = (whole(words(call.get(key))) for key in ("id", "name"))
            arguments = whole(json_text(call.get("args") or {}))
            self._call(ToolCallDelta(self._call_count, identity, name, arguments), found)
            self._call_count += 1

    def _block(self, reason: str, feedback: Mapping[str, Any], found: list[Event]) -> None:
        """Add the failure for a question that Gemini blocked."""
        if reason.endswith("UNSPECIFIED"):
            return
        self._has_failed = True
        message = whole(words(feedback.get("blockReasonMessage")))[:LONGEST_MESSAGE]
        found.append(ServerFailure(0, BLOCKED, whole(reason), message=message))

    def _end(self, found: list[Event]) -> None:
        if self._reason is not None and not self._frames.is_cut:
            self._finish(self._reason, found)


def _usage(usage: Any) -> UsageDelta | None:  # noqa: ANN401 - whatever a server sends
    """Read the counts. Thinking is counted separately, or only in the sum; cached tokens are part of the input."""
    if not isinstance(usage, dict):
        return None
    try:
        read = counts.first(usage, "promptTokenCount") + counts.first(usage, "toolUsePromptTokenCount")
        written = counts.first(usage, "candidatesTokenCount")
        thought = counts.first(usage, "thoughtsTokenCount")
        total = counts.first(usage, "totalTokenCount")
        cached = counts.first(usage, "cachedContentTokenCount")
    except counts.AbsurdError:
        return None
    if not thought and read:
        thought = max(0, total - read - written)
    return UsageDelta(max(read, cached), written + thought, thought, cached)
