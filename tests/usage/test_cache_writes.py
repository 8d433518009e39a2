"""What providers charge for writing to their cache: read from the list, set by an admin, charged and proved."""

from decimal import Decimal

import pytest

from langai_site.outbound import price_list
from langai_site.usage import prices
from langai_site.usage.types import ModelPrice, Usage, cost, highest_cost

WRITES = ModelPrice("", Decimal(3), Decimal(15), Decimal("0.3"), cache_write=Decimal("3.75"))
USED = Usage(1_000_000, 0, cached_tokens=200_000, cache_write_tokens=400_000)


def test_each_part_of_the_input_has_its_own_price():
    assert cost(WRITES, USED) == Decimal("1.2") + Decimal("0.06") + Decimal("1.5")


def test_without_a_price_of_their_own_writes_cost_as_other_input():
    price = ModelPrice("", Decimal(3), Decimal(15), Decimal("0.3"))
    assert cost(price, USED) == cost(price, Usage(1_000_000, 0, cached_tokens=200_000))


def test_a_long_prompt_has_its_own_price_for_writes():
    price = ModelPrice("", Decimal(1), Decimal(1), Decimal(1), 10, Decimal(2), Decimal(2), Decimal(2), None, Decimal(4))
    assert cost(price, Usage(1_000_000, 0, cache_write_tokens=1_000_000)) == 4


@pytest.mark.parametrize("written", [0, 300, 1000, 10**9])
def test_no_call_costs_more_than_was_held_for_it(written):
    assert cost(WRITES, Usage(1000, 50, cache_write_tokens=written)) <= highest_cost(WRITES, Usage(1000, 50))


def test_litellms_list_has_the_price():
    row = {
        "litellm_provider": "anthropic",
        "input_cost_per_token": 3e-6,
        "output_cost_per_token": 15e-6,
        "cache_creation_input_token_cost": 3.75e-6,
        "input_cost_per_token_above_200k_tokens": 6e-6,
        "cache_creation_input_token_cost_above_200k_tokens": 7.5e-6,
    }
    price = price_list.known({"some": row}, "anthropic/some").price
    assert (price.cache_write, price.long_cache_write) == (Decimal("3.75"), Decimal("7.5"))


@pytest.mark.django_db
def test_a_price_comes_back_as_it_was_stored():
    listed = {"anthropic/some": WRITES}
    assert prices.take_listed(listed) == ["anthropic/some"]
    assert prices.take_listed(listed) == []
    assert prices.current_of("anthropic/some").cache_write == Decimal("3.75")
    own = prices.set_by_admin(
        "anthropic/some",
        input=Decimal(1),
        output=Decimal(1),
        cached=Decimal(1),
        cache_write=Decimal(2),
        valid_from=prices.today(),
    )
    assert prices.price_of(own.version).cache_write == 2
