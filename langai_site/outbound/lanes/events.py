"""Pure: what a decoder finds in a provider's answer.

Frozen dataclasses with slots. A decoder never changes an event after it has returned it.
"""

from dataclasses import dataclass
from enum import StrEnum


class FinishReason(StrEnum):
    """Why the model stopped, whichever word its provider uses."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    FILTERED = "filtered"
    LOADING = "loading"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text to append to the answer; never empty. `pieces` are how many of the server's it was joined from."""

    text: str
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """Text to append to the thought; it may be empty if there is a signature.

    A signature ends the thought: later thinking belongs to another one. Store it unchanged, see `parts.Thinking`.
    """

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ThoughtSoFar:
    """All text so far was thinking: the server sent the end of a thought whose beginning it did not mark."""


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A fragment of a tool call. `index` counts the calls of the answer from 0.

    `id` and `name` are empty if they came with an earlier fragment. If the provider gives the call no id at all, create
    one that is unique in the conversation. The `arguments` of all fragments, joined, are JSON text. Empty arguments
    mean that there are none.
    """

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """Token counts of the whole call so far; a later event replaces an earlier one. 0: the server does not say.

    `input_tokens` counts everything that the model read, including cache reads and writes. `output_tokens` counts
    everything that it wrote, including thinking.
    """

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life without content: a comment, a ping, an empty delta."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Text in which the model refuses, from servers that keep it separate from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The server said that the answer is complete, or why it is not. Comes once; counts may still follow."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class ServerFailure:
    """An error that the server reported, in an error's body or inside an answer of status 200.

    `status` is the HTTP status, or the one that the error names; 0 if there is none. `retry_after` is in seconds, 0 if
    the server names none. `type`, `code`, `param` and `message` are the provider's own, empty if it sends none; the
    message may quote people's text.
    """

    status: int
    type: str = ""
    code: str = ""
    param: str = ""
    message: str = ""
    retry_after: float = 0


Event = (
    TextDelta | ThinkingDelta | ThoughtSoFar | ToolCallDelta | UsageDelta | Alive | Refusal | Finished | ServerFailure
)

ALIVE = Alive()
