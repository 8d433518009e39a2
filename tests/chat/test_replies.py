from dataclasses import replace

import pytest

from chat.conversations.drafts import Options, Pick
from chat.conversations.labels import Cause
from chat.routing.route import NoModelError
from chat.routing.rules import DEFAULT, Policy, Rule
from chat.turns.askable import most_seen
from chat.turns.turn import decide, weigh
from chat.turns.values import TurnRequest
from chat.values import LOCAL, Level
from langai_site.outbound.types import ChatMessage, ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Reader
from tests.chat.factories import FixedState

USUAL = ModelInfo(
    "hosted", "Hosted", "some", True, Sensitivity.INTERNAL, roles=frozenset({ModelRole.BALANCED}), context_window=8_000
)
INSIDE = ModelInfo(
    "inside", "Inside", "some", False, Sensitivity.CONFIDENTIAL, 200, frozenset({ModelRole.STRONG}), 32_000
)


def turn(question="How long?", label=Sensitivity.PUBLIC, **options):
    """Return a turn that searches no documents, because its catalogue has everything needed here."""
    usual = {"history": (), "catalogue": (USUAL, INSIDE), "asked": ()}
    causes, reader = (Cause(label, "chosen by you"),), Reader(1, ())
    usual |= {"pick": Pick("auto")} | options
    return TurnRequest(question, causes=causes, reader=reader, caller=Caller(), **usual)


async def prepare(request):
    return await decide(request, await weigh(request, FixedState()))


async def test_a_turn_goes_where_the_policy_in_force_sends_it():
    asked = turn(options=Options(complexity=Level.MODERATE))
    assert (await prepare(asked)).route.candidates == (USUAL, INSIDE)
    policy = Policy(7, (Rule("all inside", LOCAL),))
    route = (await prepare(replace(asked, policy=policy))).route
    assert (route.candidates, route.rule, route.policy) == ((INSIDE, USUAL), "all inside", 7)


async def test_what_is_counted_against_a_models_room_is_the_whole_prompt_and_the_longest_answer(settings):
    settings.ANSWER_MAX_TOKENS = 4_000
    history = (ChatMessage.of("user", "x" * 6_000), ChatMessage.of("assistant", "y" * 5_000))
    route = (await prepare(turn("z" * 3_000, history=history))).route
    assert (route.candidates, route.rule) == ((INSIDE, USUAL), "too long")


@pytest.mark.django_db(transaction=True)
async def test_a_turn_whose_label_no_model_may_see_is_refused_before_anything_is_asked():
    with pytest.raises(NoModelError) as refusal:
        await prepare(turn(label=Sensitivity.CONFIDENTIAL, catalogue=(USUAL,), policy=DEFAULT))
    assert refusal.value.code == "above_ceiling"


async def test_the_prompt_that_was_counted_is_the_one_that_is_sent():
    prepared = await prepare(turn("How long?", written="Thirty"))
    assert [message.text for message in prepared.weighed.messages][1:3] == ["How long?", "Thirty"]


@pytest.mark.parametrize(
    ("asked", "catalogue", "most"),
    [
        ("auto", (USUAL,), Sensitivity.INTERNAL),
        ("auto", (USUAL, INSIDE), Sensitivity.CONFIDENTIAL),
        ("auto", (), Sensitivity.CONFIDENTIAL),
        ("hosted", (USUAL, INSIDE), Sensitivity.INTERNAL),
        ("quotes", (USUAL,), Sensitivity.CONFIDENTIAL),
        ("gone", (USUAL, INSIDE), Sensitivity.PUBLIC),
    ],
)
def test_the_allowed_passages_are_those_that_a_model_may_see_which_could_answer(asked, catalogue, most):
    assert most_seen(turn(catalogue=catalogue, pick=Pick(asked, allowed_passages=True))) == most
