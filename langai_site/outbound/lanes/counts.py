"""Pure: reads token counts as servers send them: whole numbers, floats, digits in a string, null or nonsense."""

from collections.abc import Mapping
from typing import Any

from langai_site.outbound.lanes.events import UsageDelta

# More than any call can use: the largest windows have ten million tokens.
MOST_TOKENS = 100_000_000


class AbsurdError(ValueError):
    """A count that is impossible for any call."""


def count(value: Any) -> int:  # noqa: ANN401 - whatever a server sends
    """Return the number of tokens; 0 for none. Raises AbsurdError for impossible values."""
    if value is None or isinstance(value, bool):
        return 0
    if isinstance(value, str):
        try:
            value = float(value) if len(value) < 32 else -1
        except ValueError:
            raise AbsurdError from None
    # `nan` fails both comparisons.
    if not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        raise AbsurdError
    return int(value)


def first(counts: Mapping[str, Any], *names: str) -> int:
    """Return the first of these counts that is more than 0. Raises AbsurdError."""
    return next((found for name in names if (found := count(counts.get(name)))), 0)


def inner(counts: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - whatever a server sends
    """Return the object under `name`; empty if there is none."""
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, dict) else {}


class Counts:
    """The largest of each count in one answer: servers repeat counts, or send them in parts."""

    def __init__(self) -> None:
        self.usage: UsageDelta | None = None

    def add(self, usage: UsageDelta | None) -> UsageDelta | None:
        """Add counts; return all counts so far if that changes them, otherwise None."""
        if usage is None or not (usage.input_tokens or usage.output_tokens):
            return None
        old = self.usage
        if old is not None:
            usage = UsageDelta(
                max(usage.input_tokens, old.input_tokens),
                max(usage.output_tokens, old.output_tokens),
                max(usage.reasoning_tokens, old.reasoning_tokens),
                max(usage.cache_read_tokens, old.cache_read_tokens),
                max(usage.cache_write_tokens, old.cache_write_tokens),
            )
        if usage == old:
            return None
        self.usage = usage
        return usage


def of_openai(counts: Any) -> UsageDelta | None:  # noqa: ANN401 - whatever a server sends
    """Read `usage` of OpenAI's format and its relatives; None if it is missing or absurd.

    Reasoning is part of `completion_tokens`, unless the sum shows that it is counted separately.
    """
    if not isinstance(counts, dict):
        return None
    try:
        return _of_openai(counts)
    except AbsurdError:
        return None


def of_llama_cpp(timings: Any) -> UsageDelta | None:  # noqa: ANN401 - whatever a server sends
    """Read llama.cpp's `timings`, which it sends even where it sends no counts; None if they are missing or absurd."""
    if not isinstance(timings, dict):
        return None
    try:
        cached = count(timings.get("cache_n"))
        read, written = count(timings.get("prompt_n")), count(timings.get("predicted_n"))
    except AbsurdError:
        return None
    return UsageDelta(read + cached, written, 0, cached)


def _of_openai(counts: Mapping[str, Any]) -> UsageDelta:
    read = first(counts, "prompt_tokens", "input_tokens")
    written = first(counts, "completion_tokens", "output_tokens")
    total = count(counts.get("total_tokens"))
    input_details = inner(counts, "prompt_tokens_details") or inner(counts, "input_tokens_details")
    output_details = inner(counts, "completion_tokens_details") or inner(counts, "output_tokens_details")
    reasoning = first(output_details, "reasoning_tokens") or first(counts, "reasoning_tokens")
    cached = first(input_details, "cached_tokens") or first(
        counts, "prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"
    )
    created = first(input_details, "cache_write_tokens", "cache_creation_tokens") or first(
        counts, "cache_creation_input_tokens"
    )
    if cached + created > read:
        read += cached + created
    surplus = total - read - written
    if reasoning and (reasoning > written or reasoning == surplus):
        written += reasoning
    elif surplus > 0 and read and not reasoning and surplus not in (cached, cached + created):
        # Gemini behind OpenAI's format counts thinking only in the sum.
        written, reasoning = written + surplus, surplus
    return UsageDelta(read, written, reasoning, cached, created)
