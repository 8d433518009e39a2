"""Lets models that failed lately cool down for a while, in every process: their state is in the cache.

This only changes the order in which models are tried. If the cache is away, no model cools down.
"""

from collections.abc import Mapping, Sequence

from langai_site.database import caches
from langai_site.outbound.types import ProviderError
from langai_site.sentences import sentence

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
# Why, in words that follow the model's name, and the same of one that rests because of that.
WORDS: Mapping[str, str] = {
    "unreachable": sentence("failed.unreachable", "could not be reached")(),
    "rate_limited": sentence("failed.rate_limited", "accepted no more questions")(),
    "upstream_error": sentence("failed.upstream_error", "failed on its side")(),
    "start_timeout": sentence("failed.start_timeout", "did not begin to answer")(),
    "idle_timeout": sentence("failed.idle_timeout", "stopped sending during an answer")(),
    "cut": sentence("failed.cut", "broke off during an answer")(),
    "malformed": sentence("failed.malformed", "sent something unreadable")(),
    "oversized": sentence("failed.oversized", "sent far more data than an answer needs")(),
    "unauthorized": sentence("failed.unauthorized", "refused its key")(),
    "not_found": sentence("failed.not_found", "was not offered by its server")(),
}
RESTING = sentence("resting", "%(why)s a moment ago")


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
    return {keys[key]: RESTING(why=WORDS[code]) for key, code in (found or {}).items() if code in WORDS}


def _key(model: str) -> str:
    return f"resting:{model}"
