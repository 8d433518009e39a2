"""One ended call, as the ledger is told of it: values, no rows."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from langai_site.sensitivity import Sensitivity

MILLION = 1_000_000
BILLIONTH = Decimal("0.000000001")


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
class Usage:
    """Token counts of one call; `estimated` where the provider sent none."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True)
class Held:
    """What is reserved for a reply, in US dollars; None where its model has no price."""

    reply: UUID
    amount: Decimal | None


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens, as they were from some day on; `cached`: of input that the provider kept."""

    version: str
    input: Decimal
    output: Decimal
    cached: Decimal


def cost(price: Price, usage: Usage) -> Decimal:
    """US dollars for what was used, to the billionth."""
    fresh = max(usage.input_tokens - usage.cached_tokens, 0)
    total = price.input * fresh + price.cached * usage.cached_tokens + price.output * usage.output_tokens
    return (total / MILLION).quantize(BILLIONTH)


@dataclass(frozen=True)
class Entry:
    """One ledger line to be written: a call as it ended. `cost` in US dollars, None where there is no price.

    `route` is why this model was asked, `saved` what a `cached` answer would have cost. `bytes_sent` and
    `content_hash` are those of what was handed to the provider (`content.py`); both are empty where nothing left.
    """

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
    route: str = ""
    cached: bool = False
    saved: Decimal | None = Decimal(0)
    price_version: str = ""
    bytes_sent: int = 0
    content_hash: str = ""
