"""Computes costs again, from the token counts of each entry and the dated price that it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from langai_site.usage import prices
from langai_site.usage.ledger import closing
from langai_site.usage.models import MonthClose, UsageEntry
from langai_site.usage.sums import Totals, totals
from langai_site.usage.types import ModelPrice, Usage, cost

PriceOf = Callable[[str], ModelPrice | None]


@dataclass(frozen=True)
class CostDifference:
    """A figure that differs from what it is computed from; `entry` is 0 if it is a month's."""

    entry: int
    text: str


@dataclass(frozen=True)
class RecomputeResult:
    """How many entries were checked; `undated` of them have a cost, but name no price to compute it from."""

    entries: int
    undated: int
    differences: tuple[CostDifference, ...]


def recompute(month: date | None = None, *, price_of: PriceOf = prices.price_of) -> RecomputeResult:
    """Compare every cost, and every closed month's figures; with `month`, only what is in that month's books."""
    entries = closing.booked(month) if month else UsageEntry.objects.all()
    closes = MonthClose.objects.filter(month=month) if month else MonthClose.objects.all()
    known: dict[str, ModelPrice | None] = {}
    found: list[CostDifference] = []
    count = undated = 0
    for entry in entries.order_by("id").iterator():
        if entry.price_version and entry.price_version not in known:
            known[entry.price_version] = price_of(entry.price_version)
        count += 1
        undated += _is_undated(entry)
        found += _differences(entry, known.get(entry.price_version))
    return RecomputeResult(count, undated, (*found, *_wrong_closes(closes)))


def _is_undated(entry: UsageEntry) -> bool:
    return bool(entry.hosted and entry.cost and not entry.cached and not entry.price_version)


def _differences(entry: UsageEntry, price: ModelPrice | None) -> Iterator[CostDifference]:
    if _is_undated(entry):
        return
    expected = _expected(entry, price)
    if entry.price_version and price is None:
        yield CostDifference(entry.pk, f"The price {entry.price_version} does not exist.")
    elif expected != entry.cost:
        yield CostDifference(entry.pk, f"It costs {_shown(expected)}, but {_shown(entry.cost)} was entered.")


def _expected(entry: UsageEntry, price: ModelPrice | None) -> Decimal | None:
    """Return what an entry costs: nothing if nothing was sent, or only within the building."""
    if entry.cached or not entry.hosted:
        return Decimal(0)
    if price is None:
        # A call that used nothing may be free; any other without a price has no cost.
        return entry.cost if not entry.cost else None
    used = Usage(
        entry.input_tokens,
        entry.output_tokens,
        entry.cached_tokens,
        cache_write_tokens=entry.cache_write_tokens,
    )
    return cost(price, used)


def _wrong_closes(closes: QuerySet[MonthClose]) -> Iterator[CostDifference]:
    for close in closes:
        kept = Totals(**{field.name: getattr(close, field.name) for field in fields(Totals)})
        now = totals(closing.booked(close.month))
        if kept != now:
            yield CostDifference(0, f"The closed month {close} has {_figures(kept)}, but its entries {_figures(now)}.")


def _figures(figures: Totals) -> str:
    tokens = f"{figures.input_tokens:,} + {figures.output_tokens:,} tokens"
    return f"{figures.entries:,} entries, {tokens}, {_shown(figures.cost)}"


def _shown(amount: Decimal | None) -> str:
    return "unpriced" if amount is None else f"${amount.normalize():f}"
