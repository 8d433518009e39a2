"""Pure: months and days of the books, in the configured time zone."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.errors import InvalidError


def day_of(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def month_of(moment: datetime) -> date:
    """Return the first day of the month of `moment`."""
    return day_of(moment).replace(day=1)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def start_of(day: date) -> datetime:
    """Return midnight in the configured time zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def read_month(text: str) -> date:
    """Read a month: 2026-03 -> 1 March 2026. Raises InvalidError."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise InvalidError(_("“%(text)s” is not a month. Write it as 2026-03.") % {"text": text}) from None


def read_moment(text: str, *, end: bool = False) -> datetime:
    """Read 2026-03-31, or 2026-03-31T14:30; with `end`, a day without a time means its end. Raises InvalidError."""
    try:
        if len(text) <= len("2026-03-31"):
            return start_of(date.fromisoformat(text) + timedelta(days=int(end)))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidError(
            _("“%(text)s” is not a time. Write it as 2026-03-31 or 2026-03-31T14:30.") % {"text": text}
        ) from None
    return moment if moment.tzinfo else timezone.make_aware(moment)
