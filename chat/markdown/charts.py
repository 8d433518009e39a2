"""Pure: reads the JSON of a chart: a fenced block of the language `chart`.

    {"type": "bar", "title": "Grain", "unit": "t", "labels": ["Riga", "Turku"],
     "series": [{"name": "2025", "values": [12, 15]}, {"name": "2026", "values": [14, null]}]}

`type` is bar, line, pie or scatter. A single series may be given as `values` beside `labels`. The values of a scatter
chart are pairs of x and y. The names by which Chart.js calls the same things are understood as well.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from langai_site.characters import whole_characters
from langai_site.numbers import grouped

TYPES = ("bar", "line", "pie", "scatter")
# Longer texts are cut. A series has a colour of its own.
MAX_SOURCE, MAX_TEXT, MAX_SERIES, MAX_LABELS, MAX_POINTS = 20_000, 80, 6, 200, 600
# A pie has fewer parts: nobody can tell more apart.
MAX_PARTS = 7
# What is closer to zero than SMALLEST is drawn as zero: an axis could not be divided into such steps.
LARGEST, SMALLEST = 1e15, 1e-100

Point = tuple[float, float]


class ChartError(Exception):
    """Says why a chart cannot be drawn, in words that finish "This chart cannot be drawn:"."""


@dataclass(frozen=True)
class Series:
    """Values with one name: a number or None for each label, or points."""

    name: str
    values: tuple[float | None, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Chart:
    """What a block says."""

    type: str
    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def numbers(self) -> list[float]:
        return [value for one in self.series for value in one.values if value is not None]


def read_chart(source: str) -> Chart:
    """Return the chart that `source` describes; raises ChartError."""
    if len(source) > MAX_SOURCE:
        raise ChartError(_("it is longer than %(most)s characters.") % {"most": grouped(MAX_SOURCE)})
    try:
        data = json.loads(source, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ChartError(_("it is not valid JSON.")) from None
    if not isinstance(data, dict):
        raise ChartError(_("it is not a JSON object."))
    kind = data.get("type")
    if kind not in TYPES:
        raise ChartError(_("its type is not bar, line, pie or scatter."))
    return _checked(_chart(data, kind))


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _chart(data: Mapping[str, Any], kind: str) -> Chart:
    inner = data["data"] if isinstance(data.get("data"), dict) else data
    labels = tuple(_text(label) for label in _list(inner.get("labels", []), "labels"))
    given = inner.get("series", inner.get("datasets"))
    if given is None:
        given = [{"values": inner.get("values", inner.get("data"))}]
    series = tuple(_series(one, kind) for one in _list(given, "series")[: MAX_SERIES + 1])
    return Chart(kind, _text(data.get("title", "")), _text(data.get("unit", "")), labels, series)


def _series(one: object, kind: str) -> Series:
    if not isinstance(one, dict):
        raise ChartError(_("a series is not an object with a name and values."))
    name = _text(one.get("name", one.get("label", "")))
    values = _list(one.get("values", one.get("points", one.get("data"))), "values")[: MAX_POINTS + 1]
    if kind == "scatter":
        return Series(name, points=tuple(map(_point, values)))
    return Series(name, values=tuple(None if value is None else _number(value) for value in values))


def _checked(chart: Chart) -> Chart:
    count = sum(len(one.values) + len(one.points) for one in chart.series)
    if len(chart.series) > MAX_SERIES:
        raise ChartError(_("it has more than %(most)s series.") % {"most": MAX_SERIES})
    if count > MAX_POINTS or len(chart.labels) > MAX_LABELS:
        raise ChartError(
            _("it has more than %(values)s values or %(labels)s labels.") % {"values": MAX_POINTS, "labels": MAX_LABELS}
        )
    if not chart.numbers and not any(one.points for one in chart.series):
        raise ChartError(_("it has no values."))
    for one in chart.series if chart.type != "scatter" else ():
        if len(one.values) != len(chart.labels):
            raise ChartError(
                _("it has %(labels)s labels, but %(values)s values.")
                % {"labels": len(chart.labels), "values": len(one.values)}
            )
    if chart.type == "pie":
        _check_pie(chart)
    return chart


def _check_pie(chart: Chart) -> None:
    if len(chart.series) > 1:
        raise ChartError(_("a pie has one series only."))
    if len(chart.labels) > MAX_PARTS:
        raise ChartError(_("a pie has at most %(most)s parts. A bar chart has room for more.") % {"most": MAX_PARTS})
    if min(chart.numbers) < 0 or not sum(chart.numbers):
        raise ChartError(_("the parts of a pie are not negative, and not all zero."))


def _list(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ChartError(_("its %(name)s are not a list.") % {"name": name})
    return value


def _text(value: object) -> str:
    if not isinstance(value, str | int | float):
        raise ChartError(_("a title, name or label is not text."))
    # JSON can name halves of characters, which no page can hold.
    text = " ".join(whole_characters(str(value)).split())
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ChartError(_("a value is not a number."))
    if not -LARGEST <= value <= LARGEST:
        raise ChartError(_("a value is too large."))
    return value if abs(value) >= SMALLEST else 0


def _point(value: object) -> Point:
    if isinstance(value, dict):
        value = [value.get("x"), value.get("y")]
    if not isinstance(value, list) or len(value) != 2:
        raise ChartError(_("a point is not a pair of numbers."))
    return _number(value[0]), _number(value[1])
