"""Draws a report: its table, line by line in words, and its chart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from langai_site.sentences import drawn
from langai_site.usage.reports import charts, naming
from langai_site.usage.reports.asked import KEY, MEASURES, ReportRequest
from langai_site.usage.reports.charts import Columns, RankingChart
from langai_site.usage.reports.periods import Days, first_of, step_text, steps_of
from langai_site.usage.reports.types import DIMENSIONS, Figures, Line, Report, ReportQuery
from langai_site.usage.spending.standing import CENT, BudgetStanding, notice, shown
from langai_site.usage.sums import dollars
from langai_site.words import gettext_noop

PER_PAGE = 50
# With more columns, they could not be told apart.
COLUMNS_MAX = 130
NO_PRICE = gettext_noop("no price")
TITLES = {
    "cost": gettext_noop("Cost"),
    "saved": gettext_noop("Saved"),
    "entries": gettext_noop("Calls"),
    "answers": gettext_noop("Answers"),
    "input_tokens": gettext_noop("Tokens in"),
    "cached_tokens": gettext_noop("Cached"),
    "output_tokens": gettext_noop("Tokens out"),
}
STEP_TITLES = {"day": gettext_noop("Day"), "week": gettext_noop("Week"), "month": gettext_noop("Month")}
OF: dict[str, Callable[[Figures], int]] = {
    "cost": lambda figures: figures.cost,
    "tokens": lambda figures: figures.tokens,
    "entries": lambda figures: figures.entries,
}

# What the chart shows instead of what was asked for.
_INSTEAD = {
    ("cost", "tokens"): gettext_noop("Nothing in this time has a cost, so the chart shows tokens."),
    ("cost", "entries"): gettext_noop("Nothing in this time has a cost, so the chart shows calls."),
    ("tokens", "entries"): gettext_noop("No tokens were used in this time, so the chart shows calls."),
}


@dataclass(frozen=True)
class ReportColumn:
    """A column's heading: where a click leads, and its current order in ARIA's terms."""

    title: str
    url: str
    sorted: str
    numeric: bool


@dataclass(frozen=True)
class ReportRow:
    """A line in words: its names, and its figures in the order of TITLES; `url` shows only its last name.

    `written` has the names as exports have them: a model's id, where its name is what people call it.
    """

    names: tuple[str, ...]
    cells: tuple[str, ...]
    url: str = ""
    written: tuple[str, ...] = ()

    @property
    def named(self) -> list[tuple[str, str]]:
        """Return each name with its written form."""
        return list(zip(self.names, self.written or self.names, strict=True))


@dataclass(frozen=True)
class ReportTable:
    """One page of a report; `total` is that of all pages, to the last digit."""

    columns: tuple[ReportColumn, ...]
    rows: tuple[ReportRow, ...]
    total: ReportRow
    lines: int
    page: int
    pages: int
    previous_url: str
    next_url: str


@dataclass(frozen=True)
class Summary:
    """The main figures of a report; `exact_cost` to the last digit."""

    cost: str
    exact_cost: str
    unpriced: int
    saved: str
    figures: Figures


@dataclass(frozen=True)
class Section:
    """A chart, and the table beside it; `note` says why the chart shows something else than was asked for."""

    chart: Columns | RankingChart
    table: ReportTable
    note: str = ""


@dataclass(frozen=True)
class BudgetGauge:
    """A budget as a bar: `used` and `held` of 100, and the rest in words; `reached` is the threshold it has passed."""

    name: str
    used: int
    held: int
    told: str
    notice: str
    reached: int


def exact(amount: Decimal) -> str:
    """Return all digits, at least to the cent."""
    written = amount.quantize(CENT) if amount == amount.quantize(CENT) else amount.normalize()
    return _("$%(amount)s") % {"amount": number_format(written, force_grouping=True)}


def priced(figures: Figures, how: Callable[[Decimal], str] = shown) -> str:
    """Return the cost, and after it how many calls have none that is known."""
    if not figures.unpriced:
        return how(figures.cost_dollars)
    if figures.unpriced == figures.entries:
        return _(NO_PRICE)
    values = {"cost": how(figures.cost_dollars), "count": intcomma(figures.unpriced)}
    return _("%(cost)s + %(count)s without a price") % values


def gauge(standing: BudgetStanding) -> BudgetGauge:
    used = min(standing.percent, 100)
    held = 0 if not standing.limit else int(standing.held * 100 / standing.limit)
    values = {"spent": shown(standing.spent), "limit": shown(standing.limit), "held": shown(standing.held)}
    if standing.held:
        told = _("%(spent)s of %(limit)s spent, %(held)s held for answers being written") % values
    else:
        told = _("%(spent)s of %(limit)s spent") % values
    return BudgetGauge(
        name=drawn(standing.title),
        used=used,
        held=min(held, 100 - used),
        told=told,
        notice=drawn(notice(standing)),
        reached=standing.threshold,
    )


def summary(report: Report) -> Summary:
    total = report.total
    has_no_price = total.unpriced and total.unpriced == total.entries
    return Summary(
        cost=_(NO_PRICE) if has_no_price else shown(total.cost_dollars),
        exact_cost=exact(total.cost_dollars),
        unpriced=total.unpriced,
        saved=shown(total.saved_dollars),
        figures=total,
    )


def section(report: Report, measure: str, asked: ReportRequest | None = None, *, latest_first: bool = False) -> Section:
    """Return chart and table; with `asked` one sortable page of the table, otherwise all its lines."""
    drawn = table(report, asked) if asked else whole_table(report, latest_first=latest_first)
    measurable = drawn_measure(report, measure)
    note = _(_INSTEAD[measure, measurable]) if measurable != measure else ""
    return Section(chart(report, measurable), drawn, note)


def drawn_measure(report: Report, measure: str) -> str:
    """Return `measure`, or the first other one of which there is something to draw."""
    return next((name for name in (measure, "tokens", "entries") if OF[name](report.total)), measure)


def table(report: Report, asked: ReportRequest) -> ReportTable:
    """Return the requested page, or the last one there is."""
    ordered = _ordered(report.lines, asked.order)
    pages = max(1, -(-len(ordered) // PER_PAGE))
    page = min(asked.page, pages)
    shown_here = ordered[(page - 1) * PER_PAGE : page * PER_PAGE]
    return ReportTable(
        columns=_columns(asked),
        rows=tuple(_row(line, asked) for line in shown_here),
        total=total_row(report),
        lines=len(ordered),
        page=page,
        pages=pages,
        previous_url=asked.address(page=page - 1) if page > 1 else "",
        next_url=asked.address(page=page + 1) if page < pages else "",
    )


def whole_table(report: Report, *, latest_first: bool = False) -> ReportTable:
    """Return all lines on one page that cannot be sorted, for a short report."""
    asked = ReportRequest(report.query, sort="-key" if latest_first else "")
    lines = _ordered(report.lines, asked.order)
    columns = tuple(replace(column, url="", sorted="") for column in _columns(asked))
    rows = tuple(replace(_row(line, asked), url="") for line in lines)
    return ReportTable(columns, rows, total_row(report), len(lines), 1, 1, "", "")


def total_row(report: Report) -> ReportRow:
    return ReportRow((_("Total"), *[""] * (len(report.query.columns) - 1)), _cells(report.total, exact))


def _ordered(lines: Sequence[Line], order: str) -> Sequence[Line]:
    """Sort the lines. They are in the order of their keys already; equal lines keep that order."""
    column, descending = order.removeprefix("-"), order.startswith("-")
    if column == KEY:
        return lines[::-1] if descending else lines
    sign = -1 if descending else 1
    return sorted(lines, key=lambda line: (sign * getattr(line.figures, column), sign * line.figures.entries))


def _columns(asked: ReportRequest) -> tuple[ReportColumn, ...]:
    names = asked.query.columns
    titles = [_(DIMENSIONS[name].title) if name in DIMENSIONS else _(STEP_TITLES[name]) for name in names]
    keys = [_column(asked, title, KEY if number == 0 else "") for number, title in enumerate(titles)]
    return (*keys, *(_column(asked, _(title), name) for name, title in TITLES.items()))


def _column(asked: ReportRequest, title: str, sort: str) -> ReportColumn:
    """Return the heading of a column.

    A first click on a figure shows the largest first, on a name the first by alphabet.
    """
    first, second = (sort, f"-{sort}") if sort == KEY else (f"-{sort}", sort)
    directions = {sort: "ascending", f"-{sort}": "descending"}
    url = asked.address(sort=second if asked.order == first else first) if sort else ""
    return ReportColumn(title, url, directions.get(asked.order, "") if sort else "", numeric=sort in TITLES)


def _row(line: Line, asked: ReportRequest) -> ReportRow:
    query = asked.query
    names = (
        naming.shown(name, value) if name in DIMENSIONS else _day(name, value)
        for name, value in zip(query.columns, line.key, strict=True)
    )
    return ReportRow(tuple(names), _cells(line.figures, shown), _alone(line, asked), _written(query, line.key))


def _written(query: ReportQuery, key: Sequence[object]) -> tuple[str, ...]:
    """Return a line's names as exports have them, and days as they are shown."""
    days = [_day(name, value) if name not in DIMENSIONS else "" for name, value in zip(query.columns, key, strict=True)]
    return tuple(day or written for day, written in zip(days, query.written(key), strict=True))


def _alone(line: Line, asked: ReportRequest) -> str:
    """Return the address of the report of only this line's values."""
    query = asked.query
    values = dict(zip(query.columns, line.key, strict=True))
    only = {**dict(query.only), **{name: value for name, value in values.items() if name in DIMENSIONS}}
    if only == dict(query.only):
        return ""
    return asked.address(query=replace(query, only=tuple(only.items()), step=query.step or "day"), sort="")


def _cells(figures: Figures, how: Callable[[Decimal], str]) -> tuple[str, ...]:
    counts = (getattr(figures, name) for name in list(TITLES)[2:])
    return (priced(figures, how), how(figures.saved_dollars), *(str(intcomma(count)) for count in counts))


def _day(step: str, day: object) -> str:
    return step_text(step, day, year=True) if isinstance(day, date) else str(day)


def chart(report: Report, measure: str) -> Columns | RankingChart:
    """Return columns over time, stacked by the first dimension; or, without a time, the largest lines."""
    of = OF[measure]
    how = (lambda value: shown(dollars(value))) if measure == "cost" else (lambda value: str(intcomma(value)))
    title = _(MEASURES[measure])
    for name in report.query.by:
        title = _("%(measure)s by %(dimension)s") % {"measure": title, "dimension": _(DIMENSIONS[name].within)}
    if report.query.step:
        step = drawable(report.query)
        values = Counter[tuple[str, str]]()
        years = report.query.start.year != report.query.end.year
        words = {day: _step_title(step, day, years) for day in {line.key[0] for line in report.lines}}
        for line in report.lines:
            values[words[line.key[0]], _names(report.query, line.key[1:])] += of(line.figures)
        steps = [step_text(step, day, year=years) for day in steps_of(step, Days(report.query.start, report.query.end))]
        return charts.columns(
            values, steps, title=_("%(title)s, each %(step)s") % {"title": title, "step": _(step)}, shown=how
        )
    ranked = {_names(report.query, line.key): of(line.figures) for line in report.lines}
    return charts.ranking(ranked if report.query.by else {}, title=title, shown=how)


def drawable(query: ReportQuery) -> str:
    """Return the query's step, or the first coarser one that can be drawn."""
    days, step = (query.end - query.start).days + 1, query.step
    if step == "day" and days > COLUMNS_MAX:
        step = "week"
    return "month" if step == "week" and days > 7 * COLUMNS_MAX else step


def _step_title(step: str, day: object, years: bool) -> str:
    return step_text(step, first_of(step, day), year=years) if isinstance(day, date) else str(day)


def _names(query: ReportQuery, values: Sequence[object]) -> str:
    return ", ".join(naming.shown(name, value) for name, value in zip(query.by, values, strict=True))
