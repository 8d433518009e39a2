"""Text that is shown as it was written, in answers of the built-in model."""

import time

import pytest

from chat.llm.quotes import sentences
from chat.markdown.rendering import render
from chat.markdown.verbatim import verbatim
from tests.chat.factories import numbered

# Long enough that what a call costs beside the text does not hide how the time grows.
SHORT, LONG = 1_000, 16_000


def seconds(work, text):
    def once():
        began = time.process_time()
        work(text)
        return time.process_time() - began

    return min(once() for _ in range(3))


def sentences_of(text):
    (passage,) = numbered(text)
    return list(sentences(passage))


@pytest.mark.parametrize(
    "piece", ["\n", "\n ", "\t\n", "\n\x0b", " ", "1", "\n1", "[1", "\\", "- ", "_", "\n_", "a\n \n", "1.", "\r"]
)
@pytest.mark.parametrize("work", [verbatim, sentences_of])
def test_time_grows_as_the_text_does(work, piece):
    short, long = (seconds(work, f"a{piece * (length // len(piece))}b") for length in (SHORT, LONG))
    assert long < short * (LONG // SHORT) * 3 + 0.001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "\\- a"),
        ("a\n\n \t+ b", "a\n\n \t\\+ b"),
        ("\n\n# a", "\n\n\\# a"),
        ("a\n  12. b\n\n3) c", "a\n  12\\. b\n\n3\\) c"),
        ("a\n\x0b- b", "a\n\x0b\\- b"),
    ],
)
def test_signs_of_lists_and_headings_are_escaped_on_every_line_after_any_blanks(text, expected):
    assert verbatim(text) == expected


@pytest.mark.parametrize("sign", ["- ", "+ ", "1. ", "2) ", "# "])
@pytest.mark.parametrize("before", ["", "a\n", "a\n\n", "a\n \n  ", "\n\n\n"])
def test_no_list_and_no_heading_comes_of_it(before, sign):
    html = render(verbatim(f"{before}{sign}b"))
    assert not {tag for tag in ("<li", "<h1") if tag in html}


def test_blank_lines_before_an_item_end_a_sentence():
    assert sentences_of("The first one is long enough\n \n- the second one is long enough too") == [
        "The first one is long enough",
        "the second one is long enough too",
    ]
