"""Pure: the days of a report's period, and its steps: a day, a week, a month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from langai_site.errors import InvalidError
from langai_site.usage.months import next_month
from langai_site.words import gettext_noop

TODAY, WEEK, DAYS_30, MONTH, LAST_MONTH = "today", "7-days", "30-days", "month", "last-month"
PERIODS: Mapping[str, str] = {
    TODAY: gettext_noop("Today"),
    WEEK: gettext_noop("7 days"),
    DAYS_30: gettext_noop("30 days"),
    MONTH: gettext_noop("This month"),
    LAST_MONTH: gettext_noop("Last month"),
}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Days:
    """From one day to another, both included."""

    start: date
    end: date

    @property
    def count(self) -> int:
        return (self.end - self.start).days + 1


def days_of(period: str, today: date) -> Days:
    """Return the days that a period of PERIODS means today."""
    first = today.replace(day=1)
    if period == MONTH:
        return Days(first, today)
    if period == LAST_MONTH:
        last = first - timedelta(days=1)
        return Days(last.replace(day=1), last)
    back = {TODAY: 0, WEEK: 6, DAYS_30: 29}[period]
    return Days(today - timedelta(days=back), today)


def read_days(start: str, end: str, otherwise: Days) -> Days:
    """Read two days such as 2026-03-31; an empty one is that of `otherwise`. Raises InvalidError."""
    days = Days(_read_day(start, otherwise.start), _read_day(end, otherwise.end))
    if days.start > days.end:
        raise InvalidError(_("The first day is after the last one. Swap them."))
    return days


def _read_day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text) if text else otherwise
    except ValueError:
        day = date.min
    if not EARLIEST <= day <= LATEST:
        raise InvalidError(_("Please write a day as year, month and day, like 2026-03-31."))
    return day


def step_for(days: Days) -> str:
    """Return the step that shows so many days in about thirty columns at most."""
    if days.count <= 31:
        return "day"
    return "week" if days.count <= 31 * 7 else "month"


def first_of(step: str, day: date) -> date:
    """Return the first day of the day, week (from Monday on) or month that `day` is in."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def steps_of(step: str, days: Days) -> tuple[date, ...]:
    """Return the first day of each step; the first one may be before the days."""
    day, found = first_of(step, days.start), []
    while day <= days.end:
        found.append(day)
        day = next_month(day) if step == "month" else day + timedelta(days=7 if step == "week" else 1)
    return tuple(found)


def step_text(step: str, day: date, *, year: bool = False) -> str:
    """Return a step in words: 3 Mar, week of 3 Mar, Mar 2026."""
    if step == "month":
        return date_format(day, _("M Y"))
    text = date_format(day, _("j M Y") if year else _("j M"))
    return _("week of %(day)s") % {"day": text} if step == "week" else text
