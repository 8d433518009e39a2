"""Collects the output of one call, and how it ended: an answer without text is never complete."""

import time
from collections.abc import Iterator

from langai_site.outbound import failures, token_counts, tokens
from langai_site.outbound.bounds import AnswerBound
from langai_site.outbound.lanes.events import (
    Alive,
    Event,
    Finished,
    FinishReason,
    Refusal,
    ServerFailure,
    TextDelta,
    ThinkingDelta,
    ThoughtSoFar,
    ToolCallDelta,
    UsageDelta,
)
from langai_site.outbound.offered_calls import OfferedCalls
from langai_site.outbound.patience import Patience
from langai_site.outbound.types import ChatCall, Delta, ModelOutput, ProviderError, StillWorking, Thought
from langai_site.usage.types import Usage

# Many servers send something empty right before the first token: a sign of life means something only later.
WORKING_AFTER = 3.0


class ServerFailedError(Exception):
    """The server reported `failure` instead of the answer, or during it."""

    def __init__(self, failure: ServerFailure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class Outcome:
    """Reads the events of one answer. `finished` is set once the server has said why it stopped.

    `thought_first`: the answer began with thinking that nothing marked.
    """

    def __init__(self, call: ChatCall, patience: Patience, bound: AnswerBound) -> None:
        self.patience, self.bound = patience, bound
        self._call = call
        self._calls = OfferedCalls(call)
        self._reason: FinishReason | None = None
        self.has_text = self.thought_first = False
        self._has_thought = self._has_tool_call = self._has_said_working = False
        self._began = time.monotonic()
        self._written = 0
        self._refusal = ""
        self._counted: UsageDelta | None = None

    @property
    def has_output(self) -> bool:
        """Return whether any output was yielded that cannot be taken back."""
        return self.has_text or self._calls.has_any

    @property
    def finished(self) -> bool:
        return self._reason is not None

    def read(self, event: Event) -> ModelOutput | None:
        """Take in `event`, and return what it adds. Raises ServerFailedError, and TooMuchError."""
        match event:
            case TextDelta(text, pieces):
                return self._text(text, pieces)
            case ThinkingDelta(text, signature):
                return self._thought(text, signature)
            case ToolCallDelta():
                return self._tool_call(event)
            case Refusal(text):
                self._refusal += text
                self._token(text)
            case UsageDelta():
                self._counted = event
            case Finished(reason):
                self._reason = self._reason or reason
            case Alive():
                self.patience.prolong()
                return self._still_working()
            case ThoughtSoFar():
                return self._thought_so_far()
            case ServerFailure():
                raise ServerFailedError(event)
        return None

    def _text(self, text: str, pieces: int) -> Delta:
        self.patience.renew()
        self.bound.heard(len(text), 0, pieces)
        self.has_text = self.has_text or not text.isspace()
        self._written += tokens.size(text)
        return Delta(text)

    def _thought(self, text: str, signature: str) -> Thought:
        self._has_thought = True
        self._token(text)
        self._written += tokens.size(text)
        return Thought(text, signature)

    def _tool_call(self, call: ToolCallDelta) -> ToolCallDelta | None:
        """Return what it adds to the calls that the program gets. Raises ProviderError if a tool was not offered."""
        self._has_tool_call = True
        self._token(call.arguments)
        self._written += tokens.size(call.name) + tokens.size(call.arguments)
        return None if self.finished else self._calls.take(call)

    def _still_working(self) -> StillWorking | None:
        """Return a StillWorking once, if only signs of life have come for WORKING_AFTER seconds."""
        if self._has_said_working or self.patience.heard or time.monotonic() - self._began < WORKING_AFTER:
            return None
        self._has_said_working = True
        return StillWorking()

    def _thought_so_far(self) -> Delta:
        self.has_text, self._has_thought, self.thought_first = False, True, True
        return Delta("", restart=True)

    def _token(self, text: str) -> None:
        """Count a token that is not text of the answer."""
        self.patience.renew()
        self.bound.heard(0, len(text))

    def last(self) -> Iterator[Delta | ToolCallDelta]:
        """Yield what the end adds to the answer. Raises ProviderError if the answer is not complete."""
        reason = self._reason
        if reason is None:
            raise self._failure("cut")
        if reason is FinishReason.FILTERED:
            raise self._failure("filtered")
        if reason is FinishReason.ERROR:
            raise self._failure("upstream_error")
        yield from self._calls.rest(cut=reason is FinishReason.LENGTH)
        if not self.has_text and self._refusal.strip():
            # The refusal is the model's answer.
            yield Delta(self._refusal)
        elif not self.has_output:
            raise self._failure("tool_call" if self._has_tool_call else self._without_text(reason))
        if reason is FinishReason.LENGTH:
            yield Delta("", truncated=True)

    def _without_text(self, reason: FinishReason) -> str:
        if reason is FinishReason.LOADING:
            return "loading"
        return "thought_only" if self._has_thought else "silent"

    def _failure(self, code: str) -> ProviderError:
        return failures.failure(code, self._call.model.display_name)

    def usage(self) -> Usage:
        """Return the provider's counts, or an estimate if it sent none or impossible ones."""
        counted = self._counted
        if not (counted and (counted.input_tokens or counted.output_tokens)):
            return token_counts.estimate(self._call, self._written)
        if not token_counts.are_possible(self._call, counted.input_tokens, counted.output_tokens):
            return token_counts.estimate(self._call, self._written)
        cached = min(counted.cache_read_tokens, counted.input_tokens)
        reasoning = min(counted.reasoning_tokens, counted.output_tokens)
        written = min(counted.cache_write_tokens, counted.input_tokens - cached)
        return Usage(
            counted.input_tokens,
            counted.output_tokens,
            cached,
            reasoning_tokens=reasoning,
            cache_write_tokens=written,
        )
