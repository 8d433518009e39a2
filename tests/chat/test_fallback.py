"""Which models a turn tries, in order, and what its person reads about those that failed."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from chat.conversations.drafts import Options, Pick
from chat.routing import route
from chat.turns import turn as replies
from chat.turns.values import RoutedTurn
from langai_site.outbound import cooling, failures
from langai_site.outbound.types import Delta, ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import ModelPrice
from tests.chat.factories import FixedState, affordable
from tests.chat.test_verifying import request
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("upstream")


def model(name, rank=100, **changes):
    info = ModelInfo(f"hosted_vllm/{name}", name, "hosted_vllm", False, Sensitivity.CONFIDENTIAL, rank)
    return replace(info, **changes)


class Turn:
    """What a turn did: the models that were asked, the text, the error at its end, the ledger's entries."""

    def __init__(self):
        self.prepared: list[RoutedTurn] = []
        self.text, self.error, self.entries = "", None, []

    @property
    def asked(self):
        return [each.model.display_name for each in self.prepared]


async def turn(*models, afford=affordable, **changes):
    done = Turn()
    basis = {"catalogue": models, "asked": ()}
    try:
        asked, state = request("How long?", **basis | changes), FixedState(afford)
        async for event in replies.run(asked, done.entries.append, state):
            if isinstance(event, RoutedTurn):
                done.prepared.append(event)
            elif isinstance(event, Delta):
                done.text += event.text
    except Exception as error:
        done.error = error
    return done


async def test_a_model_that_fails_before_its_first_word_is_followed_by_the_next():
    done = await turn(model("fail-broken", 1), model("t5", 2))
    assert done.asked == ["fail-broken", "t5"]
    assert done.error is None
    assert "word1" in done.text
    assert [entry.status for entry in done.entries] == ["upstream_error", "complete"]
    (failed,) = done.prepared[-1].failed
    assert failed.model == "hosted_vllm/fail-broken"
    assert "failed on its side" in failed.why


async def test_one_that_fails_after_its_first_word_is_not_followed():
    done = await turn(model("fail-cut-t9", 1), model("t5", 2))
    assert done.asked == ["fail-cut-t9"]
    assert "word1" in done.text
    assert done.error.code == "cut"


async def test_where_all_fail_the_first_one_says_why_and_the_others_are_named():
    done = await turn(model("fail-broken", 1), model("fail-busy", 2))
    assert done.asked == ["fail-broken", "fail-busy"]
    assert (done.error.code, done.error.status) == ("upstream_error", 503)
    assert done.error.message.startswith("fail-broken failed on its side.")
    assert done.error.message.endswith("1 other model did not answer either: fail-busy accepted no more questions.")
    assert [prepared.instead_of for prepared in done.prepared] == ["", "fail-broken"]


async def test_three_models_are_asked_however_many_there_are(upstream):  # noqa: F811 - the fixture
    done = await turn(*(model(f"fail-broken-t{rank}", rank) for rank in range(1, 31)))
    assert done.asked == ["fail-broken-t1", "fail-broken-t2", "fail-broken-t3"]
    assert len(upstream.requests("/v1/chat")) == 3
    assert "2 other models did not answer either: fail-broken-t2 failed on its side; " in done.error.message


async def test_models_over_budget_are_not_among_the_three_and_are_counted_in_the_error():
    async def nothing_left(most):
        if most != 0:
            raise OverBudgetError("The day's budget is used up.", until=date(2030, 1, 1))

    dear = [model(f"t{rank}", rank, hosted=True, ceiling=Sensitivity.INTERNAL) for rank in range(1, 6)]
    done = await turn(*dear, model("t9", 9), afford=nothing_left)
    assert (done.asked[-1], done.error, done.prepared[-1].instead_of) == ("t9", None, "")
    done = await turn(*dear, afford=nothing_left)
    assert (done.error.code, done.error.__cause__.room) == ("over_budget", 0)
    assert done.error.message == "The day's budget is used up. 4 other models are over budget."


async def test_what_two_models_refuse_as_invalid_is_sent_to_no_third():
    done = await turn(*(model(f"fail-unprocessable-t{rank}", rank) for rank in range(1, 5)))
    assert done.asked == ["fail-unprocessable-t1", "fail-unprocessable-t2"]
    assert done.error.code == "rejected"


async def test_a_question_that_a_providers_filter_stopped_goes_to_no_other_of_its_models():
    filtered = model("fail-filtered", 1)
    assert (await turn(filtered, model("t5", 2))).asked == ["fail-filtered"]
    elsewhere = replace(model("t5", 2), provider="elsewhere")
    assert (await turn(filtered, model("t6", 2), elsewhere)).asked == ["fail-filtered", "t5"]


async def test_a_provider_whose_key_is_refused_is_asked_again_last():
    elsewhere = replace(model("t5", 3), provider="elsewhere")
    done = await turn(model("fail-unauthorized", 1), model("t6", 2), elsewhere)
    assert done.asked == ["fail-unauthorized", "t5"]


async def test_a_model_that_was_chosen_by_name_has_no_stand_in():
    done = await turn(model("fail-broken", 1), model("t5", 2), pick=Pick("hosted_vllm/fail-broken"))
    assert done.asked == ["fail-broken"]
    assert done.error.code == "upstream_error"


async def test_one_that_failed_rests_and_is_told_of_in_the_next_receipt():
    await turn(model("fail-broken", 1), model("t5", 2))
    done = await turn(model("fail-broken", 1), model("t5", 2))
    assert done.asked == ["t5"]
    (rested,) = done.prepared[0].route.rejected
    assert rested == route.Rejected("hosted_vllm/fail-broken", "failed on its side a moment ago")


async def test_what_is_not_affordable_is_not_asked_and_a_local_model_answers(upstream):  # noqa: F811
    async def nothing_left(most):
        if most != 0:
            raise OverBudgetError("The day's budget is used up.", until=date(2030, 1, 1))

    hosted = model("t9", 1, hosted=True, ceiling=Sensitivity.INTERNAL)
    done = await turn(hosted, model("t5", 2), afford=nothing_left)
    assert done.asked == ["t9", "t5"]
    over = route.Rejected("hosted_vllm/t9", "The day's budget is used up.", "over_budget")
    assert done.prepared[-1].failed == (over,)
    assert len(upstream.requests("/v1/chat")) == 1


async def test_what_one_that_failed_was_charged_for_stays_held_while_the_next_is_asked(settings):
    settings.LOCAL_HOSTS, settings.ANSWER_START_TIMEOUT = [], 0.2
    price, held = ModelPrice("1", input=Decimal(1), output=Decimal(5), cached=Decimal(1)), []

    async def hold(most):
        held.append(most)

    hosted = {"hosted": True, "price": price, "ceiling": Sensitivity.INTERNAL}
    done = await turn(model("fail-hang", 1, **hosted), model("t5", 2, **hosted), afford=hold)
    charged = done.entries[0].cost
    assert charged > 0
    assert held == [held[0], held[0] + charged]


async def test_one_that_rests_is_tried_where_there_is_no_other():
    broken = model("fail-broken", 1)
    await turn(broken)
    assert (await turn(broken)).asked == ["fail-broken"]


async def test_what_lies_with_the_question_is_no_reason_to_rest():
    await turn(model("fail-toolong", 1), model("t5", 2))
    assert await cooling.resting(["hosted_vllm/fail-toolong"]) == {}


async def test_a_provider_that_asks_to_wait_longer_is_left_alone_for_longer():
    error = failures.failure("rate_limited", "Big", seconds=900)
    await cooling.rest("openai/big", error)
    assert await cooling.resting(["openai/big", "openai/small"]) == {
        "openai/big": "accepted no more questions a moment ago"
    }
    assert error.retry_after == 900


async def test_the_options_of_a_message_reach_the_model(upstream):  # noqa: F811 - the fixture
    await turn(model("t5"), options=Options(temperature=0.25, max_tokens=77))
    (sent,) = upstream.requests()
    body = json.loads(sent["body"])
    assert (body["temperature"], body["max_tokens"]) == (0.25, 77)


async def test_above_every_ceiling_nothing_is_sent_and_quotes_is_no_silent_stand_in(upstream):  # noqa: F811
    hosted = model("t5", hosted=True, ceiling=Sensitivity.INTERNAL)
    secret = (replies.labels.Cause(Sensitivity.CONFIDENTIAL, "chosen by you"),)
    done = await turn(hosted, causes=secret)
    assert done.prepared == []
    assert done.error.code == "above_ceiling"
    assert upstream.requests() == []
