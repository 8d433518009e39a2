"""Pure: draws a chart as HTML with SVG, and its numbers as a table below it. Texts are escaped, styles are classes.

The lines of charts stretch to the page's width, so they are in a box of 1000 by 100; words stand beside it as HTML,
which stays legible on a phone.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from itertools import pairwise
from math import ceil, cos, floor, log10, pi, sin

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from chat.markdown.charts import Chart, ChartError, Series, read_chart

WIDTH, HEIGHT = 1000, 100
# With more labels, bars stand upright, and only some labels are written.
MOST_ROWS = 12
# The share of a column's place that stays empty.
GAP = 0.25
# What drawing costs, in an allowance's units: each chart, each character of its source.
PRICE, PRICE_PER_CHAR = 150.0, 1.5
KINDS = {
    "bar": gettext_lazy("Bar chart"),
    "line": gettext_lazy("Line chart"),
    "pie": gettext_lazy("Pie chart"),
    "scatter": gettext_lazy("Scatter chart"),
}
FRAME = 'class="grid" d="M0 0H1000M0 50H1000M0 100H1000"'


def drawn_chart(source: str) -> str:
    """Return the HTML of the chart that `source` describes, in the language of the page; raises ChartError."""
    return _drawn_chart(source, get_language())


@lru_cache(maxsize=64)
def _drawn_chart(source: str, _language: str) -> str:
    chart = read_chart(source)
    draw = {"pie": _pie, "line": _line, "scatter": _scatter, "bar": _bars}[chart.type]
    caption = f"<figcaption>{escape(chart.title)}</figcaption>" if chart.title else ""
    return f'<figure class="chart">{caption}{draw(chart)}{_numbers(chart)}</figure>\n'


def price(source: str) -> float:
    return PRICE + PRICE_PER_CHAR * len(source)


def reason(source: str) -> str:
    """Return why a chart cannot be drawn, as HTML; empty if it can."""
    try:
        drawn_chart(source)
    except ChartError as error:
        words = _("This chart cannot be drawn: %(reason)s") % {"reason": error}
        return f'<p class="notice">{escape(words)}</p>\n'
    return ""


# The kinds of charts


def _bars(chart: Chart) -> str:
    return _rows(chart) if len(chart.labels) <= MOST_ROWS else _upright(chart)


def _rows(chart: Chart) -> str:
    """Draw a row for each label, with its value in words and a bar for each series."""
    low, high = min(0.0, *chart.numbers), max(0.0, *chart.numbers)
    span = high - low or 1
    rows = []
    for number, label in enumerate(chart.labels):
        bars = ""
        for hue, one in enumerate(chart.series, 1):
            value = one.values[number]
            name = label if hue == 1 else ""
            x, width = (min(value or 0, 0) - low) / span * WIDTH, abs(value or 0) / span * WIDTH
            bars += (
                f"<span>{escape(name)}</span><b>{_shown(value, chart.unit)}</b>"
                f'<svg viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">'
                f'<rect class="hue-{hue}" x="{_place(x)}" width="{_place(width)}" height="1"></rect></svg>'
            )
        rows.append(f"<li>{bars}</li>")
    return f'<ol class="ranks">{"".join(rows)}</ol>{_legend(chart.series)}'


def _upright(chart: Chart) -> str:
    low, high = _axis(min(0.0, *chart.numbers), max(0.0, *chart.numbers))
    step = WIDTH / len(chart.labels)
    width = step * (1 - GAP) / len(chart.series)
    shapes = ""
    for hue, one in enumerate(chart.series, 1):
        for number, value in enumerate(one.values):
            top, bottom = (_y(end, low, high) for end in (max(value or 0, 0), min(value or 0, 0)))
            x = step * (number + GAP / 2) + width * (hue - 1)
            shapes += (
                f'<rect class="hue-{hue}" x="{_place(x)}" y="{_place(top)}" '
                f'width="{_place(width)}" height="{_place(bottom - top)}"></rect>'
            )
    return _plot(chart, shapes, (low, high), _ticks(chart.labels))


def _line(chart: Chart) -> str:
    low, high = _axis(min(chart.numbers), max(chart.numbers))
    last = max(len(chart.labels) - 1, 1)
    shapes = ""
    for hue, one in enumerate(chart.series, 1):
        places = [
            None if value is None else (WIDTH * number / last, _y(value, low, high))
            for number, value in enumerate(one.values)
        ]
        path = "".join(
            f"{'L' if before else 'M'}{_place(place[0])} {_place(place[1])}"
            for before, place in pairwise([None, *places])
            if place
        )
        # A value without neighbours is a dot: a line of no length, with round ends.
        alone = "".join(
            f"M{_place(place[0])} {_place(place[1])}h0"
            for before, place, after in zip([None, *places], places, [*places[1:], None], strict=False)
            if place and not before and not after
        )
        shapes += f'<path class="line hue-{hue}" d="{path}"></path>'
        shapes += f'<path class="dots hue-{hue}" d="{alone}"></path>' if alone else ""
    return _plot(chart, shapes, (low, high), _ticks(chart.labels))


def _scatter(chart: Chart) -> str:
    across = [x for one in chart.series for x, _ in one.points]
    up = [y for one in chart.series for _, y in one.points]
    left, right = _axis(min(across), max(across))
    low, high = _axis(min(up), max(up))
    shapes = ""
    for hue, one in enumerate(chart.series, 1):
        path = "".join(
            f"M{_place(WIDTH * (x - left) / (right - left))} {_place(_y(y, low, high))}h0" for x, y in one.points
        )
        shapes += f'<path class="dots hue-{hue}" d="{path}"></path>'
    return _plot(chart, shapes, (low, high), [_shown(x) for x in (left, (left + right) / 2, right)])


def _pie(chart: Chart) -> str:
    values = [value or 0 for value in chart.series[0].values]
    total, start = sum(values), 0.0
    shapes = entries = ""
    for hue, (label, value) in enumerate(zip(chart.labels, values, strict=True), 1):
        share = value / total
        shapes += _slice(start, share, hue) if share else ""
        words = f"{escape(label)}: {_shown(value, chart.unit)} ({share:.0%})"
        entries += f'<li><i class="hue-{hue}"></i>{words}</li>'
        start += share
    return (
        f'<div class="pie"><svg viewBox="-1 -1 2 2" role="img" aria-label="{_words(chart)}">{shapes}</svg>'
        f'<ul class="legend">{entries}</ul></div>'
    )


def _slice(start: float, share: float, hue: int) -> str:
    if share > 0.9999:
        return f'<path class="hue-{hue}" d="M0 -1A1 1 0 1 1 -0.0001 -1Z"></path>'
    (x, y), (to_x, to_y) = ((sin(2 * pi * turn), -cos(2 * pi * turn)) for turn in (start, start + share))
    arc = f"M0 0L{x:.4f} {y:.4f}A1 1 0 {int(share > 0.5)} 1 {to_x:.4f} {to_y:.4f}Z"
    return f'<path class="hue-{hue}" d="{arc}"></path>'


# Parts of charts


def _plot(chart: Chart, shapes: str, ends: tuple[float, float], ticks: Sequence[str]) -> str:
    low, high = ends
    axis = "".join(f"<span>{_shown(value, chart.unit)}</span>" for value in (high, (low + high) / 2, low))
    below = "".join(f"<span>{tick}</span>" for tick in ticks)
    return (
        f'<div class="plot"><p class="axis" aria-hidden="true">{axis}</p>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{_words(chart)}">'
        f"<path {FRAME}></path>{shapes}</svg>"
        f'<p class="ticks" aria-hidden="true">{below}</p></div>{_legend(chart.series)}'
    )


def _legend(series: Sequence[Series]) -> str:
    if len(series) == 1 and not series[0].name:
        return ""
    names = "".join(f'<li><i class="hue-{hue}"></i>{escape(_name(one, hue))}</li>' for hue, one in enumerate(series, 1))
    return f'<ul class="legend">{names}</ul>'


def _name(series: Series, number: int) -> str:
    return series.name or _("Series %(number)s") % {"number": number}


def _words(chart: Chart) -> str:
    """Return what the chart shows, for people who cannot see it; the numbers follow as a table."""
    values = chart.numbers or [y for one in chart.series for _, y in one.points]
    kind = KINDS[chart.type]
    title = f"{kind}: {chart.title}." if chart.title else f"{kind}."
    least, most = (_shown(value, chart.unit) for value in (min(values), max(values)))
    words = ngettext(
        "%(count)s value from %(least)s to %(most)s.", "%(count)s values from %(least)s to %(most)s.", len(values)
    )
    return f"{escape(title)} {words % {'count': len(values), 'least': least, 'most': most}}"


def _numbers(chart: Chart) -> str:
    names = [escape(_name(one, number)) for number, one in enumerate(chart.series, 1)]
    if chart.type == "scatter":
        head = [_("Series"), "x", "y"]
        rows: list[tuple[str, ...]] = [
            (name, _shown(x), _shown(y, chart.unit))
            for name, one in zip(names, chart.series, strict=True)
            for x, y in one.points
        ]
    else:
        alone = len(names) == 1 and not chart.series[0].name
        head = ["", *([_("Value")] if alone else names)]
        rows = [
            (escape(label), *(_shown(one.values[number], chart.unit) for one in chart.series))
            for number, label in enumerate(chart.labels)
        ]
    cells = "".join(f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)
    header = "".join(f"<th>{name}</th>" if name else "<td></td>" for name in head)
    name = _("Table: %(columns)s") % {"columns": chart.title or _("numbers of the chart")}
    summary = _("Numbers")
    return (
        f"<details><summary>{summary}</summary>"
        f'<div class="table" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{header}</tr></thead><tbody>{cells}</tbody></table></div></details>"
    )


def _ticks(labels: Sequence[str]) -> list[str]:
    """Return the first, the middle and the last label."""
    return [escape(labels[place]) for place in sorted({0, len(labels) // 2, len(labels) - 1})]


def _axis(low: float, high: float) -> tuple[float, float]:
    """Return round ends of an axis that holds both values. It begins at 0 if they are not far from it."""
    if 0 < low <= high * 0.6:
        low = 0.0
    elif low * 0.6 <= high < 0:
        high = 0.0
    span = high - low or abs(high) or 1
    step = 10.0 ** floor(log10(span))
    step = next(step * factor for factor in (0.2, 0.5, 1) if span <= step * factor * 10)
    low, high = floor(low / step) * step, ceil(high / step) * step
    return (low, high) if high > low else (low, low + step)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT * (high - value) / (high - low)


def _place(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _shown(value: float | None, unit: str = "") -> str:
    if value is None:
        return "–"  # noqa: RUF001 - no value
    rounded = float(f"{value:.6g}")
    plain = f"{value:.0f}" if value == int(value) else f"{rounded}"
    number = plain if "e" in plain else number_format(plain, force_grouping=True)
    return f"{number} {escape(unit)}" if unit and unit != "%" else f"{number}{unit}"
