"""Snippets show the words of a markdown passage, not its signs."""

import time

import pytest

from search.pages.plain_words import plain_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## The mill ##\n\nIt **grinds** _barley_ and `rye`.", "The mill\n\nIt grinds barley and rye."),
        ("- [x] done\n* two\n> said", "done\ntwo\nsaid"),
        ("| Day | Grain |\n|---|:-:|\n| Friday | Rye |", "Day · Grain\n\nFriday · Rye"),
        (
            "See [the house](rules_(x).md) and ![a mill](m.png), <https://example.com>.",
            "See the house and a mill, https://example.com.",
        ),
        ("[![badge](b.svg)](https://e.x)", "badge"),
        ("```python\nx = 1\n```", "x = 1"),
        ("snake_case and 2 * 3 and a | b", "snake_case and 2 * 3 and a | b"),
        (r"\*kept\* and C:\Users", r"*kept* and C:\Users"),
        ("half a **bold", "half a bold"),
        ("1. one\n2. two", "1. one\n2. two"),
    ],
)
def test_only_the_words_are_left(text, expected):
    assert plain_words(text) == expected


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "*", "_a", "`", "|", "-", "> ", "<", "\\", "# ", " ", "\n"])
def test_time_grows_as_the_text_does(piece):
    def seconds(length):
        began = time.process_time()
        plain_words(piece * (length // len(piece)))
        return time.process_time() - began

    assert min(seconds(32_000) for _ in range(3)) < 24 * min(seconds(2_000) for _ in range(3)) * 3 + 0.005
