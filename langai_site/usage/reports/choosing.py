"""The choices of the usage pages: periods, filters, groups, files; each with its address."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from langai_site.usage.reports import answering, naming
from langai_site.usage.reports.asked import NO_STEP, NOTHING, ReportRequest
from langai_site.usage.reports.periods import PERIODS
from langai_site.usage.reports.types import DIMENSIONS, STEPS, Dimension, ReportQuery
from langai_site.words import gettext_noop

# The files that can be downloaded, with their names.
FILES = {"lines": gettext_noop("These figures"), "entries": gettext_noop("Each call")}
FORMATS = ("csv", "json")


@dataclass(frozen=True)
class Link:
    """`current`: it is what the page shows."""

    text: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class ReportChoice:
    """A select of the page's form."""

    name: str
    title: str
    options: tuple[Option, ...]


def periods(asked: ReportRequest) -> Sequence[Link]:
    return [Link(_(title), asked.address(period=name), name == asked.period) for name, title in PERIODS.items()]


def files(page: str, asked: ReportRequest) -> Sequence[Link]:
    """Return the links to the files of a page, given by the page's name in the URL names."""
    return [
        Link(f"{_(title)}, {form.upper()}", reverse(f"usage:{page}-file", args=[rows, form]) + asked.address())
        for rows, title in FILES.items()
        for form in FORMATS
    ]


def groups(asked: ReportRequest) -> Sequence[ReportChoice]:
    """Return the choices of time step, second grouping and the chart's measure."""
    by = {"": _("nothing else")} | {name: _(dimension.within) for name, dimension in DIMENSIONS.items()}
    steps = {step: _(step) for step in STEPS} | {NO_STEP: _("no time")}
    measures = {"cost": _("cost"), "tokens": _("tokens"), "entries": _("calls")}
    return [
        _choice("step", _("By"), steps, asked.query.step or NO_STEP),
        _choice("by", _("and"), by, asked.query.by[0] if asked.query.by else ""),
        _choice("show", _("Chart"), measures, asked.measure),
    ]


def filters(query: ReportQuery) -> Sequence[ReportChoice]:
    """Return each dimension with the existing values."""
    values, only = answering.choices(query), dict(query.only)
    return [_filter(dimension, values[name], only.get(name)) for name, dimension in DIMENSIONS.items()]


def _filter(dimension: Dimension, values: Sequence[object], chosen: object) -> ReportChoice:
    words = {dimension.written(value) or NOTHING: naming.shown(dimension.name, value) for value in values}
    now = "" if chosen is None else dimension.written(chosen) or NOTHING
    return _choice(dimension.name, _(dimension.title), {"": _("all")} | words, now)


def _choice(name: str, title: str, words: dict[str, str], chosen: str) -> ReportChoice:
    return ReportChoice(name, title, tuple(Option(value, text, value == chosen) for value, text in words.items()))
