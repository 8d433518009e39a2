"""What travels between chat and the providers: values, no rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from langai_site.errors import LangAIError
from langai_site.outbound.abilities import Abilities
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.outbound.parts import BETWEEN, Image, Part, Text, all_texts, joined_text, pictures
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, Entry, ModelPrice, Usage

if TYPE_CHECKING:
    import numpy as np

    from langai_site.outbound.endpoints import Endpoint

Role = Literal["system", "user", "assistant", "tool"]
Parameter = str | int | float


@dataclass(frozen=True)
class ChatMessage:
    """One message of a prompt, as parts in the order in which the model reads them.

    Results of tools have messages of the role `tool`.
    """

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, role: Role, text: str) -> "ChatMessage":
        """Return a message that is only text."""
        return cls(role, (Text(text),))

    @property
    def text(self) -> str:
        """Return what was said, without thoughts, tool calls and their results."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Text):
            return self.parts[0].text
        return joined_text(self.parts)

    @property
    def all_text(self) -> str:
        """Return every text that is sent of this message, with an empty line between the parts."""
        return BETWEEN.join(filter(None, all_texts(self.parts)))

    @property
    def pictures(self) -> tuple[Image, ...]:
        return tuple(pictures(self.parts))

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to send: only blanks, and no other part."""
        return all(isinstance(part, Text) and not part.text.strip() for part in self.parts)


class ModelRole(StrEnum):
    """What a model is good for; routing asks for one of these."""

    SIMPLE = "simple"
    BALANCED = "balanced"
    STRONG = "strong"
    LONG_CONTEXT = "long_context"


@dataclass(frozen=True)
class ModelInfo:
    """A catalogue row as a value. `hosted` is derived from the endpoint; a local model may see every label.

    `context_window` is in tokens, question and answer together; 0 if unknown. `price` is None for a local model, which
    costs nothing, and for a hosted one without a price. `parameters` are sent with every call, as are `extra_body` and
    `extra_headers`; `quirks` are how its requests differ from the usual ones. `abilities` says which known abilities it
    has and which it does not have.
    """

    name: str
    display_name: str
    provider: str
    hosted: bool
    ceiling: Sensitivity
    rank: int = 100
    roles: frozenset[ModelRole] = frozenset()
    context_window: int = 0
    price: ModelPrice | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict, hash=False)
    quirks: Quirks = USUAL
    extra_body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    extra_headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    abilities: Abilities = field(default_factory=dict, hash=False)

    def may_see(self, label: int) -> bool:
        return label <= self.ceiling


@dataclass(frozen=True)
class Present:
    """What the database says of a call at the moment of sending.

    `label` is the highest label of everything in it, `model` the model as it may be asked now (None: no longer), and
    `documents` are the ids of the documents whose passages it carries. `endpoint` is where the model is asked now; the
    door reads it.
    """

    label: Sensitivity
    model: "ModelInfo | None" = None
    documents: tuple[UUID, ...] = ()
    endpoint: "Endpoint | None" = None


# Reads the database, on a thread that may. Raises NotAdmittedError if what the call carries may not be sent at all, and
# AccountClosedError if the person's account is closed.
ReadPresent = Callable[[], Present]


def unchanging(label: Sensitivity, model: "ModelInfo | None" = None) -> ReadPresent:
    """Return a reader for a text whose label nobody can change meanwhile, such as a program's or our own."""
    return lambda: Present(label, model)


@dataclass(frozen=True)
class ChatCall:
    """One completion to request from one model. `label` is the highest label of everything in `messages`.

    The door calls `read_present` right before it sends. `kind` is what the ledger calls the call, and `route` says
    there why this model is asked. `requirements` are what the call wants besides text, and `files` has the bytes of its
    pictures by their ids. `local_only`: it is sent only if it stays in the building.
    """

    model: ModelInfo
    messages: tuple[ChatMessage, ...]
    label: Sensitivity
    max_tokens: int
    temperature: float | None = None
    caller: Caller = field(default_factory=Caller)
    route: str = ""
    kind: str = "chat"
    local_only: bool = False
    requirements: Requirements = NONE
    files: Mapping[str, bytes] = field(default_factory=dict, hash=False, repr=False)
    read_present: ReadPresent = field(kw_only=True, compare=False)


@dataclass(frozen=True)
class EmbedCall:
    """Texts that one embedder is to turn into vectors. `label` is their highest, `seconds` how long to wait.

    The door calls `read_present` right before it sends; the model in its result does not matter.
    """

    model: ModelInfo
    texts: tuple[str, ...]
    label: Sensitivity
    seconds: float
    caller: Caller = field(default_factory=Caller)
    kind: str = "embedding"
    read_present: ReadPresent = field(kw_only=True, compare=False)


@dataclass(frozen=True)
class EmbedResult:
    """Unit vectors in the order of the texts, [texts, dimension], and their usage."""

    vectors: "np.ndarray"
    usage: Usage


@dataclass(frozen=True)
class Delta:
    """Text to append to the answer. `truncated`: the model stopped at the most tokens that it may write.

    `restart`: all text before this was thinking, not the answer.
    """

    text: str
    truncated: bool = False
    restart: bool = False


@dataclass(frozen=True)
class Thought:
    """Thinking to append to earlier thinking. It is never text of the answer.

    `signature` is what its provider needs to recognise the thought (`parts.Thinking`); it ends the thought, whose text
    may be empty if the provider does not show it.
    """

    text: str
    signature: str = ""


@dataclass(frozen=True)
class StillWorking:
    """The server has sent only signs of life for some seconds: it loads the model, or has a queue."""


@dataclass(frozen=True)
class Queued:
    """The call waits for a slot of its local server; `before` others come first. None: it has a slot now."""

    before: int | None


# The output of a call. Code that wants only the answer skips everything but Deltas. Only a call with tools gets a
# ToolCallDelta.
ModelOutput = Delta | Thought | StillWorking | Queued | ToolCallDelta


class ProviderError(LangAIError):
    """A provider failed. The message is for the person who asked; `retryable` says that another try may help.

    `retry_after`: seconds that the provider asks to wait, 0 if it names none. `detail` is for admins and the log: what
    the provider itself said, without people's text. `window`: the tokens that the model takes, if its server refused
    more and named them, otherwise 0.
    """

    code, status = "provider_failed", 503

    def __init__(
        self,
        message: str,
        *,
        code: str,
        retryable: bool = True,
        retry_after: float = 0,
        detail: str = "",
        window: int = 0,
    ) -> None:
        super().__init__(message, code=code)
        self.retryable, self.retry_after, self.detail = retryable, retry_after, detail
        self.window = window
        if retry_after:
            self.headers = {"Retry-After": str(ceil(retry_after))}


class RefusedParameterError(ProviderError):
    """A server refused a parameter; `quirks` are what to try instead."""

    def __init__(self, error: ProviderError, quirks: Quirks) -> None:
        super().__init__(error.message, code=error.code, retryable=error.retryable, detail=error.detail)
        self.quirks = quirks


# Receives the Entry of a call that ended: the caller keeps it for its closing transaction.
Ledger = Callable[[Entry], None]
