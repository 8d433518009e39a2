from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langai_site.usage import models, prices
from langai_site.usage.types import MILLION, ModelPrice, Usage, cost

rates = st.decimals(min_value=0, max_value=Decimal("99999999.999999"), places=6)
tokens = st.integers(min_value=0, max_value=2**31)


@st.composite
def priced(draw):
    """A price as providers have them: cached input costs no more, and long prompts cost no less."""
    into, out = draw(rates), draw(rates)
    cached = min(into, draw(rates))
    more = draw(st.tuples(rates, rates, rates))
    long = into + more[0], out + more[1], cached + min(more[2], more[0])
    return ModelPrice("1", into, out, cached, draw(st.integers(0, 10**6)), *long)


@st.composite
def used(draw):
    into = draw(tokens)
    return Usage(input_tokens=into, output_tokens=draw(tokens), cached_tokens=draw(st.integers(0, into)))


class TestCost:
    @given(priced(), used())
    def test_it_is_exact_to_the_billionth(self, price, usage):
        long = 0 < price.long_after < usage.input_tokens
        names = ("long_input", "long_output", "long_cached") if long else ("input", "output", "cached")
        millionths = [int(getattr(price, name) * MILLION) for name in names]
        counts = (usage.input_tokens - usage.cached_tokens, usage.output_tokens, usage.cached_tokens)
        trillionths = sum(rate * count for rate, count in zip(millionths, counts, strict=True))
        assert abs(cost(price, usage) * 10**12 - trillionths) <= 500

    @given(priced(), used(), tokens, tokens)
    def test_more_tokens_never_cost_less(self, price, usage, more_in, more_out):
        more = Usage(usage.input_tokens + more_in, usage.output_tokens + more_out, usage.cached_tokens)
        assert cost(price, more) >= cost(price, usage)

    @given(priced(), used())
    def test_what_is_cached_never_costs_more_than_what_is_not(self, price, usage):
        assert cost(price, usage) <= cost(price, Usage(usage.input_tokens, usage.output_tokens))

    def test_a_long_prompt_is_charged_as_one_from_its_first_token_on(self):
        price = ModelPrice("1", Decimal(1), Decimal(2), Decimal(1), 100_000, Decimal(5), Decimal(10), Decimal(5))
        assert cost(price, Usage(100_000, 0)) == Decimal("0.1")
        assert cost(price, Usage(100_001, 1000)) == Decimal("0.510005")

    def test_more_cached_tokens_than_tokens_are_not_charged(self):
        price = ModelPrice("1", Decimal(1), Decimal(1), Decimal("0.5"))
        assert cost(price, Usage(input_tokens=10, cached_tokens=20)) == Decimal("0.000005")


def set_price(dollars, *, days=0, model="openai/a"):
    day = prices.today() + timedelta(days=days)
    rate = Decimal(dollars)
    return prices.set_by_admin(model, input=rate, output=rate, cached=rate, valid_from=day)


def listed(dollars, *, days=0, model="openai/a"):
    rate, day = Decimal(dollars), prices.today() + timedelta(days=days)
    models.Price.objects.create(
        model=model, input=rate, output=rate, cached=rate, valid_from=day, source=prices.Source.LITELLM
    )


def holds(model="openai/a"):
    found = prices.current().get(model)
    assert found == prices.current_of(model)
    return found and found.input


@pytest.mark.django_db
class TestDatedPrices:
    def test_a_model_without_one_is_not_priced(self):
        set_price(1, model="openai/other")
        assert holds() is None

    def test_the_latest_that_has_begun_holds(self):
        listed(1, days=-10)
        listed(2, days=-5)
        set_price(3, days=1)
        assert holds() == 2

    def test_an_admins_goes_before_litellms_of_the_same_day(self):
        set_price(5)
        listed(1)
        assert holds() == 5

    def test_of_one_day_what_was_said_last_holds(self):
        set_price(5)
        set_price(6)
        assert holds() == 6

    def test_every_price_is_found_again_by_its_version(self):
        first = set_price(5)
        set_price(6)
        assert prices.price_of(first.version) == first
        assert prices.price_of("") is prices.price_of("12345") is prices.price_of("x") is None

    def test_a_new_price_changes_no_older_one(self):
        first = set_price(5)
        set_price(6)
        assert models.Price.objects.count() == 2
        assert models.Price.objects.get(pk=first.version).input == 5


def flat(dollars):
    return ModelPrice("", Decimal(dollars), Decimal(dollars), Decimal(dollars))


@pytest.mark.django_db
class TestLiteLLMsList:
    def test_what_is_new_is_added_once(self):
        assert prices.take_listed({"openai/a": flat(1), "openai/b": flat("0.1")}) == ["openai/a", "openai/b"]
        assert prices.take_listed({"openai/a": flat(1), "openai/b": flat("0.1")}) == []
        assert holds() == 1

    def test_a_changed_price_is_added_with_its_day_and_the_old_one_stays(self):
        listed(1, days=-10)
        assert prices.take_listed({"openai/a": flat(2)}) == ["openai/a"]
        assert holds() == 2
        assert models.Price.objects.count() == 2

    def test_what_an_admin_set_stays(self):
        set_price(5, days=-3)
        assert prices.take_listed({"openai/a": flat(2)}) == []
        assert holds() == 5

    def test_prices_of_long_prompts_are_kept(self):
        steps = ModelPrice("", Decimal(1), Decimal(2), Decimal(1), 100_000, Decimal(3), Decimal(4), Decimal(3))
        prices.take_listed({"openai/a": steps})
        found = prices.current_of("openai/a")
        assert (found.long_after, found.long_input, found.long_output) == (100_000, 3, 4)
