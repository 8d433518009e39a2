"""Sums of money and tokens that are right to the last digit on every database.

SQLite keeps decimals as floating point numbers: each is exact to its billionth, but a sum of many is not. So whole
billionths of a dollar are added.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from langai_site.usage.models import UsageEntry

BILLION = 10**9


def billionths(column: str) -> Coalesce:
    """Aggregate: the sum of a column of dollars, in whole billionths; what has no price counts nothing."""
    return Coalesce(Sum(Cast(Round(F(column) * BILLION), BigIntegerField())), 0, output_field=BigIntegerField())


def dollars(billionths: int) -> Decimal:
    return Decimal(billionths).scaleb(-9)


def in_billionths(amount: Decimal) -> int:
    """Whole billionths of a dollar, which every cost consists of."""
    return int((amount * BILLION).to_integral_value())


@dataclass(frozen=True)
class Totals:
    """What some entries come to; costs in US dollars. The cost is that of the priced ones."""

    entries: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: Decimal
    saved: Decimal


def totals(entries: QuerySet[UsageEntry]) -> Totals:
    return _totals(entries.order_by().aggregate(**_columns()))


def _columns() -> dict[str, Any]:
    tokens = {name: Coalesce(Sum(name), 0) for name in ("input_tokens", "output_tokens", "cached_tokens")}
    counts = {"entries": Count("id"), "unpriced": Count("id", filter=Q(cost=None))}
    return {**counts, **tokens, "billionths": billionths("cost"), "saved_billionths": billionths("saved")}


def _totals(row: dict[str, Any]) -> Totals:
    cost, saved = row.pop("billionths"), row.pop("saved_billionths")
    return Totals(**row, cost=dollars(cost), saved=dollars(saved))
