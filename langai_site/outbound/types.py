"""What travels between chat and the providers: values, no rows."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class ChatMessage:
    role: Role
    text: str


@dataclass(frozen=True)
class ModelInfo:
    """A catalogue row as a value. `hosted` is derived from the endpoint; a local model's ceiling is the top."""

    name: str
    display_name: str
    provider: str
    hosted: bool
    ceiling: Sensitivity
    rank: int = 100

    def may_see(self, label: int) -> bool:
        return label <= self.ceiling


@dataclass(frozen=True)
class Caller:
    """Who asks, as the ledger keeps it."""

    user_id: int | None = None
    username: str = ""
    team: str = ""
    conversation: UUID | None = None
    reply: UUID | None = None
    source: str = "page"


@dataclass(frozen=True)
class ChatCall:
    """One completion to be asked of one model. `label` is the highest label of everything in `messages`."""

    model: ModelInfo
    messages: tuple[ChatMessage, ...]
    label: Sensitivity
    max_tokens: int
    temperature: float | None = None
    caller: Caller = field(default_factory=Caller)


@dataclass(frozen=True)
class Delta:
    """Text to append to the answer."""

    text: str


@dataclass(frozen=True)
class Usage:
    """Token counts of one call; `estimated` where the provider sent none."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True)
class Entry:
    """One ledger line to be written: a call as it ended. `cost` in US dollars, None where there is no price."""

    caller: Caller
    model: str
    provider: str
    hosted: bool
    label: Sensitivity
    usage: Usage
    cost: Decimal | None
    first_token_ms: int | None
    duration_ms: int
    status: str
    kind: str = "chat"


class ProviderError(LangAIError):
    """A provider failed. The message is for the person who asked; `retryable` says that another try may help."""

    code, status = "provider_failed", 503

    def __init__(self, message: str, *, code: str, retryable: bool = True) -> None:
        super().__init__(message, code=code)
        self.retryable = retryable


# Where an ended call's Entry goes: the caller keeps it for its closing transaction.
Ledger = Callable[[Entry], None]
ChatStream = AsyncIterator[Delta]
