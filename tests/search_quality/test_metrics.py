"""Metrics against numbers worked out by hand."""

from math import log2

import pytest

from tests.search_quality.metrics import difference, ndcg, recall, reciprocal_rank

RANKED = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]


def test_ndcg_of_one_relevant_passage_is_its_discount():
    # Third place: 1 / log2(4).
    assert ndcg(RANKED, {"c": 1}) == pytest.approx(0.5)


def test_ndcg_of_two_relevant_passages_is_compared_with_the_best_order():
    # Places 1 and 3: 1 + 0.5; at best 1 + 1 / log2(3) = 1.63093.
    assert ndcg(RANKED, {"a": 1, "c": 1}) == pytest.approx(1.5 / 1.63093, abs=1e-5)


def test_ndcg_counts_grades_linearly():
    # Grade 1 first, grade 3 second: 1 + 3 / 1.58496; at best 3 + 1 / 1.58496.
    assert ndcg(["x", "y"], {"x": 1, "y": 3}) == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))
    assert ndcg(["x", "y"], {"x": 1, "y": 3}) == pytest.approx(0.79671, abs=1e-5)


def test_ndcg_is_one_when_all_relevant_passages_come_first():
    assert ndcg(RANKED, {"b": 1, "a": 1}) == pytest.approx(1)
    assert ndcg(RANKED, dict.fromkeys([*RANKED, "l", "m"], 1)) == pytest.approx(1)


def test_ndcg_sees_ten_places():
    assert ndcg(RANKED, {"j": 1}) == pytest.approx(1 / log2(11))
    assert ndcg(RANKED, {"k": 1}) == 0


def test_grades_of_zero_and_less_are_irrelevant():
    judged = {"a": 0, "b": -1, "c": 1}
    assert ndcg(RANKED, judged) == pytest.approx(0.5)
    assert recall(RANKED, judged) == 1
    assert reciprocal_rank(RANKED, judged) == pytest.approx(1 / 3)


def test_recall_is_the_share_among_the_first_five():
    assert recall(RANKED, {"e": 1, "f": 1}) == 0.5
    assert recall(RANKED, {"a": 1, "z": 1, "y": 1}) == pytest.approx(1 / 3)


def test_reciprocal_rank_is_that_of_the_first_relevant_one():
    assert reciprocal_rank(RANKED, {"d": 1, "e": 1}) == 0.25
    assert reciprocal_rank(RANKED, {"k": 1}) == 0


@pytest.mark.parametrize("metric", [ndcg, recall, reciprocal_rank])
def test_nothing_found_is_worth_nothing(metric):
    assert metric([], {"a": 1}) == 0
    assert metric(RANKED, {}) == 0


def test_a_difference_that_every_question_shows_is_no_noise():
    found = difference([0.5] * 20, [0.25] * 20)
    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)
    assert not found.is_noise


def test_the_interval_of_one_question_in_two_is_the_binomial_one():
    # Of 100 questions 50 gain 1: the mean's deviation is sqrt(0.25 / 100) = 0.05, so 0.5 ± 1.96 · 0.05.
    found = difference([1] * 50 + [0] * 50, [0] * 100)
    assert found.mean == 0.5
    assert found.low == pytest.approx(0.402, abs=0.015)
    assert found.high == pytest.approx(0.598, abs=0.015)


def test_a_gain_on_a_few_questions_is_noise():
    found = difference([1, 0, 1, 1, 0], [1, 1, 0, 0, 0])
    assert found.mean == pytest.approx(0.2)
    assert found.is_noise


def test_a_difference_needs_the_same_questions():
    with pytest.raises(ValueError, match="each of the same questions"):
        difference([1], [1, 0])
    with pytest.raises(ValueError, match="each of the same questions"):
        difference([], [])
