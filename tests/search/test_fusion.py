import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import K, Ranking, fused, ranks

ids = st.integers(1, 40)
scores = st.dictionaries(ids, st.floats(-1, 1, allow_nan=False), max_size=20)
rankings = st.lists(st.builds(Ranking, scores, st.floats(0.01, 5)), max_size=4)


def test_what_both_found_comes_before_what_one_found_higher():
    meaning, words = Ranking({1: 0.9, 2: 0.8}), Ranking({3: 7.0, 2: 5.0})
    assert list(fused([meaning, words])) == [2, 1, 3]


def test_the_first_of_every_ranking_scores_one():
    assert fused([Ranking({1: 0.9}, 2.0), Ranking({1: 3.0, 2: 1.0}, 0.5)])[1] == pytest.approx(1)


def test_a_weight_is_how_much_a_ranking_counts():
    trusted, doubtful = Ranking({1: 0.9, 2: 0.5}, 1.0), Ranking({2: 9.0, 1: 1.0}, 0.2)
    assert list(fused([trusted, doubtful])) == [1, 2]


def test_a_ranking_of_no_weight_is_not_there():
    assert fused([Ranking({1: 0.9}), Ranking({2: 0.9}, 0.0)]) == fused([Ranking({1: 0.9})])


def test_nothing_found_is_nothing():
    assert fused([]) == fused([Ranking({})]) == fused([Ranking({1: 0.9}, 0.0)]) == {}


def test_equal_scores_share_a_rank_and_the_next_is_as_far_as_there_are_equals():
    assert ranks({5: 0.5, 1: 0.9, 7: 0.5, 2: 0.1}) == {1: 1, 5: 2, 7: 2, 2: 4}


@given(rankings, st.randoms())
def test_neither_the_order_of_rankings_nor_that_of_passages_matters(found, random):
    def shuffled(items):
        items = list(items)
        random.shuffle(items)
        return items

    other = [Ranking(dict(shuffled(r.scores.items())), r.weight) for r in shuffled(found)]
    assert list(fused(found).items()) == list(fused(other).items())


@given(rankings)
def test_every_passage_is_there_once_with_a_score_up_to_one_best_first(found):
    out = fused(found)
    assert set(out) == {pk for ranking in found for pk in ranking.scores}
    assert all(0 < score <= 1 + 1e-9 for score in out.values())
    assert list(out.values()) == sorted(out.values(), reverse=True)


@given(rankings, st.data())
def test_a_passage_that_one_search_likes_better_never_falls(found, data):
    liked = [(i, pk) for i, ranking in enumerate(found) for pk in ranking.scores]
    if not liked:
        return
    i, pk = data.draw(st.sampled_from(liked))
    raised = {**found[i].scores, pk: found[i].scores[pk] + data.draw(st.floats(0, 2))}
    better = [*found[:i], Ranking(raised, found[i].weight), *found[i + 1 :]]
    before, after = fused(found), fused(better)
    assert after[pk] >= before[pk]
    assert list(after).index(pk) <= list(before).index(pk)


@given(scores, st.floats(0.01, 5))
def test_one_ranking_alone_keeps_its_order(found, weight):
    assert list(fused([Ranking(found, weight)])) == sorted(found, key=lambda pk: (-found[pk], pk))


@given(rankings, st.integers(41, 50))
def test_what_a_search_finds_more_at_its_end_takes_nothing_from_others(found, newcomer):
    if not found or not found[0].scores:
        return
    last = min(found[0].scores.values()) - 1
    more = [Ranking({**found[0].scores, newcomer: last}, found[0].weight), *found[1:]]
    before, after = fused(found, K), fused(more, K)
    assert {pk: after[pk] for pk in before} == before
