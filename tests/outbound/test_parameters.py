import pytest
from hypothesis import given
from hypothesis import strategies as st

from langai_site.outbound import parameters

SECRETS = (
    "api_key",
    "api_base",
    "base_url",
    "extra_headers",
    "headers",
    "extra_body",
    "client",
    "organization",
    "model",
)


def test_what_a_model_takes_can_be_set():
    given = {"temperature": 0.2, "top_p": 1, "reasoning_effort": "high", "seed": 7}
    assert parameters.checked(given) == given
    assert parameters.checked({}) == {}


@pytest.mark.parametrize("name", SECRETS)
def test_keys_addresses_and_headers_are_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"“{name}” can't be set here.*belong in connections"):
        parameters.checked({name: "x"})
    assert parameters.kept({name: "x", "top_p": 0.5}) == {"top_p": 0.5}


@pytest.mark.parametrize(
    "wrong", [{"temperature": 3}, {"temperature": "hot"}, {"temperature": True}, {"top_k": 1.5}, {"verbosity": "loud"}]
)
def test_a_value_that_no_model_takes_is_refused_with_what_would_do(wrong):
    with pytest.raises(ValueError, match=r"must be (a number|a whole number|one of)"):
        parameters.checked(wrong)


@pytest.mark.parametrize("wrong", [[], "x", 3, None])
def test_only_an_object_will_do(wrong):
    with pytest.raises(ValueError, match="JSON object"):
        parameters.checked(wrong)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*parameters.ALLOWED, *SECRETS]) | st.text(), json_values) | json_values)
def test_whatever_a_row_holds_only_checked_parameters_are_sent(stored):
    kept = parameters.kept(stored)
    assert set(kept) <= set(parameters.ALLOWED)
    assert parameters.checked(dict(kept)) == kept
