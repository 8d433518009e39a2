"""What the ledger comes to over days, as programs ask for it: the figures of the usage pages. Synchronous."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from langai_site.errors import Invalid
from langai_site.usage.budgets import today
from langai_site.usage.reports import answering
from langai_site.usage.reports.types import STEPS, Figures, Query

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


def grouped(span: Span, by: str, user_id: int | None = None) -> tuple[Figures, Mapping[str, Figures]]:
    """What these days come to, and by model, user, team or day, in the order of their names.

    One person's entries, or everybody's: who may ask for those, the caller has found out.
    """
    step, dimensions = (by, ()) if by in STEPS else ("", (by,))
    report = answering.report(Query(span.since, span.until, step, dimensions, user_id=user_id))
    return report.total, {report.query.written(line.key)[0]: line.figures for line in report.lines}
