"""What the policy lab says about past turns, and what holds for any turn that can be made up."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chat.routing.replay import EXAMPLES, REFUSED, Cost, PastTurn, replay
from chat.routing.route import NoModelError, RouteRequest, route
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.values import LOCAL, Level
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import ModelPrice, Usage
from tests.chat.factories import routed
from tests.chat.test_routing import ALL, BIG_LOCAL, CHEAP, STRONG, USUAL
from tests.chat.test_routing_promises import catalogues, policies, requests

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DOLLAR, TEN = Decimal(1), Decimal(10)
PRICES = {"cheap": ModelPrice("1", DOLLAR, DOLLAR, DOLLAR), "strong": ModelPrice("2", TEN, TEN, TEN)}
INSIDE = Policy(0, (Rule("all inside", LOCAL),))
SPARING = Policy(0, (Rule("all", ModelRole.SIMPLE),))


MILLION = Usage(600_000, 400_000)


def past(model=USUAL, usage=MILLION, **options):
    """Make a turn that `model` answered; None: it was refused."""
    request = routed(**options)
    if model is None:
        return PastTurn(NOON, 1, "alice", request)
    return PastTurn(NOON, 1, "alice", request, model.name, model.hosted, usage)


def tried(*turns, draft=DEFAULT, in_force=DEFAULT, catalogue=ALL, prices=PRICES):
    return replay(turns, lambda user_id: catalogue, in_force=in_force, draft=draft, prices=prices)


def moves(comparison):
    return [(move.before, move.after, move.turns) for move in comparison.moves]


def test_it_says_how_many_turns_would_go_from_which_model_to_which_and_of_which_label():
    complex_ones = [past(STRONG, complexity=Level.COMPLEX, label=label) for label in (PUBLIC, INTERNAL, INTERNAL)]
    outcome = tried(*complex_ones, past(CHEAP, complexity=Level.SIMPLE), past(USUAL), draft=SPARING)
    assert moves(outcome.by_draft) == moves(outcome.since_then) == [("strong", "cheap", 3), ("usual", "cheap", 1)]
    assert outcome.by_draft.moves[0].labels == {PUBLIC: 1, INTERNAL: 2}
    assert (outcome.by_draft.moved, outcome.by_draft.labels) == (4, {PUBLIC: 2, INTERNAL: 2})
    assert (outcome.turns, outcome.labels) == (5, {PUBLIC: 3, INTERNAL: 2})


def test_costs_are_the_tokens_of_then_at_todays_prices():
    outcome = tried(past(STRONG, complexity=Level.COMPLEX), past(CHEAP, complexity=Level.SIMPLE), draft=SPARING)
    assert [tally.cost for tally in (outcome.happened, outcome.in_force, outcome.draft)] == [
        Cost(11),
        Cost(11),
        Cost(2),
    ]
    (move,) = outcome.by_draft.moves
    assert (move.cost_before, move.cost_after) == (Cost(TEN), Cost(DOLLAR))


def test_what_has_no_price_is_counted_and_not_taken_for_free():
    outcome = tried(past(USUAL), past(CHEAP, complexity=Level.SIMPLE))
    assert outcome.draft.cost == Cost(DOLLAR, unpriced=1)
    assert tried(past(BIG_LOCAL), draft=INSIDE).draft.cost == Cost()


def test_nobody_knows_what_a_turn_would_have_cost_that_took_nothing():
    outcome = tried(past(CHEAP, Usage(), complexity=Level.SIMPLE), past(None, complexity=Level.SIMPLE))
    assert outcome.draft.cost == Cost(unpriced=2)


def test_an_answer_from_the_cache_cost_nothing_and_nobody_knows_what_another_would_have():
    kept = PastTurn(NOON, 1, "alice", routed(complexity=Level.SIMPLE), CHEAP.name, True, cached=True)
    outcome = tried(kept)
    assert (outcome.happened.cost, outcome.draft.cost) == (Cost(), Cost(unpriced=1))


def test_refusals_that_are_new_or_gone_since_are_counted():
    gone = past(USUAL, requested="gone")
    back = past(None, label=CONFIDENTIAL)
    outcome = tried(gone, back)
    since = outcome.since_then
    assert moves(since) == [("", BIG_LOCAL.name, 1), ("usual", REFUSED, 1)]
    assert (since.refusals_gained, since.refusals_lost) == (1, 1)
    assert [(tally.answered, tally.refused) for tally in (outcome.happened, outcome.draft)] == [(1, 1), (1, 1)]
    assert {example.why for example in outcome.examples} == {
        "the chosen model is gone",
        "auto: confidential → local",
    }


def test_where_a_model_was_chosen_by_name_no_policy_has_a_say():
    outcome = tried(past(USUAL, requested=USUAL.name), draft=SPARING)
    assert (outcome.chosen, moves(outcome.by_draft)) == (1, [])


def test_each_users_turns_are_routed_among_their_own_models():
    turns = [PastTurn(NOON, user, "somebody", routed(), "usual", True) for user in (1, 2)]
    outcome = replay(turns, {1: ALL, 2: (CHEAP,)}.__getitem__, in_force=DEFAULT, draft=DEFAULT, prices={})
    assert moves(outcome.since_then) == [("usual", "cheap", 1)]


def test_a_turn_whose_receipt_does_not_say_enough_is_counted_only():
    outcome = tried(PastTurn(NOON, 1, "alice", None, "usual", True), past())
    assert (outcome.not_replayable, outcome.turns) == (1, 1)


def test_examples_are_few_and_begin_with_what_the_draft_itself_changes():
    elsewhere = [past(STRONG, complexity=Level.SIMPLE) for _ in range(EXAMPLES)]
    outcome = tried(*elsewhere, past(USUAL), draft=SPARING)
    first = outcome.examples[0]
    assert (first.happened, first.in_force, first.draft, first.why) == ("usual", "usual", "cheap", "auto: all → cheap")
    assert len(outcome.examples) == EXAMPLES


def replayed_as(request, catalogue, policy):
    """Route the turn as the lab does: with no model cooling down."""
    asked = type(request).read(request.written())
    try:
        model = route(asked, catalogue, policy).model
    except NoModelError:
        return PastTurn(NOON, 1, "alice", asked)
    return PastTurn(NOON, 1, "alice", asked, model.name, model.hosted, Usage(10, 10))


@given(st.lists(requests, max_size=8), catalogues, policies)
def test_the_policy_that_was_in_force_with_the_same_models_changes_nothing(asked, catalogue, policy):
    turns = [replayed_as(request, catalogue, policy) for request in asked]
    outcome = tried(*turns, catalogue=catalogue, in_force=policy, draft=policy)
    assert moves(outcome.since_then) == moves(outcome.by_draft) == []
    assert outcome.happened == outcome.in_force == outcome.draft
    assert outcome.turns == len(asked)


@given(st.lists(requests, max_size=8), catalogues, policies, policies)
def test_nothing_would_go_to_a_model_that_may_not_see_it(asked, catalogue, in_force, draft):
    turns = [PastTurn(NOON, 1, "alice", request, "elsewhere", hosted=True) for request in asked]
    outcome = tried(*turns, catalogue=catalogue, in_force=in_force, draft=draft)
    ceilings = {model.name: model.ceiling for model in catalogue}
    for move in outcome.since_then.moves:
        if move.after not in (REFUSED, "quotes"):
            assert max(move.labels) <= ceilings[move.after]
    assert outcome.since_then.moved == len(asked)


@given(st.lists(requests, max_size=8), catalogues, policies, policies)
def test_rules_alone_neither_refuse_a_turn_nor_let_one_through(asked, catalogue, in_force, draft):
    turns = [replayed_as(request, catalogue, in_force) for request in asked]
    by_draft = tried(*turns, catalogue=catalogue, in_force=in_force, draft=draft).by_draft
    assert (by_draft.refusals_gained, by_draft.refusals_lost) == (0, 0)


@given(requests)
def test_what_routing_was_asked_is_kept_but_for_what_rested(request):
    kept = type(request).read(request.written())
    assert kept == type(request)(
        request.requested,
        request.label,
        request.complexity,
        request.prompt_tokens,
        request.max_tokens,
        local_only=request.local_only,
        least_prompt_tokens=request.least_prompt_tokens,
    )


def test_a_receipt_that_says_nothing_of_a_shorter_prompt_is_read_as_one_that_cannot_be_shortened():
    row = routed(prompt_tokens=9_000).written()
    del row["least_prompt_tokens"]
    assert RouteRequest.read(row).least_tokens == 9_256
