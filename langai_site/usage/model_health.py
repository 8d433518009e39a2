"""How calls to each model went lately, from the ledger: a few rows, however many calls there were."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Sum

from langai_site.usage.models import UsageEntry

# Milliseconds: times to the first token are counted in steps of this width.
STEP = 50
SLOW_SHARE = 0.95


@dataclass(frozen=True)
class ModelHealth:
    """What the calls to one model came to. `p95_ms`: 19 of 20 answers began within it; None if none began."""

    model: str
    calls: int
    failed: int
    p95_ms: int | None

    @property
    def error_percent(self) -> float:
        return 100 * self.failed / self.calls if self.calls else 0.0


def since(moment: datetime, failures: Collection[str]) -> list[ModelHealth]:
    """Return the models that were called since `moment`, busiest first; an entry failed if its status is in `failures`.

    Answers from the cache do not count: no server was asked.
    """
    asked = UsageEntry.objects.filter(at__gte=moment, cached=False).order_by()
    calls: dict[str, int] = defaultdict(int)
    failed: dict[str, int] = defaultdict(int)
    for model, status, count in asked.values_list("model", "status").annotate(Count("pk")):
        calls[model] += count
        failed[model] += count if status in failures else 0
    steps: dict[str, dict[int, int]] = defaultdict(dict)
    begun = asked.filter(first_token_ms__isnull=False).annotate(step=F("first_token_ms") / STEP)
    for model, step, count in begun.values_list("model", "step").annotate(Count("pk")):
        steps[model][int(step)] = count
    found = [ModelHealth(model, calls[model], failed[model], _p95(steps[model])) for model in calls]
    return sorted(found, key=lambda one: (-one.calls, one.model))


def cost_since(moment: datetime) -> dict[str, Decimal]:
    """Return what each model has cost since `moment`, in US dollars."""
    entries = UsageEntry.objects.filter(at__gte=moment, cost__gt=0).order_by()
    return dict(entries.values_list("model").annotate(Sum("cost")))


def _p95(steps: Mapping[int, int]) -> int | None:
    """Return the end of the step that the slowest of the fastest 19 in 20 is in."""
    needed, seen = SLOW_SHARE * sum(steps.values()), 0
    for step in sorted(steps):
        seen += steps[step]
        if seen >= needed:
            return (step + 1) * STEP
    return None
