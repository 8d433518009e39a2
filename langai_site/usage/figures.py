"""Sums of the ledger over days, as programs ask for them. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from langai_site.errors import Invalid
from langai_site.usage.budgets import today
from langai_site.usage.models import UsageEntry
from langai_site.usage.months import start_of
from langai_site.usage.sums import Totals, totals, totals_by

__all__ = ["Span", "entries_of", "grouped", "span", "totals"]

COLUMNS = {"model": "model", "user": "username", "team": "team", "day": "day"}
LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class Span:
    """Days in the time zone that is set, both included."""

    since: date
    until: date


def span(since: date | None, until: date | None) -> Span:
    """The days asked for; this month up to now where none are named. Raises Invalid."""
    last = until or today()
    first = since or last.replace(day=1)
    if first > last:
        raise Invalid("The first day is after the last one. Exchange them.")
    if last - first > LONGEST or first.year < 1970 or last.year > 2999:
        raise Invalid("Ask for ten years at most, after 1970.")
    return Span(first, last)


def entries_of(span: Span, user_id: int | None = None) -> QuerySet[UsageEntry]:
    """The entries of these days: one person's, or everybody's."""
    entries = UsageEntry.objects.filter(at__gte=start_of(span.since), at__lt=start_of(span.until + timedelta(days=1)))
    return entries if user_id is None else entries.filter(user_id=user_id)


def grouped(entries: QuerySet[UsageEntry], by: str) -> Sequence[tuple[str, Totals]]:
    """Totals by model, user, team or day, in the order of their names."""
    if by == "day":
        entries = entries.annotate(day=TruncDate("at"))
    return [(str(name or ""), found) for name, found in totals_by(entries, COLUMNS[by])]
