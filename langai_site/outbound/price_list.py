"""Pure: reads a model's window, price and abilities from LiteLLM's list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from langai_site.outbound.abilities import Abilities, of_litellm
from langai_site.usage.types import MILLION, ModelPrice

Row = Mapping[str, Any]
# Prices of prompts longer than this many thousand tokens.
LONG = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
KEPT = Decimal("0.000001")


@dataclass(frozen=True)
class ListedModel:
    """`window` in tokens, 0 if unknown; `price` is None if there is none. Its version is not set yet."""

    window: int = 0
    price: ModelPrice | None = None
    abilities: Abilities = field(default_factory=dict)


def known(listed: Mapping[str, Row], name: str) -> ListedModel:
    """Return what LiteLLM's list `listed` says about the model that it calls `name`, like `openai/…`."""
    row = _row(listed, name)
    window = row.get("max_input_tokens") or row.get("max_tokens") or 0
    return ListedModel(window if isinstance(window, int) else 0, _price(row), of_litellm(row))


def _row(listed: Mapping[str, Row], name: str) -> Row:
    """Return the row of that provider's model: the same model at another provider may cost something else."""
    provider, _, model = name.partition("/")
    row = listed.get(name) or listed.get(model) or {}
    return row if provider in (row.get("litellm_provider"), provider_of(row)) else {}


def provider_of(row: Row) -> str:
    """Return the provider name by which LiteLLM asks for the model: some providers have several kinds of rows."""
    return str(row.get("litellm_provider", "")).partition("-")[0].removesuffix("_converse")


def chat_providers(listed: Mapping[str, Row]) -> list[str]:
    """Return the providers whose chat models the list contains."""
    return sorted({provider_of(row) for row in listed.values() if row.get("mode") == "chat"})


def chat_models(listed: Mapping[str, Row], provider: str) -> list[str]:
    """Return the names of a provider's chat models, without the provider's prefix."""
    rows = listed.items()
    found = (name for name, row in rows if row.get("mode") == "chat" and provider_of(row) == provider)
    return sorted({name.removeprefix(f"{provider}/") for name in found})


def _price(row: Row) -> ModelPrice | None:
    """Return the price; None also if all rates are 0, as the list does for models whose price it does not know."""
    rates = _rates(row, "", FREE)
    if not any(rates):
        return None
    steps = sorted(int(found[1]) for key in row if (found := LONG.fullmatch(key)))
    if not steps:
        return _model_price(rates)
    # If there are several steps, use the last one's rates from the first one on: never less than what will be charged.
    return _model_price(rates, steps[0] * 1000, _rates(row, f"_above_{steps[-1]}k_tokens", rates))


class Rates(NamedTuple):
    """Dollars per million tokens. Without a rate of their own, cache reads and writes cost the same as input."""

    input: Decimal
    output: Decimal
    cached: Decimal = Decimal(0)
    cache_write: Decimal | None = None


FREE = Rates(Decimal(0), Decimal(0))


def _model_price(rates: Rates, long_after: int = 0, long: Rates = FREE) -> ModelPrice:
    return ModelPrice(
        "",
        rates.input,
        rates.output,
        rates.cached,
        long_after,
        long.input,
        long.output,
        long.cached,
        cache_write=rates.cache_write,
        long_cache_write=long.cache_write,
    )


def _rates(row: Row, suffix: str, otherwise: Rates) -> Rates:
    into = _dollars(row.get(f"input_cost_per_token{suffix}"), otherwise.input)
    out = _dollars(row.get(f"output_cost_per_token{suffix}"), otherwise.output)
    written = row.get(f"cache_creation_input_token_cost{suffix}")
    return Rates(
        into,
        out,
        _dollars(row.get(f"cache_read_input_token_cost{suffix}"), into),
        None if written is None else _dollars(written, into),
    )


def _dollars(value: float | None, otherwise: Decimal) -> Decimal:
    return otherwise if value is None else (Decimal(str(value)) * MILLION).quantize(KEPT)
