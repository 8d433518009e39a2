"""Which figures conflict, on the pairs that docs/verified-answers.md reports."""

import re
import time
from pathlib import Path

import pytest

from chat.conflicts.statements import statements_of
from chat.grounding.lists import LANGUAGES
from tests.conflicts import BEFORE, HELD_OUT, pairs

DOCS = (Path(__file__).parents[2] / "docs" / "verified-answers.md").read_text()


def counts(name):
    """Return pairs, conflicts, conflicts that are found, and look-alikes that are taken for one."""
    every = pairs(name)
    found = [pair for pair in every if pair.is_found()]
    right = [pair for pair in found if pair.is_conflict]
    return len(every), sum(pair.is_conflict for pair in every), len(right), len(found) - len(right)


def test_the_documentation_reports_what_the_rules_find():
    rows = re.findall(r"^\| (?:before|after) the rules \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", DOCS, re.M)
    assert [tuple(map(int, row)) for row in rows] == [counts(BEFORE), counts(HELD_OUT)]
    assert {pair.language for pair in pairs(BEFORE)} == set(LANGUAGES)


@pytest.mark.parametrize(
    "text",
    [
        "The notice period is 30 to 60 days.",
        "The notice period is about 30 days.",
        "The rules for the notice period are on page 30.",
        "Version 30 of the notice period rules applies.",
        "For example, the notice period is 30 days.",
        "Is the notice period 30 days?",
        "It is 30 days.",
        "Total: 30 €",
        "The notice period has changed in 2024.",
    ],
)
def test_what_states_no_rule_is_not_compared(text):
    assert list(statements_of(text, "", "en")) == []


def test_the_figure_and_its_sentence_are_where_they_stand():
    text = "Leaving. The notice period is 30 days. Tell your manager."
    (found,) = statements_of(text, "", "en")
    assert (text[slice(*found.figure)], text[found.start : found.end].strip()) == (
        "30 days",
        "The notice period is 30 days.",
    )


def test_a_long_list_of_numbers_is_read_in_no_time():
    begun = time.process_time()
    assert list(statements_of("12 days, 4 €; " * 5_000 + "\n" + "The notice period is 30 days. " * 300, "", "en"))
    assert time.process_time() - begun < 2
