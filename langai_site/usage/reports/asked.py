"""Reads a usage page's request from its address, and writes such addresses."""

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from langai_site.errors import InvalidError
from langai_site.usage.reports.periods import DAYS_30, PERIODS, Days, days_of, read_days
from langai_site.usage.reports.types import DIMENSIONS, STEPS, ReportQuery
from langai_site.words import gettext_noop

# In an address: the entries that have no value in a dimension.
NOTHING = "(none)"
NO_STEP = "none"
MEASURES = {"cost": gettext_noop("Cost"), "tokens": gettext_noop("Tokens"), "entries": gettext_noop("Calls")}
KEY = "key"
SORTS = (KEY, "entries", "answers", "input_tokens", "output_tokens", "cached_tokens", "saved", "cost")
PAGE_DIGITS = 6
VALUE_MAX = 200


@dataclass(frozen=True)
class ReportRequest:
    """A query and how its result is shown. `period` is empty if the days were chosen individually.

    `sort` is one of SORTS, with a minus before it for the largest first; empty for the usual order. `problem` tells the
    person what is wrong with the address; the query is then the default one.
    """

    query: ReportQuery
    period: str = DAYS_30
    measure: str = "cost"
    sort: str = ""
    page: int = 1
    usual_by: tuple[str, ...] = ()
    problem: str = ""

    @property
    def days(self) -> Days:
        return Days(self.query.start, self.query.end)

    @property
    def order(self) -> str:
        return self.sort or (KEY if self.query.step else "-cost")

    def address(self, **changes: object) -> str:
        """Return the query string with `changes` of fields; it leads to the first page unless they name another."""
        changed = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        query = changed.query
        pairs = [("period", changed.period)] if changed.period else []
        if not changed.period:
            pairs += [("from", query.start.isoformat()), ("to", query.end.isoformat())]
        pairs += [("step", query.step or NO_STEP)] if query.step != "day" else []
        pairs += [("by", name) for name in query.by or ("",)] if query.by != self.usual_by else []
        pairs += [(name, DIMENSIONS[name].written(value) or NOTHING) for name, value in query.only]
        pairs += [("show", changed.measure)] if changed.measure != "cost" else []
        pairs += [("sort", changed.sort)] if changed.sort else []
        pairs += [("page", str(changed.page))] if changed.page > 1 else []
        return f"?{urlencode(pairs)}"


def read(values: QueryDict, *, user_id: int | None, today: date, by: tuple[str, ...] = ()) -> ReportRequest:
    """Read an address for the entries of `user_id` (None: all); `by` is the default grouping."""
    period = values.get("period", DAYS_30)
    usual = days_of(period if period in PERIODS else DAYS_30, today)
    query = ReportQuery(usual.start, usual.end, step="day", by=by, user_id=user_id)
    try:
        days = read_days(values.get("from", ""), values.get("to", ""), usual)
        query = replace(query, start=days.start, end=days.end, step=_step(values), by=_by(values, by))
        query = replace(query, only=_only(values))
    except InvalidError as error:
        return ReportRequest(query, usual_by=by, problem=error.message)
    named = period if period in PERIODS and days == usual else ""
    return ReportRequest(query, named, _measure(values), _sort(values), _page(values), by)


def _step(values: QueryDict) -> str:
    step = values.get("step", "day")
    return step if step in STEPS else ""


def _by(values: QueryDict, usual: tuple[str, ...]) -> tuple[str, ...]:
    if "by" not in values:
        return usual
    return tuple(dict.fromkeys(name for name in values.getlist("by") if name in DIMENSIONS))


def _only(values: QueryDict) -> tuple[tuple[str, object], ...]:
    """Return the filters; one with an empty value filters nothing. Raises InvalidError."""
    given = {name: values.get(name, "").replace("\x00", "")[:VALUE_MAX] for name in DIMENSIONS if values.get(name)}
    return tuple((name, DIMENSIONS[name].read("" if text == NOTHING else text)) for name, text in given.items())


def _measure(values: QueryDict) -> str:
    measure = values.get("show", "")
    return measure if measure in MEASURES else "cost"


def _sort(values: QueryDict) -> str:
    sort = values.get("sort", "")
    return sort if sort.removeprefix("-") in SORTS else ""


def _page(values: QueryDict) -> int:
    page = values.get("page", "")
    return max(int(page), 1) if page.isdecimal() and len(page) <= PAGE_DIGITS else 1
