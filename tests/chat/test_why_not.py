"""The page of a turn that says why each model did not answer it: rules, smallest changes, and who may see which."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations.labels import CHOSEN, Cause, passage
from chat.models import Conversation, Message
from chat.routing.route import Rejected
from chat.routing.rules import DEFAULT
from chat.turns.receipt import Receipt
from chat.turns.why_not import Surroundings, verdicts
from langai_site.accounts.models import Team, User
from langai_site.outbound import cooling
from langai_site.outbound.abilities import Ability
from langai_site.outbound.known_models import KnownModel, Obstacle
from langai_site.outbound.models import Model
from langai_site.outbound.types import ModelInfo, ModelRole, ProviderError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.spending.standing import BudgetStanding
from langai_site.usage.types import ModelPrice
from tests.chat.factories import routed

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
NEAR = ModelInfo("near", "Near", "some", False, CONFIDENTIAL, 200, frozenset({ModelRole.BALANCED}), 32_000)
PRICE = ModelPrice("1", Decimal(1000), Decimal(1000), Decimal(1000))


def hosted(**values):
    usual = {"roles": frozenset({ModelRole.BALANCED}), "context_window": 32_000}
    return ModelInfo("far", "Far", "some", True, values.pop("ceiling", INTERNAL), **(usual | values))


def budget(left):
    return BudgetStanding(
        "user", "alice", "month", True, Decimal(10), 10 - Decimal(left), Decimal(0), date(2026, 12, 1)
    )


@pytest.mark.parametrize(
    ("model", "asked", "more", "rule", "change"),
    [
        (hosted(), {"label": CONFIDENTIAL}, {"label_causes": (passage("Salaries", CONFIDENTIAL),)}, "above_ceiling",
         "Leave out a passage from “Salaries”: the label of this turn comes from there. No admin can allow "
         "confidential text for a hosted model."),
        (hosted(ceiling=PUBLIC), {"label": INTERNAL}, {"label_causes": (Cause(INTERNAL, CHOSEN),)}, "above_ceiling",
         "Choose a lower label for your message. Or ask an admin to let it see internal text."),
        (hosted(), {"local_only": True}, {}, "local_only", "Ask again without “local models only”."),
        (hosted(abilities={Ability.VISION: False}), {"needs": frozenset({Ability.VISION})}, {}, "unable",
         "Ask without the picture. If the model can do it after all, an admin can say so on its page."),
        (hosted(context_window=4_000), {"prompt_tokens": 5_000}, {}, "too_long",
         "Send about 1,256 tokens less: a shorter text, or fewer files."),
        (hosted(price=PRICE), {}, {"standings": [budget("1.2")]}, "over_budget",
         "Ask for an answer of at most 500 tokens, or wait until 01 December, when your budget for this month begins "
         "again."),
        (hosted(price=PRICE), {}, {"standings": [budget(0)]}, "over_budget",
         "Wait until 01 December, when your budget for this month begins again."),
        (hosted(), {}, {"standings": [budget(5)]}, "over_budget", "Ask an admin to set a price for it."),
        (hosted(), {}, {"resting": {"far": "could not be reached a moment ago"}}, "resting",
         "Ask again in a few minutes. A model that failed is asked again after five minutes at most."),
        (hosted(), {}, {"rejected": (Rejected("far", "It broke off.", "cut"),)}, "failed",
         "Ask again: nothing prevents it now."),
        (hosted(), {}, {"rejected": (Rejected("far", "It may cost up to $2.", "over_budget"),)}, "over_budget",
         "Ask again: nothing prevents it now."),
        (hosted(), {"requested": "near"}, {}, "choice", "Choose it by name and ask again."),
        (hosted(rank=300, roles=frozenset()), {}, {"rule": "moderate"}, "policy", "Choose it by name and ask again."),
    ],
)  # fmt: skip
def test_the_first_rule_and_the_smallest_change_are_named(model, asked, more, rule, change):
    now = Surroundings(
        [KnownModel(one.name, one.display_name, one) for one in (NEAR, model)],
        DEFAULT,
        more.pop("standings", ()),
        more.pop("resting", {}),
    )
    receipt = Receipt(label="Public", model="Near", name="near", **more)
    first, *others = verdicts(receipt, routed(**asked), now)
    assert (first.name, first.rule) == ("near", "answered")
    found = next(one for one in others if one.name == "far")
    assert (found.rule, found.change) == (rule, change)


def test_a_rule_of_now_does_not_hide_what_happened_then():
    receipt = Receipt(model="Near", name="near", rejected=(Rejected("far", "It broke off.", "cut"),))
    now = Surroundings([KnownModel("far", "Far", hosted(), Obstacle.OFF, "is switched off")], DEFAULT)
    found = next(one for one in verdicts(receipt, routed(), now) if one.name == "far")
    assert (found.rule, found.why, found.then, found.can_answer) == ("off", "is switched off", "It broke off.", False)


@pytest.fixture(autouse=True)
def _providers(settings):
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "", "sk-x"


def made(name, **values):
    values = {"display_name": name, "provider": "openai", "available": True, "roles": ["balanced"]} | values
    return Model.objects.create(name=name, **values)


def replied(owner, receipt):
    conversation = Conversation.objects.create(owner=owner, title="Leave")
    question = Message.objects.create(conversation=conversation, role="user")
    return Message.objects.create(conversation=conversation, parent=question, role="assistant", receipt=receipt)


def receipt_of(name="openai/mine", rejected=()):
    return Receipt(
        label="Public", model=name, name=name, request=routed(), rejected=tuple(Rejected(*one) for one in rejected)
    ).to_json()


def shown(client, reply):
    answer = client.get(reverse("chat:why-not", args=[reply.pk]))
    rows = LexborHTMLParser(answer.text).css(".verdicts li") if answer.status_code == 200 else []
    return answer, {row.css_first("bdi").text(): row.css_first(".rule").text() for row in rows}


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_it_lists_the_models_of_ones_teams_and_those_that_the_turn_knew(self, client, alice):
        client.force_login(alice)
        other = Team.objects.create(name="Other")
        made("openai/mine")
        made("openai/second")
        made("openai/off", enabled=False)
        made("openai/away", available=False)
        made("openai/withdrawn").teams.set([other])
        made("openai/secret").teams.set([other])
        made("openai/resting")
        asyncio.run(cooling.rest("openai/resting", ProviderError("x", code="unreachable")))
        reply = replied(alice, receipt_of(rejected=[("openai/withdrawn", "could not be reached a moment ago")]))
        answer, rules = shown(client, reply)
        assert rules == {
            "openai/mine": "Answered",
            "openai/second": "Policy",
            "quotes": "Policy",
            "openai/resting": "Resting",
            "openai/away": "Server",
            "openai/off": "Switched off",
            "openai/withdrawn": "Team",
        }
        assert "secret" not in answer.text
        retried = LexborHTMLParser(answer.text).css('form [name="model"]')
        assert [field.attributes["value"] for field in retried] == ["openai/second", "quotes", "openai/resting"]

    def test_admins_of_models_see_them_all(self, client):
        clerk = User.objects.create_user("clerk", is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_model"))
        made("openai/secret").teams.set([Team.objects.create(name="Other")])
        client.force_login(clerk)
        assert shown(client, replied(clerk, receipt_of()))[1]["openai/secret"] == "Team"

    def test_it_is_there_for_the_person_of_the_turn_alone(self, client, alice, bob):
        reply = replied(alice, receipt_of())
        client.force_login(bob)
        assert shown(client, reply)[0].status_code == 404

    def test_a_turn_without_a_request_says_so(self, client, alice):
        client.force_login(alice)
        assert "ended before LangAI looked for a model" in shown(client, replied(alice, {}))[0].text
