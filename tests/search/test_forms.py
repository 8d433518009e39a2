from datetime import date

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from search.pages.forms import MANY, QUERY_MAX_CHARS, SearchForm, read
from search.types import Filters


def test_an_address_is_read_and_written_again():
    address = "?q=two+words&collection=3&collection=1&type=text%2Fplain&since=2026-01-31&until=2026-02-01"
    form = read(QueryDict(address[1:]))
    days = date(2026, 1, 31), date(2026, 2, 1)
    assert form == SearchForm("two words", (3, 1), ("text/plain",), *days)
    assert form.filters == Filters((3, 1), ("text/plain",), *days)
    assert form.address() == address
    assert form.address(filtered=False) == "?q=two+words"


def test_what_says_nothing_is_left_out_of_the_address():
    form = read(QueryDict("q=+x+&collection=&type=&since=&until="))
    assert form.address() == "?q=x"
    assert (form.filtered, form.ready) == (False, True)
    assert read(QueryDict("")).address() == ""


def test_ids_that_are_no_numbers_are_left_out():
    assert read(QueryDict("collection=1&collection=x&collection=-2&collection=²&collection=1")).collections == (1,)


@pytest.mark.parametrize("values", ["since=yesterday", "until=2026-02-30", "q=x&since=2026-1"])
def test_a_day_that_is_none_is_a_problem_in_words(values):
    form = read(QueryDict(values))
    assert "year, month and day" in form.problem
    assert not form.ready


def test_days_the_wrong_way_round_are_a_problem_in_words():
    assert "after the last" in read(QueryDict("q=x&since=2026-02-02&until=2026-02-01")).problem


def test_a_query_that_is_too_long_is_a_problem_in_words():
    form = read(QueryDict(f"q={'x' * (QUERY_MAX_CHARS + 1)}"))
    assert "at most 1,000 characters" in form.problem
    assert len(form.query) == QUERY_MAX_CHARS
    assert read(QueryDict(f"q={'x' * QUERY_MAX_CHARS}")).problem == ""


@given(st.dictionaries(st.sampled_from(["q", "collection", "type", "since", "until"]), st.lists(st.text(), max_size=3)))
def test_whatever_the_address_says_is_read(values):
    query = QueryDict(mutable=True)
    for name, listed in values.items():
        query.setlist(name, listed)
    form = read(query)
    assert len(form.collections) <= MANY
    assert "\x00" not in form.query
    if not form.problem:
        assert read(QueryDict(form.address()[1:])) == form
