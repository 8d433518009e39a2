"""Lets models that failed lately cool down for a while, in every process: their state is in the cache.

This only changes the order in which models are tried. If the cache is away, no model cools down.
"""

from collections.abc import Mapping, Sequence

from langai_site.database import caches
from langai_site.outbound.types import ProviderError

WHILE = 30.0
LONG = 300.0
# Seconds of cooling down by error. Errors caused by the question, such as its length, are not listed.
SECONDS = {
    "unreachable": WHILE,
    "rate_limited": WHILE,
    "upstream_error": WHILE,
    "start_timeout": WHILE,
    "idle_timeout": WHILE,
    "cut": WHILE,
    "malformed": WHILE,
    "oversized": WHILE,
    "unauthorized": LONG,
    "not_found": LONG,
}
WORDS = {
    "unreachable": "could not be reached",
    "rate_limited": "accepted no more questions",
    "upstream_error": "failed on its side",
    "start_timeout": "did not begin to answer",
    "idle_timeout": "stopped sending during an answer",
    "cut": "broke off during an answer",
    "malformed": "sent something unreadable",
    "oversized": "sent far more data than an answer needs",
    "unauthorized": "refused its key",
    "not_found": "was not offered by its server",
}


async def rest(model: str, error: ProviderError) -> None:
    """Let a model cool down after `error`, if that says something about the model."""
    if error.code in SECONDS:
        seconds = max(SECONDS[error.code], error.retry_after)
        await caches.tried("resting", "set", _key(model), error.code, seconds)


async def resting(models: Sequence[str]) -> dict[str, str]:
    """Return those of `models` that are cooling down, with the reason in words that follow the model's name."""
    keys = {_key(model): model for model in models}
    return _in_words(keys, await caches.tried("resting", "get_many", list(keys)) if keys else None)


def resting_now(models: Sequence[str]) -> dict[str, str]:
    """Return the same from a thread that may wait."""
    keys = {_key(model): model for model in models}
    return _in_words(keys, caches.tried_now("resting", "get_many", list(keys)) if keys else None)


def _in_words(keys: Mapping[str, str], found: Mapping[str, str] | None) -> dict[str, str]:
    return {keys[key]: f"{WORDS[code]} a moment ago" for key, code in (found or {}).items() if code in WORDS}


def _key(model: str) -> str:
    return f"resting:{model}"
