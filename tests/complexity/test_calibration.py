"""The committed weights are those that fitting finds, and do as well as the documentation says."""

import json
from pathlib import Path

import pytest

from chat.routing.complexity import score, weights
from chat.values import Level
from tests.complexity.fitting import FEATURES, fitted
from tests.complexity.prompts import HELD_OUT, TRAIN, accuracy, confusion, table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
SEARCHES = ROOT / "tests" / "search_quality" / "data"


def asked(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_weights_are_what_fitting_finds():
    fit = fitted(TRAIN)
    assert tuple(weights.WEIGHTS) == FEATURES
    # Other builds of numpy may round otherwise.
    assert fit.weights == pytest.approx(weights.WEIGHTS, abs=0.02)
    assert fit.base == pytest.approx(weights.BASE, abs=0.02)


def test_the_documentation_shows_what_becomes_of_the_held_out_prompts():
    assert table(confusion(HELD_OUT)) in PAGE
    assert f"{len(TRAIN)} prompts" in PAGE
    assert f"{len(HELD_OUT)} were held out" in PAGE


@pytest.mark.parametrize(
    ("group", "languages"),
    [
        ("English", {"en"}),
        ("German, French, Spanish, Chinese, Arabic", {"de", "fr", "es", "zh", "ar"}),
        ("other languages", {"it", "pt", "nl", "pl"}),
    ],
)
def test_the_documentation_says_how_many_are_right_in_which_language(group, languages):
    cells = confusion(prompt for prompt in HELD_OUT if prompt.language in languages)
    right = round(accuracy(cells) * cells.total())
    assert f"| {group} | {right} of {cells.total()} |" in PAGE


def test_held_out_prompts_are_scored_well():
    assert accuracy(confusion(HELD_OUT)) >= 0.8


def test_simple_is_hardly_ever_taken_for_complex_or_complex_for_simple():
    cells = confusion(HELD_OUT)
    assert cells[Level.SIMPLE, Level.COMPLEX] + cells[Level.COMPLEX, Level.SIMPLE] <= 1


def test_small_talk_is_simple():
    """Written for the search, before there were cues."""
    levels = [score(text).level for text in asked(SEARCHES / "small_talk.jsonl")]
    assert levels.count(Level.SIMPLE) >= 0.9 * len(levels)


@pytest.mark.parametrize("language", ["en", "de", "zh", "ar"])
def test_questions_that_one_passage_answers_are_hardly_ever_complex(language):
    """Written for the search, too."""
    levels = [score(text, passages=4).level for text in asked(SEARCHES / language / "queries.jsonl")]
    assert levels.count(Level.COMPLEX) <= 0.05 * len(levels)
