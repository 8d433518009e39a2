"""Passages of markdown documents are drawn as such, and the part that is cited is marked exactly."""

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.markdown.passages import drawn_passage
from tests.chat.test_rendering import PAYLOADS, PIECES, assert_harmless

TEXT = """# The mill

It grinds **barley and rye** on `four` days. See [the house](rules.md) and <https://example.com/x>.

1. First item
2. Second item, *long*

| Day | Grain |
|---|---|
| Friday | Rye |

```sh
echo $HOME
```
"""


def marked(html):
    return unescape(re.sub(r"<[^>]*>", "", " ".join(re.findall(r"<mark[^>]*>(.*?)</mark>", html, re.DOTALL))))


def drawn(part):
    before, _, after = TEXT.partition(part)
    return drawn_passage(before, part, after)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("It grinds **barley and rye** on `four` days.", "It grinds barley and rye on four days."),
        ("barley and", "barley and"),
        ("rye** on `four`", "rye on four"),
        ("# The mill\n\nIt", "The mill It"),
        ("1. First item\n2. Second item, *long*", "First item Second item, long"),
        ("| Friday | Rye |", "Friday Rye"),
        ("Grain |\n|---|---|\n| Friday", "Grain Friday"),
        ("[the house](rules.md)", "the house"),
        ("```sh\necho $HOME\n```", "echo $HOME"),
    ],
)
def test_the_cited_part_is_marked_across_everything_it_holds(part, expected):
    html = drawn(part)
    assert re.sub(r"\s+", " ", marked(html)).strip() == expected
    assert html.count('id="marked"') == 1


def test_the_rest_is_drawn_without_signs():
    html = drawn("barley")
    shown = re.sub(r"<[^>]*>", "", html)
    assert not re.search(r"\*\*|^#|\||`", shown, re.MULTILINE)
    assert "rules.md" not in html
    assert '<a href="https://example.com/x"' in html
    assert drawn_passage("", "", TEXT) == drawn_passage(TEXT, "", "")


def test_lines_of_a_fixed_length_flow():
    assert "<br>" not in drawn_passage("one\n", "two", "\nthree")


def test_a_formula_in_the_part_is_marked_as_a_whole():
    html = drawn_passage("a ", "word $x^2$ end", " b")
    assert "<mark><math>" in html
    assert not re.search(r"<math[^>]*>[^/]*<mark", html)


@pytest.mark.parametrize(("before", "part", "after"), [("a ", "***", " b"), ("", "---", "")])
def test_a_part_of_signs_alone_is_left_to_the_caller(before, part, after):
    assert drawn_passage(before, part, after) is None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_a_passage_runs_loads_or_styles(payload):
    for before, part, after in (("", payload, ""), ("one ", "two", f" {payload}"), (f"{payload}\n\n", "word", "")):
        html = drawn_passage(before, part, after)
        assert_harmless(re.sub(r'<mark(?: id="marked")?>|</mark>', "", html or ""))


@settings(max_examples=100, deadline=None)
@given(*[st.lists(PIECES, max_size=8).map("".join)] * 3)
def test_marks_change_nothing_else(before, part, after):
    html = drawn_passage(before, part, after)
    whole = drawn_passage(before + part + after, "", "")
    assert html is None or re.sub(r'<mark(?: id="marked")?>|</mark>', "", html) == whole
    assert html is None or html.count("<mark") == html.count("</mark>")
