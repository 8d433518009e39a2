"""Reports for programs: those of the pages, for whole days and grouped by one dimension at a time. Synchronous."""

from dataclasses import dataclass
from datetime import date, timedelta

from langai_site.errors import InvalidError
from langai_site.usage.reports import answering
from langai_site.usage.reports.types import Report, ReportQuery
from langai_site.usage.spending.budgets import today

DAY = "day"
LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class DaySpan:
    """Days in the configured time zone, both included."""

    since: date
    until: date


def span(since: date | None, until: date | None) -> DaySpan:
    """Return the requested days; this month up to now if none are named. Raises InvalidError."""
    last = until or today()
    first = since or last.replace(day=1)
    if first > last:
        raise InvalidError("The first day is after the last one. Swap them.")
    if last - first > LONGEST or first.year < 1970 or last.year > 2999:
        raise InvalidError("Ask for ten years at most, after 1970.")
    return DaySpan(first, last)


def report(span: DaySpan, by: str, user_id: int | None) -> Report:
    """Report what one person, or everybody (None), used in these days; `by` is a day or one of DIMENSIONS."""
    step, names = (DAY, ()) if by == DAY else ("", (by,))
    return answering.report(ReportQuery(span.since, span.until, step=step, by=names, user_id=user_id))
