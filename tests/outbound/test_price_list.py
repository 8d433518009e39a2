from decimal import Decimal

from langai_site.outbound.price_list import ListedModel, known
from langai_site.usage.types import ModelPrice

ROW = {
    "litellm_provider": "openai",
    "max_input_tokens": 1000,
    "max_tokens": 10,
    "input_cost_per_token": 1e-07,
    "output_cost_per_token": 5e-07,
}


def test_a_listed_price_is_read_to_the_last_digit():
    assert known({"small": ROW}, "openai/small") == ListedModel(
        1000, ModelPrice("", Decimal("0.1"), Decimal("0.5"), Decimal("0.1"))
    )


def test_cached_input_has_its_own_price_where_one_is_listed():
    facts = known({"small": {**ROW, "cache_read_input_token_cost": 3.75e-08}}, "openai/small")
    assert facts.price.cached == Decimal("0.0375")


def test_long_prompts_have_their_own_prices_where_some_are_listed():
    row = ROW | {"input_cost_per_token_above_272k_tokens": 2e-07, "output_cost_per_token_above_272k_tokens": 7.5e-07}
    price = known({"small": row}, "openai/small").price
    assert (price.long_after, price.long_input, price.long_output) == (272_000, Decimal("0.2"), Decimal("0.75"))


def test_another_providers_model_of_that_name_tells_nothing():
    assert known({"small": ROW}, "hosted_vllm/small") == known({"small": ROW}, "anthropic/small") == ListedModel()


def test_a_price_of_nothing_is_no_price():
    free = ROW | {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    assert known({"small": free}, "openai/small").price is None


def test_a_model_that_is_not_listed_is_not_known():
    assert known({}, "openai/small") == ListedModel()
