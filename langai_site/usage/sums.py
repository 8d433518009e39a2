"""Sums of money and tokens that are exact to the last digit on every database.

SQLite keeps decimals as floating point numbers: each is exact to its billionth, but a sum of many is not. So whole
billionths of a dollar are added.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from langai_site.usage.models import UsageEntry

BILLION = 10**9


def billionths(column: str) -> Coalesce:
    """Return the aggregate of a column of dollars: its sum in whole billionths; rows without a price add nothing."""
    return Coalesce(Sum(Cast(Round(F(column) * BILLION), BigIntegerField())), 0, output_field=BigIntegerField())


def dollars(billionths: int) -> Decimal:
    return Decimal(billionths).scaleb(-9)


def in_billionths(amount: Decimal) -> int:
    """Return whole billionths of a dollar, of which every cost consists."""
    return int((amount * BILLION).to_integral_value())


@dataclass(frozen=True)
class Totals:
    """The sums of some entries; costs in US dollars. The cost is that of the priced ones."""

    entries: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: Decimal
    saved: Decimal


def totals(entries: QuerySet[UsageEntry]) -> Totals:
    tokens = {name: Coalesce(Sum(name), 0) for name in ("input_tokens", "output_tokens", "cached_tokens")}
    counts = {"entries": Count("id"), "unpriced": Count("id", filter=Q(cost=None))}
    money = {"billionths": billionths("cost"), "saved_billionths": billionths("saved")}
    row = entries.order_by().aggregate(**counts, **tokens, **money)
    cost, saved = row.pop("billionths"), row.pop("saved_billionths")
    return Totals(**row, cost=dollars(cost), saved=dollars(saved))
