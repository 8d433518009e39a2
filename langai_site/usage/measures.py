"""Metrics of calls for /metrics, from the entries of the ledger."""

from collections.abc import Iterable

from langai_site.telemetry.metrics import SLOW, counter, histogram
from langai_site.usage.types import Entry

CALLS = counter("langai_calls", "Calls of models, by how they ended", "model", "kind", "status")
CALL_SECONDS = histogram("langai_call_seconds", "Time that a call took", "model", "kind", buckets=SLOW)
FIRST_TOKEN = histogram(
    "langai_call_first_token_seconds", "From a call to its model's first token", "model", buckets=SLOW
)
TOKENS = counter("langai_tokens", "Tokens by direction; cached ones are among those in", "model", "direction")
COST = counter("langai_cost_dollars", "What calls cost, where there is a price", "model")
UNPRICED = counter("langai_unpriced_calls", "Calls whose cost is not known", "model")
ALL = (CALLS, CALL_SECONDS, FIRST_TOKEN, TOKENS, COST, UNPRICED)


def count(entries: Iterable[Entry]) -> None:
    """Count entries by model. The catalogue limits how many model names there are."""
    for entry in entries:
        _count(entry)


def _count(entry: Entry) -> None:
    model, usage = entry.model, entry.usage
    CALLS.labels(model, entry.kind, entry.status).inc()
    CALL_SECONDS.labels(model, entry.kind).observe(entry.duration_ms / 1000)
    if entry.first_token_ms is not None:
        FIRST_TOKEN.labels(model).observe(entry.first_token_ms / 1000)
    for direction, tokens in (
        ("in", usage.input_tokens),
        ("out", usage.output_tokens),
        ("cached", usage.cached_tokens),
    ):
        if tokens:
            TOKENS.labels(model, direction).inc(tokens)
    if entry.cost is None:
        UNPRICED.labels(model).inc()
    elif entry.cost > 0:
        COST.labels(model).inc(float(entry.cost))
