from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langai_site.sensitivity import Sensitivity
from search.merging import GAP, collapsed, grown, in_parts, length, same_text, stretches, within
from tests.search.hits import hit

TEXT = (
    "Refunds are issued within thirty days of purchase, if the item is unused, the receipt is shown at the counter "
    "and the packaging is whole. Gift cards, food and anything made to measure cannot be given back at all."
)
CHINESE = "退款将在购买后三十天内办理、商品必须未使用、并须出示收据。礼品卡和食品不能退货。定制的商品也不能退货。"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (TEXT, True),
        (TEXT.upper().replace(" ", "\n"), True),
        (TEXT.replace("shown at", "seen at"), False),
        ("Intro. " + TEXT, True),
        (TEXT.replace("thirty", "30"), False),
        ("Something else altogether, about parking on the roof.", False),
        ("", False),
    ],
)
def test_a_text_is_recognised_in_another_edition(other, same):
    assert same_text(TEXT, other) is same
    assert same_text(other, TEXT) is same


def test_forms_that_differ_in_a_number_alone_are_not_the_same():
    form = (
        "On line {} of the press the oil was changed, the filter cleaned and the belt tightened by the night shift. "
        * 3
    )
    assert not same_text(form.format(1, 1, 1), form.format(2, 2, 2))


def test_texts_without_spaces_are_compared_as_well():
    assert same_text(CHINESE, CHINESE + "。")
    assert same_text(CHINESE, CHINESE.replace("、", " "))
    assert not same_text(CHINESE, "员工每年有二十八天带薪年假。未使用的假期在三月底失效。")


def test_short_texts_are_the_same_only_when_they_are():
    assert same_text("Closed.", "closed")
    assert not same_text("Closed.", "Open.")


def test_of_the_same_text_the_first_stays():
    first, other, copy = hit(TEXT, pk=1, score=0.9), hit("Other words.", pk=2), hit(TEXT, pk=3, score=0.4)
    assert collapsed([first, other, copy]) == [first, other]


def test_of_the_same_text_the_lowest_label_stands_in_the_best_place():
    secret = hit(TEXT, pk=1, score=0.9, label=Sensitivity.CONFIDENTIAL)
    public = hit(TEXT, pk=2, score=0.4, label=Sensitivity.PUBLIC)
    assert [(h.passage_id, h.score) for h in collapsed([secret, hit("Else."), public])] == [(2, 0.9), (1, 0.5)]
    assert collapsed([public, secret]) == [public]


def test_of_the_same_text_with_the_same_label_the_newest_stands():
    old = hit(TEXT, pk=1, added_at=datetime(2024, 1, 1, tzinfo=UTC))
    new = hit(TEXT, pk=2, added_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert [h.passage_id for h in collapsed([old, new])] == [2]
    assert [h.passage_id for h in collapsed([new, old])] == [2]


def test_neighbours_become_one_stretch_with_the_place_of_the_better():
    first, second = hit("a" * 50, pk=1, start=0, score=0.4), hit("b" * 50, pk=2, start=52, score=0.8)
    far = hit("c" * 50, pk=3, start=103 + GAP, score=0.6)
    found = stretches([second, far, first])
    assert [(s.start, s.end, s.best.passage_id) for s in found] == [(0, 102, 2), (103 + GAP, 153 + GAP, 3)]


def test_other_pages_and_other_documents_are_no_neighbours():
    assert len(stretches([hit(pk=1), hit(pk=2, page=2), hit(pk=3, source=UUID(int=2))])) == 3


def test_a_passage_between_two_joins_them():
    one, two, three = (
        hit("x" * 300, pk=pk, start=pk * 300, score=score) for pk, score in ((0, 0.9), (1, 0.5), (2, 0.8))
    )
    assert len(stretches([one, three])) == 2
    assert [(s.start, s.end) for s in stretches([one, three, two])] == [(0, 900)]


def test_a_stretch_as_a_hit_is_the_pages_slice_under_its_first_heading():
    page = "one two\n\nthree"
    one = hit("one two", pk=1, start=0, score=0.4, heading="Numbers", location="page 3", position=4)
    two = hit("three", pk=2, start=9, score=0.8, heading="More", location="page 3", position=5)
    whole = stretches([two, one])[0].as_hit(page)
    assert (whole.text, whole.start, whole.end, whole.score) == (page, 0, len(page), 0.8)
    assert (whole.heading, whole.location, whole.passage_id, whole.position) == ("Numbers", "page 3", 2, 4)


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [
        ("Budget, rows 2 to 40", "Budget, rows 41 to 80", "Budget, rows 2 to 80"),
        ("Budget, row 2", "Budget, row 3", "Budget, rows 2 to 3"),
        ("rows 2 to 40", "row 41", "rows 2 to 41"),
        ("slide 4", "slide 4", "slide 4"),
        ("", "", ""),
    ],
)
def test_neighbouring_rows_are_named_from_the_first_to_the_last(first, last, whole):
    rows = [hit("a", pk=1, location=first), hit("b", pk=2, start=1, location=last)]
    assert stretches(rows)[0].as_hit("ab").location == whole


def test_what_does_not_fit_is_left_out_and_something_shorter_taken():
    long, longer, short = (hit("x" * n, pk=n, page=n, score=1 / n) for n in (60, 70, 30))
    assert [s.best.passage_id for s in stretches(within(100, [long, longer, short]))] == [60, 30]
    assert [found.passage_id for found in within(10, [long, short])] == [60]
    assert within(10, []) == []


spans = st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3000), st.integers(1, 400), st.floats(0, 1)), max_size=12)


def hits_of(values):
    return [
        hit("x" * n, pk=pk, page=page, start=start, score=score) for pk, (page, start, n, score) in enumerate(values)
    ]


@given(spans)
def test_each_hit_is_in_one_stretch_and_stretches_of_a_page_keep_apart(values):
    hits = hits_of(values)
    found = stretches(hits)
    assert sorted(h.passage_id for s in found for h in s.hits) == sorted(h.passage_id for h in hits)
    assert all(s.start <= h.start and h.end <= s.end for s in found for h in s.hits)
    for page in (1, 2):
        places = sorted((s.start, s.end) for s in found if s.best.page == page)
        assert all(after[0] - before[1] > GAP for before, after in pairwise(places))


@given(spans, st.integers(0, 3000))
def test_the_budget_is_kept_unless_the_first_alone_exceeds_it(values, budget):
    hits = hits_of(values)
    found = within(budget, hits)
    assert bool(found) == bool(hits)
    assert not found or length(stretches(found)) <= budget or found == hits[:1]


@given(spans, st.integers(0, 3000))
def test_hits_grow_within_the_budget_and_none_is_lost(values, budget):
    rows = sorted(hits_of(values), key=lambda h: (h.page, h.start))
    apart = [h for i, h in enumerate(rows) if i == 0 or rows[i - 1].page != h.page or rows[i - 1].end <= h.start]
    kept = within(budget, apart[::3])
    others = [replace(h, score=0.0) for h in apart]
    around = {
        h.passage_id: sorted((o for o in others if o.page == h.page), key=lambda o, h=h: abs(o.start - h.start))
        for h in kept
    }
    found = grown(kept, around, budget)
    assert {h.passage_id for h in kept} <= {h.passage_id for s in found for h in s.hits}
    grown_by = sum(o.end - o.start for s in found for o in s.hits if o not in kept)
    assert grown_by <= max(0, budget - length(stretches(kept)))


def test_a_hit_grows_to_its_nearest_neighbours_and_keeps_its_score():
    middle = hit("b" * 10, pk=2, start=12, score=0.9)
    before, after = hit("a" * 10, pk=1, score=0.0), hit("c" * 10, pk=3, start=24, score=0.0)
    [whole] = grown([middle], {2: [after, before]}, 100)
    assert (whole.start, whole.end, whole.best) == (0, 34, middle)
    [part] = grown([middle], {2: [after, before]}, 25)
    assert (part.start, part.end) == (12, 34)


def test_parts_of_a_document_keep_its_order_and_its_pages():
    rows = [hit("x" * 40, pk=n, page=1 + n // 3, start=n % 3 * 42, score=1.0) for n in range(5)]
    parts = in_parts(rows, 90)
    assert [[h.passage_id for h in part.hits] for part in parts] == [[0, 1], [2], [3, 4]]
