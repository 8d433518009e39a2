"""The policy lab in admin, with turns from the database."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from chat.models import Conversation, Message, RoutingPolicy
from chat.routing import past_turns, policies
from chat.routing.route import RouteRequest
from langai_site.accounts.models import Team, User
from langai_site.outbound.models import Model
from langai_site.usage import prices
from tests.chat.factories import routed

pytestmark = pytest.mark.django_db

MARKER = "xyzzy-secret-words"
TAG, CELL = re.compile(r"<[^>]+>"), re.compile(r"<t[dh].*?</t[dh]>", re.DOTALL)


@pytest.fixture(autouse=True)
def _models(settings):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "a key", ""
    settings.OLLAMA_BASE_URL = "http://localhost:11434"
    for name, provider, roles in (
        ("openai/big", "openai", ["balanced"]),
        ("openai/small", "openai", ["simple"]),
        ("ollama_chat/near", "ollama_chat", ["balanced"]),
    ):
        Model.objects.create(name=name, display_name=name, provider=provider, available=True, roles=roles)


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def draft(first, admin):
    """Make a draft that sends everything to cheap models."""
    draft = policies.draft_of(first, by=admin)
    draft.rules.all().delete()
    draft.rules.create(position=10, name="sparing", use="simple")
    return draft


def receipt_of(request: RouteRequest, name="openai/big", hosted=True, **more):
    answered = {"model": name.title(), "name": name, "hosted": hosted, "input_tokens": 900, "output_tokens": 100}
    return {"request": request.written(), "unverified": [MARKER], "notice": MARKER, **answered, **more}


def replied(user, receipt, days=1.0, **changes):
    """Make a reply that ended that many days ago, in a conversation whose texts all contain the marker."""
    conversation = Conversation.objects.create(owner=user, title=MARKER)
    usual = {"role": "assistant", "parts": [{"type": "text", "text": MARKER}], "error": MARKER}
    at = timezone.now() - timedelta(days=days)
    return Message.objects.create(conversation=conversation, receipt=receipt, created_at=at, **(usual | changes))


def address(policy, days=None):
    return f"/admin/chat/routingpolicy/{policy.pk}/lab/" + (f"?days={days}" if days is not None else "")


def cells(text):
    """Return the words of each row of all tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
        for row in rows
    ]


def test_it_shows_what_would_change_and_leads_to_putting_the_draft_in_force(page, draft, alice):
    for _ in range(3):
        replied(alice, receipt_of(routed()))
    text = page.get(address(draft, 7)).text
    rows = cells(text)
    assert ["By this policy", "3", "0", "3 unpriced"] in rows
    assert ["openai/big", "openai/small", "3", "0", "0", "3", "3 unpriced", "3 unpriced"] in rows
    assert any(row[1:4] == ["alice", "Public", "moderate"] and row[-1] == "auto: sparing → cheap" for row in rows)
    for act in ("activate", "discard"):
        assert f"/admin/chat/routingpolicy/{draft.pk}/{act}/" in text


def test_costs_are_estimated_at_todays_prices(page, draft, alice):
    for model, dollars in (("openai/big", 1000), ("openai/small", 100)):
        each = Decimal(dollars)
        prices.set_by_admin(model, input=each, output=each, cached=each, valid_from=prices.today())
    replied(alice, receipt_of(routed()))
    rows = cells(page.get(address(draft, 7)).text)
    assert ["By the policy in force", "1", "0", "$1.00"] in rows
    assert ["By this policy", "1", "0", "$0.10"] in rows


def test_what_the_cache_answered_is_known_to_have_cost_nothing(draft, alice):
    replied(alice, receipt_of(routed()) | {"input_tokens": 0, "output_tokens": 0, "cached": True})
    replied(alice, receipt_of(routed()) | {"input_tokens": 0, "output_tokens": 0, "cached": False})
    assert past_turns.try_on(draft, days=7).outcome.happened.cost.unpriced == 1


def test_only_turns_of_that_time_that_ended_count_and_old_receipts_are_told_of(draft, alice):
    replied(alice, receipt_of(routed()), days=0.5)
    replied(alice, receipt_of(routed()), days=3)
    replied(alice, {"label": "Public", "model": "Big"}, days=0.5)
    replied(alice, {}, days=0.5, status="streaming")
    replied(alice, {}, days=0.5, role="user")
    tried = past_turns.try_on(draft, days=2)
    assert (tried.found, tried.outcome.turns, tried.outcome.not_replayable) == (2, 1, 1)
    assert past_turns.try_on(draft, days=90).outcome.turns == 2


def test_a_refused_turn_is_told_as_such(page, draft, alice):
    request = routed(local_only=True)
    replied(alice, {"request": request.written(), "input_tokens": 0, "output_tokens": 0})
    text = page.get(address(draft, 7)).text
    assert ["refused", "ollama_chat/near", "1", "0", "0", "1", "free", "free"] in cells(text)
    assert "0 more would be refused, 1 no longer" in text


def test_each_person_has_the_models_of_their_teams_today(draft, alice, bob):
    team = Team.objects.create(name="Buyers")
    bob.teams.add(team)
    Model.objects.get(name="openai/small").teams.add(team)
    for person in (alice, bob):
        replied(person, receipt_of(routed()))
    (move,) = past_turns.try_on(draft, days=7).outcome.by_draft.moves
    assert (move.after, move.turns) == ("openai/small", 1)


def test_the_newest_are_tried_where_there_are_too_many_and_it_says_so(page, draft, alice, monkeypatch):
    monkeypatch.setattr(past_turns, "MOST", 2)
    replied(alice, receipt_of(routed(), name="openai/oldest"), days=3)
    for _ in range(2):
        replied(alice, receipt_of(routed()))
    text = page.get(address(draft, 7)).text
    assert "Of 3 turns, the newest 2 were replayed." in text
    assert "openai/oldest" not in text


@pytest.mark.parametrize("days", ["0", "91", "many", ""])
def test_a_time_that_makes_no_sense_is_refused(page, draft, days):
    text = page.get(address(draft, days)).text
    assert 'class="errorlist"' in text
    assert "As it happened" not in text


def test_before_it_is_asked_it_reads_nothing_and_offers_a_week(page, draft, alice):
    replied(alice, receipt_of(routed()))
    text = page.get(address(draft)).text
    assert re.search(r'name="days" value="7"', text)
    assert "As it happened" not in text
    assert address(draft) in page.get(f"/admin/chat/routingpolicy/{draft.pk}/change/").text


def test_a_time_without_turns_is_told(page, draft):
    assert "Nobody asked anything in that time." in page.get(address(draft, 90)).text


def test_no_word_of_anybodys_is_on_the_page_or_read(page, draft, alice, django_assert_max_num_queries):
    replied(alice, receipt_of(routed()))
    with django_assert_max_num_queries(30) as asked:
        text = page.get(address(draft, 7)).text
    assert "alice" in text
    assert MARKER not in text
    column = connection.ops.quote_name
    queries = [query["sql"] for query in asked.captured_queries if column("chat_message") in query["sql"]]
    assert queries
    for query in queries:
        for read in ("parts", "error", "title"):
            assert column(read) not in query


def staff(*names):
    person = User.objects.create_user("staff", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return person


@pytest.mark.parametrize(("permission", "status"), [("change_routingpolicy", 200), ("view_routingpolicy", 403)])
def test_it_is_for_those_who_may_change_policies(client, draft, permission, status):
    client.force_login(staff(permission))
    assert client.get(address(draft, 7)).status_code == status
    offered = address(draft) in client.get(f"/admin/chat/routingpolicy/{draft.pk}/change/").text
    assert offered == (status == 200)


def test_others_do_not_see_it(client, draft, alice):
    assert client.get(address(draft, 7)).status_code == 302
    client.force_login(alice)
    assert client.get(address(draft, 7)).status_code == 302
    client.force_login(staff())
    assert client.get(address(draft, 7)).status_code == 403


def test_a_policy_that_is_not_there_is_not_found(page):
    assert page.get("/admin/chat/routingpolicy/999/lab/").status_code == 404


def test_looking_changes_nothing_and_holds_no_inline_script_or_style(page, draft, alice):
    replied(alice, receipt_of(routed()))
    text = page.get(address(draft, 7)).text
    assert list(RoutingPolicy.objects.values_list("version", "status")) == [(None, "draft"), (1, "active")]
    assert "<style" not in text
    assert " style=" not in text
    assert not [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "json" not in tag]


def test_the_policy_in_force_and_earlier_ones_can_be_tried_as_well(page, first, draft, alice, admin):
    replied(alice, receipt_of(routed()))
    assert "0 of 1 turn would go elsewhere" in page.get(address(first, 7)).text
    policies.activate(draft, by=admin)
    policies.forget()
    text = page.get(address(first, 7)).text
    assert ["openai/small", "openai/big", "1", "0", "0", "1", "1 unpriced", "1 unpriced"] in cells(text)
    assert f"/admin/chat/routingpolicy/{first.pk}/roll-back/" in text


def test_it_shows_the_kinds_of_turns_that_no_model_is_made_for(page, draft):
    Model.objects.filter(name="openai/big").update(abilities={"vision": True})
    rows = cells(page.get(address(draft)).text)
    # Of the two balanced models one sees pictures, and only the local one may see confidential text.
    assert ["Internal", "balanced", "2", "1", "2?", "2?", "2?", "2?"] in rows
    assert ["Confidential", "balanced", "1", "1?", "1?", "1?", "1?", "1?"] in rows
    assert ["Confidential", "simple", "none", "none", "none", "none", "none", "none"] in rows
