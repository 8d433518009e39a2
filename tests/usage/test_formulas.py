# ruff: noqa: RUF001 - full-width signs belong here
"""No name in a file is computed by a spreadsheet, and each can be had back as it was."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langai_site.usage.reports import exporting, formulas

SIGNS = ["=", "+", "-", "@", "|", "＝", "＋", "－", "＠", "｜", "﹦", "﹢", "﹣", "﹫", "−"]
BEFORE = [
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\ufeff",
    "\u200b",
    "\u2060",
    "\U000e0041",
    "\x00",
    "\x1b",
    "\u202e",
    " \ufeff ",
    "'",
    "''",
]


@pytest.mark.parametrize("sign", SIGNS)
def test_what_begins_like_a_formula_is_text(sign):
    for before in BEFORE:
        name = f"{before}{sign}1+1"
        assert formulas.as_text(name) == f"'{name}", repr(name)
        assert formulas.original(f"'{name}") == name


@pytest.mark.parametrize("name", ["\tx", "\rx", "\nx", "\r\n=1", "'\tx"])
def test_what_begins_with_a_tab_or_a_line_end_is_text(name):
    assert formulas.as_text(name).startswith("'")
    assert formulas.original(formulas.as_text(name)) == name


def test_what_would_begin_a_cell_in_the_middle_of_a_name_is_text():
    assert formulas.as_text("Reds;=1+1") == "Reds;'=1+1"
    assert formulas.as_text("Reds\n＝1;x\t -1") == "Reds\n'＝1;x\t' -1"


@pytest.mark.parametrize(
    "name", ["", "alice", "openai/gpt-5", "a=b", "Ärzte", "x; y", "it's", "'tis", "漢字", "3-1", "auto: a → b"]
)
def test_other_names_stay_as_they_are(name):
    assert formulas.as_text(name) == formulas.original(name) == name


PARTS = st.sampled_from([*SIGNS, *BEFORE, ";", "\t", "\r", "\n", ",", "a", "1", '"'])


@given(st.lists(PARTS, max_size=10).map("".join) | st.text(max_size=20))
def test_every_name_can_be_had_back_and_no_two_become_one(name):
    cell = formulas.as_text(name)
    assert formulas.original(cell) == name
    assert not cell.lstrip().startswith(tuple(SIGNS))


def test_numbers_stay_numbers_and_truth_is_a_word():
    rows = [[Decimal("-0.000000001"), -7, True, None, "-7"]]
    assert "".join(exporting.as_csv(["a"], rows)) == "a\r\n-0.000000001,-7,yes,,'-7\r\n"
