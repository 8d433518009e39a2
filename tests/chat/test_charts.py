"""A fenced block of a chart's data is drawn as a chart with its numbers, and data can do no harm."""

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from chat.markdown.charts import MAX_POINTS
from chat.markdown.rendering import render
from chat.markdown.streaming import Stream

BARS = {
    "type": "bar",
    "title": "Grain <b>",
    "unit": "t",
    "labels": ["Riga", "Turku"],
    "series": [{"name": "2025", "values": [12, 1500.5]}, {"name": "2026", "values": [-14, None]}],
}


def fenced(data) -> str:
    return f"```chart\n{data if isinstance(data, str) else json.dumps(data)}\n```"


def drawn(data) -> LexborHTMLParser:
    return LexborHTMLParser(render(fenced(data)))


def numbers(page) -> list[list[str]]:
    return [[cell.text() for cell in row.css("th, td")] for row in page.css("details tr")]


def test_bars_have_words_a_legend_and_a_table():
    page = drawn(BARS)
    assert page.css_first("figcaption").text() == "Grain <b>"
    assert [entry.text() for entry in page.css(".legend li")] == ["2025", "2026"]
    assert numbers(page) == [["", "2025", "2026"], ["Riga", "12 t", "-14 t"], ["Turku", "1,500.5 t", "–"]]  # noqa: RUF001
    assert len(page.css("rect")) == 4


def test_many_bars_stand_upright():
    page = drawn({"type": "bar", "labels": [str(day) for day in range(1, 31)], "values": [*range(30)]})
    assert len(page.css(".plot rect")) == 30
    assert [tick.text() for tick in page.css(".ticks span")] == ["1", "16", "30"]
    assert page.css_first(".plot svg").attributes["aria-label"] == "Bar chart. 30 values from 0 to 29."


def test_a_line_has_gaps_and_lonely_values_are_dots():
    page = drawn({"type": "line", "labels": list("abcde"), "values": [1, 2, None, 4, None]})
    assert page.css_first(".line").attributes["d"] == "M0 75L250 50M750 0"
    assert page.css_first(".dots").attributes["d"] == "M750 0h0"


def test_points_and_parts():
    points = drawn({"type": "scatter", "series": [{"name": "ships", "values": [[0, 0], [10, 5]]}]})
    assert points.css_first(".dots").attributes["d"] == "M0 100h0M1000 0h0"
    assert numbers(points)[1:] == [["ships", "0", "0"], ["ships", "10", "5"]]
    parts = drawn({"type": "pie", "labels": ["a", "b", "none"], "values": [1, 3, 0]})
    assert [entry.text() for entry in parts.css(".legend li")] == ["a: 1 (25%)", "b: 3 (75%)", "none: 0 (0%)"]
    assert len(parts.css(".pie path")) == 2
    assert "nan" not in render(fenced({"type": "pie", "labels": ["all"], "values": [1]}))


def test_the_names_of_chart_js_are_understood():
    page = drawn({"type": "line", "data": {"labels": ["a", "b"], "datasets": [{"label": "x", "data": [1, 2]}]}})
    assert numbers(page) == [["", "x"], ["a", "1"], ["b", "2"]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{not json", "it is not valid JSON."),
        ("[" * 5000, "it is not valid JSON."),
        ('{"type": "bar", "labels": ["a"], "values": [NaN]}', "it is not valid JSON."),
        ("[]", "it is not a JSON object."),
        ({"type": "radar"}, "its type is not bar, line, pie or scatter."),
        ({"type": "bar", "labels": ["a"]}, "its values are not a list."),
        ({"type": "bar", "labels": ["a"], "values": [1, 2]}, "it has 1 labels, but 2 values."),
        ({"type": "bar", "labels": ["a"], "values": ["1"]}, "a value is not a number."),
        ({"type": "bar", "labels": ["a"], "values": [1e300]}, "a value is too large."),
        ({"type": "bar", "labels": [{}], "values": [1]}, "a title, name or label is not text."),
        ({"type": "bar", "labels": ["a"], "values": [None]}, "it has no values."),
        ({"type": "bar", "labels": [], "values": [0] * (MAX_POINTS + 1)}, "it has more than 600 values or 200 labels."),
        ({"type": "scatter", "values": [[1]]}, "a point is not a pair of numbers."),
        ({"type": "pie", "labels": ["a"], "values": [-1]}, "the parts of a pie are not negative, and not all zero."),
        ("x" * 20_001, "it is longer than 20,000 characters."),
    ],
)
def test_what_cannot_be_drawn_is_shown_as_code_with_the_reason(data, reason):
    page = drawn(data)
    assert page.css_first(".notice").text() == f"This chart cannot be drawn: {reason}"
    assert page.css_first(".code").attributes["data-language"] == "chart"
    assert page.css_first("svg") is None


@pytest.mark.parametrize("kind", ["bar", "line", "pie", "scatter"])
@pytest.mark.parametrize("values", [[0], [-5], [1e15], [1e-12], [3, 3]])
def test_any_numbers_have_places(kind, values):
    data = {"type": kind, "labels": [str(n) for n in range(len(values))], "values": values}
    if kind == "scatter":
        data["values"] = [[value, value] for value in values]
    html = render(fenced(data))
    assert "svg" in html or "cannot be drawn" in html
    assert "nan" not in html
    assert "inf" not in html


def test_it_is_code_until_it_is_closed_and_then_the_same_as_whole():
    text = f"{fenced(BARS)}\n\nThen more."
    stream, finished = Stream(), ""
    for end in [*range(9, len(text), 9), len(text)]:
        result = stream.feed(text[:end])
        finished += result.finished_html
        if end < len(fenced(BARS)):
            assert "svg" not in finished + result.open_html
    assert finished + result.open_html == render(text)


def test_halves_of_characters_in_a_label_are_replaced():
    page = drawn(r'{"type": "bar", "title": "\ud800 ice", "labels": ["\udc00", "\u0000"], "values": [1, 2]}')
    assert page.css_first("figcaption").text() == "\ufffd ice"
    assert [row[0] for row in numbers(page)[1:]] == ["\ufffd", "\ufffd"]


@pytest.mark.parametrize("kind", ["line", "scatter"])
def test_values_too_close_to_zero_to_divide_an_axis_are_zero(kind):
    values = [[5e-324, 5e-324]] if kind == "scatter" else [5e-324]
    assert drawn({"type": kind, "labels": ["a"], "values": values}).css_first(".plot svg")


def test_many_bars_of_almost_nothing_are_drawn():
    assert drawn({"type": "bar", "labels": [str(day) for day in range(20)], "values": [5e-324] * 20}).css_first(".plot")
