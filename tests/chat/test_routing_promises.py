"""What holds for every catalogue, label, policy and turn that can be made up."""

from hypothesis import given
from hypothesis import strategies as st

from chat.llm.built_in import BUILT_IN
from chat.routing.route import AUTO, LEAST_ANSWER, NoModelError, RouteRequest, route
from chat.routing.rules import Policy, Rule, situations, warnings
from chat.values import LOCAL, Level
from langai_site.outbound.types import ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity

NAMES = [f"model-{letter}" for letter in "abcdef"]
labels = st.sampled_from(Sensitivity)
levels = st.sampled_from(Level)
models = st.builds(
    ModelInfo,
    name=st.sampled_from(NAMES),
    display_name=st.just("Some"),
    provider=st.just("some"),
    hosted=st.booleans(),
    ceiling=labels,
    rank=st.integers(0, 3),
    roles=st.frozensets(st.sampled_from(ModelRole)),
    context_window=st.sampled_from([0, 1_000, 8_000, 200_000]),
)
catalogues = st.lists(models, max_size=6, unique_by=lambda model: model.name)
rules = st.builds(
    Rule,
    name=st.text(max_size=5),
    use=st.sampled_from([*ModelRole, LOCAL]),
    at_least=st.none() | labels,
    complexity=st.none() | levels,
    too_long=st.booleans(),
)
policies = st.builds(Policy, st.integers(1, 9), st.lists(rules, max_size=6).map(tuple))
requests = st.builds(
    RouteRequest,
    requested=st.sampled_from([AUTO, AUTO, AUTO, "quotes", "gone", *NAMES]),
    label=labels,
    complexity=levels,
    prompt_tokens=st.sampled_from([0, 500, 7_500, 150_000, 10**6]),
    max_tokens=st.sampled_from([1, 500, 4_000]),
    cooling=st.dictionaries(st.sampled_from(NAMES), st.just("rests until noon"), max_size=4),
    local_only=st.booleans(),
    least_prompt_tokens=st.none() | st.sampled_from([0, 500, 7_500]),
)


def routed(request, catalogue, policy):
    """Return the candidates and the reasons, also if no model can answer."""
    try:
        taken = route(request, catalogue, policy)
    except NoModelError as refusal:
        return (), refusal.rejected
    return taken.candidates, taken.rejected


def refused(request, catalogue, policy):
    try:
        assert route(request, catalogue, policy).candidates
    except NoModelError as refusal:
        return refusal
    return None


@given(requests, catalogues, policies)
def test_nothing_above_a_models_ceiling_is_ever_a_candidate(request, catalogue, policy):
    candidates, _rejected = routed(request, catalogue, policy)
    assert all(model.may_see(request.label) for model in candidates)


@given(requests, catalogues, policies)
def test_no_candidate_is_hosted_where_only_local_models_may_be_asked_nor_known_to_be_too_small(
    request, catalogue, policy
):
    candidates, _rejected = routed(request, catalogue, policy)
    assert not [model for model in candidates if request.local_only and model.hosted]
    least = request.prompt_tokens if request.least_prompt_tokens is None else request.least_prompt_tokens
    least += min(request.max_tokens, LEAST_ANSWER)
    assert not [model for model in candidates if 0 < model.context_window < least]


@given(requests, catalogues, policies)
def test_no_model_that_needs_a_shorter_prompt_comes_before_one_that_holds_all_of_it(request, catalogue, policy):
    candidates, _rejected = routed(request, catalogue, policy)
    is_held = [request.is_held_by(model) for model in candidates]
    assert is_held == sorted(is_held, reverse=True)


@given(requests, catalogues, policies)
def test_every_model_of_the_catalogue_is_a_candidate_or_rejected_with_a_reason(request, catalogue, policy):
    candidates, rejected = routed(request, catalogue, policy)
    assert all(other.why for other in rejected)
    if request.requested == AUTO and catalogue:
        told = [*(model.name for model in candidates), *(other.model for other in rejected)]
        assert sorted(told) == sorted(model.name for model in catalogue)


@given(requests, catalogues, policies)
def test_a_turn_has_a_model_or_a_refusal_that_says_nothing_was_sent_or_that_the_model_is_gone(
    request, catalogue, policy
):
    refusal = refused(request, catalogue, policy)
    if refusal:
        gone = request.requested not in {AUTO, *(model.name for model in catalogue)}
        assert (refusal.code == "no_model") == gone
        assert refusal.message.startswith("Nothing was sent") or gone


@given(requests, catalogues, policies, st.randoms())
def test_the_order_of_candidates_does_not_depend_on_the_order_of_the_catalogue(request, catalogue, policy, chance):
    shuffled = chance.sample(catalogue, len(catalogue))
    first, again = routed(request, catalogue, policy), routed(request, shuffled, policy)
    assert first[0] == again[0]
    assert set(first[1]) == set(again[1])


@given(requests, catalogues, policies, policies)
def test_a_policy_changes_the_order_of_candidates_and_never_who_they_are(request, catalogue, one, other):
    assert set(routed(request, catalogue, one)[0]) == set(routed(request, catalogue, other)[0])


@given(requests, catalogues, policies)
def test_quotes_is_taken_only_by_name_or_where_nothing_is_connected(request, catalogue, policy):
    candidates, _rejected = routed(request, catalogue, policy)
    if set(candidates) & set(BUILT_IN):
        assert request.requested == "quotes" or (request.requested == AUTO and not catalogue)


@given(policies)
def test_a_rule_that_is_warned_of_can_be_removed_without_any_effect(policy):
    told = warnings(policy)
    kept = tuple(
        rule for at, rule in enumerate(policy.rules, 1) if not any(text.startswith(f"Rule {at}, ") for text in told)
    )
    assert all(policy.rule_for(each) == Policy(0, kept).rule_for(each) for each in situations())
    assert not [text for text in warnings(Policy(0, kept)) if "never applies" in text]
