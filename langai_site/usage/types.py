"""A completed call as it is passed to the ledger, and what calls cost: values, no database rows."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from langai_site.sensitivity import Sensitivity

MILLION = Decimal(1_000_000)
BILLIONTH = Decimal("0.000000001")


@dataclass(frozen=True)
class Caller:
    """The caller, as the ledger keeps it."""

    user_id: int | None = None
    username: str = ""
    team: str = ""
    conversation: UUID | None = None
    reply: UUID | None = None
    source: str = "page"


@dataclass(frozen=True)
class Usage:
    """Token counts of one call; `estimated` if the provider sent none.

    Cached tokens are among the input's, as are those that were written to the provider's cache; `reasoning_tokens` are
    among the output's. 0 if the provider does not say.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True)
class Held:
    """The amount reserved for a reply, in US dollars; None if its model has no price."""

    reply: UUID
    amount: Decimal | None


@dataclass(frozen=True)
class ModelPrice:
    """US dollars for a million tokens; `version` is the id of its row, which ledger entries name.

    Some providers charge more for a whole call if its prompt is long: with more than `long_after` input tokens, the
    `long_…` prices apply to all of it. 0: this price has none. Writing to a provider's cache costs as much as other
    input unless `cache_write` says otherwise.
    """

    version: str
    input: Decimal
    output: Decimal
    cached: Decimal
    long_after: int = 0
    long_input: Decimal = Decimal(0)
    long_output: Decimal = Decimal(0)
    long_cached: Decimal = Decimal(0)
    cache_write: Decimal | None = None
    long_cache_write: Decimal | None = None


def cost(price: ModelPrice, usage: Usage) -> Decimal:
    """Return US dollars for `usage`, to the billionth."""
    rates = (price.input, price.output, price.cached, price.cache_write)
    if 0 < price.long_after < usage.input_tokens:
        rates = (price.long_input, price.long_output, price.long_cached, price.long_cache_write)
    into, out, read, write = rates
    cached = min(usage.cached_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    rates = (into, out, read, into if write is None else write)
    counts = (usage.input_tokens - cached - written, usage.output_tokens, cached, written)
    total = sum((rate * count for rate, count in zip(rates, counts, strict=True)), Decimal(0))
    return (total / MILLION).quantize(BILLIONTH)


def highest_cost(price: ModelPrice, usage: Usage) -> Decimal:
    """Return the most that `usage` can cost in US dollars: a provider may write all of the input to its cache."""
    return max(cost(price, usage), cost(price, replace(usage, cache_write_tokens=usage.input_tokens)))


@dataclass(frozen=True)
class Entry:
    """One ledger line to be written: a call as it ended. `cost` in US dollars, None if there is no price.

    `price_version` names the price it is computed from, and is empty if nothing is charged or nothing known. `kind` is
    chat, embedding, title or test, `route` the reason why this model was chosen, `saved` what a `cached` answer would
    have cost. `bytes_sent` and `content_hash` are those of what was handed to the provider (`content.py`), empty if
    nothing was sent. `sent_at` is when its label was read, just before sending, None if nothing was sent. `documents`
    are the ids of the documents whose passages the answer was made from, also if it was given again from the cache.
    `earlier_answers` counts the answers that were sent along as history, or to be continued. `detail` is what the
    provider said of a failure, without people's text: it is for admins and not kept in the ledger.
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
    sent_at: datetime | None = None
    documents: tuple[str, ...] = ()
    earlier_answers: int = 0
    detail: str = ""
