import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import Ranking, fused, shares

ids = st.integers(1, 40)
values = st.floats(-1, 30, allow_nan=False).map(lambda value: round(value, 4))
scores = st.dictionaries(ids, values, max_size=20)
weights = st.dictionaries(ids, st.floats(0, 5), max_size=5)
rankings = st.lists(
    st.builds(Ranking, scores, st.floats(0.01, 5), st.floats(-1, 1), st.none() | st.floats(0, 30), weights), max_size=4
)


def test_what_both_found_comes_before_what_one_found_a_little_higher():
    meaning, words = Ranking({1: 0.9, 2: 0.8}), Ranking({3: 7.0, 2: 6.0})
    assert list(fused([meaning, words])) == [2, 1, 3]


def test_one_whole_match_comes_before_many_halves():
    """Sixty invoices share every word but the number; by meaning the wanted one is in the middle of them."""
    words = Ranking({pk: 9.0 if pk == 30 else 3.0 for pk in range(60)})
    meaning = Ranking({pk: 0.7 - pk / 1000 for pk in range(60)}, low=0.5)
    assert next(iter(fused([meaning, words]))) == 30


def test_the_first_of_every_ranking_scores_one():
    assert fused([Ranking({1: 0.9}, 2.0), Ranking({1: 3.0, 2: 1.0}, 0.5)])[1] == pytest.approx(1)


def test_a_weight_is_how_much_a_ranking_counts():
    trusted, doubtful = Ranking({1: 0.9, 2: 0.5}, 1.0), Ranking({2: 9.0, 1: 1.0}, 0.2)
    assert list(fused([trusted, doubtful])) == [1, 2]


def test_a_ranking_counts_for_each_passage_as_far_as_it_is_trusted_there():
    """One embedder knows the language of passage 1, the other that of passage 2; both are equally near."""
    english = Ranking({1: 0.9, 2: 0.9}, weights={2: 0.0})
    german = Ranking({1: 0.1, 2: 0.9}, weights={1: 0.0})
    assert fused([english, german]) == {1: 1.0, 2: 1.0}
    assert fused([Ranking({1: 0.9}, weights={1: 0.0})]) == {}


def test_a_ranking_of_no_weight_is_not_there():
    assert fused([Ranking({1: 0.9}), Ranking({2: 0.9}, 0.0)]) == fused([Ranking({1: 0.9})])


def test_nothing_found_is_nothing():
    assert fused([]) == fused([Ranking({})]) == fused([Ranking({1: 0.9}, 0.0)]) == {}


def test_scores_are_stretched_between_the_lowest_and_the_highest():
    assert shares(Ranking({1: 0.9, 2: 0.6, 3: 0.3, 4: 0.1}, low=0.3)) == pytest.approx({1: 1, 2: 0.5, 3: 0, 4: 0})
    assert shares(Ranking({1: 5.0, 2: 30.0}, high=10.0)) == {1: 0.5, 2: 1.0}
    assert shares(Ranking({1: 0.4, 2: 0.4}, low=0.4)) == {1: 1.0, 2: 1.0}


@given(rankings, st.randoms())
def test_neither_the_order_of_rankings_nor_that_of_passages_matters(found, random):
    def shuffled(items):
        items = list(items)
        random.shuffle(items)
        return items

    other = [Ranking(dict(shuffled(r.scores.items())), r.weight, r.low, r.high, r.weights) for r in shuffled(found)]
    assert list(fused(found).items()) == list(fused(other).items())


@given(rankings)
def test_every_passage_is_there_once_with_a_score_up_to_one_best_first(found):
    out = fused(found)
    assert set(out) == {pk for ranking in found for pk in ranking.scores if ranking.weight_of(pk) > 0}
    assert all(0 <= score <= 1 + 1e-9 for score in out.values())
    assert list(out.values()) == sorted(out.values(), reverse=True)


@given(rankings, st.data())
def test_a_passage_that_one_search_likes_better_never_falls(found, data):
    liked = [(i, pk) for i, r in enumerate(found) for pk in r.scores if r.high is not None and r.high > r.low]
    if not liked:
        return
    i, pk = data.draw(st.sampled_from(liked))
    one = found[i]
    raised = {**one.scores, pk: one.scores[pk] + data.draw(st.floats(0, 2))}
    better = [*found[:i], Ranking(raised, one.weight, one.low, one.high, one.weights), *found[i + 1 :]]
    before, after = fused(found), fused(better)
    if pk in before:
        assert after[pk] >= before[pk]
        assert list(after).index(pk) <= list(before).index(pk)


@given(scores, st.floats(0.01, 5))
def test_one_ranking_alone_keeps_its_order(found, weight):
    low = min(found.values(), default=0)
    assert list(fused([Ranking(found, weight, low)])) == sorted(found, key=lambda pk: (-found[pk], pk))


@given(rankings, st.integers(41, 50))
def test_what_a_search_finds_more_at_its_end_changes_no_order(found, newcomer):
    if not found or not found[0].scores:
        return
    last = min(found[0].scores.values()) - 1
    more = [
        Ranking({**found[0].scores, newcomer: last}, found[0].weight, found[0].low, found[0].high, found[0].weights)
    ]
    before, after = fused(found), fused([*more, *found[1:]])
    assert [pk for pk in after if pk in before] == list(before)
