import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from chat.models import RoutingPolicy
from chat.routing import policies
from chat.routing.rules import DEFAULT
from langai_site.accounts.models import User
from langai_site.outbound.models import Model
from langai_site.sentences import from_text

pytestmark = pytest.mark.django_db

LIST = "/admin/chat/routingpolicy/"
STATUS = RoutingPolicy.Status


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def draft(first, admin):
    return policies.draft_of(first, by=admin)


def at(policy, act="change"):
    return f"{LIST}{policy.pk}/{act}/"


def sent(policy, *new, **changed):
    """Return the form as a browser sends it: the policy's rules, `changed` by their names, and `new` ones."""
    values = {"note": policy.note, "_save": "Save"}
    rules = list(policy.rules.all())
    for number, rule in enumerate(rules):
        known = {
            "id": rule.pk,
            "policy": policy.pk,
            "position": rule.position,
            "name": rule.name,
            "at_least": "" if rule.at_least is None else rule.at_least,
            "complexity": rule.complexity,
            "use": rule.use,
        } | ({"too_long": "on"} if rule.too_long else {})
        known |= changed.get(rule.name.replace(" ", "_"), {})
        values |= {f"rules-{number}-{name}": value for name, value in known.items()}
    for number, rule in enumerate(new, len(rules)):
        values |= {f"rules-{number}-{name}": value for name, value in {"policy": policy.pk, **rule}.items()}
    return values | {"rules-TOTAL_FORMS": len(rules) + len(new), "rules-INITIAL_FORMS": len(rules)}


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def logged():
    return [from_text(entry.get_change_message()) or "Deleted." for entry in LogEntry.objects.order_by("pk")]


def test_the_list_shows_the_rules_in_short_and_leads_to_a_draft(page, first):
    text = page.get(LIST).text
    assert "confidential → local; too long → long context; simple → cheap; complex → strong" in text
    assert at(first, "draft") in text


def test_a_draft_is_made_edited_and_put_in_force(page, first, admin):
    page.post(at(first, "draft"))
    draft = RoutingPolicy.objects.get(status=STATUS.DRAFT)
    changes = {"simple": {"use": "strong"}, "complex": {"position": 5}}
    page.post(at(draft), sent(draft, {"position": "", "name": "rest", "use": "local"}, **changes) | {"note": "Try"})
    answer = page.post(at(draft, "activate"), follow=True)
    assert told(answer)[-1] == "Version 2 is in force."
    draft.refresh_from_db()
    assert (draft.status, draft.note, draft.activated_by) == (STATUS.ACTIVE, "Try", admin)
    assert list(draft.rules.values_list("position", "name", "use")) == [
        (10, "complex", "strong"),
        (20, "confidential", "local"),
        (30, "too long", "long_context"),
        (40, "simple", "strong"),
        (50, "moderate", "balanced"),
        (60, "rest", "local"),
    ]


def test_a_rule_is_removed_from_a_draft(page, draft):
    page.post(at(draft), sent(draft, simple={"DELETE": "on"}))
    assert "simple" not in draft.rules.values_list("name", flat=True)


@pytest.mark.parametrize("change", [{"name": ""}, {"use": "the best"}, {"at_least": "7"}, {"position": "-1"}])
def test_a_rule_that_makes_no_sense_is_refused(page, draft, change):
    answer = page.post(at(draft), sent(draft, simple=change))
    assert answer.status_code == 200
    assert policies.policy_of(draft).rules == DEFAULT.rules


def test_a_policy_that_was_in_force_cannot_be_edited(page, first):
    text = page.get(at(first)).text
    assert 'name="rules-0-name"' not in text
    assert page.post(at(first), sent(first, simple={"use": "strong"})).status_code == 403
    assert policies.policy_of(first).rules == DEFAULT.rules


def test_nothing_is_added_from_nothing_or_deleted(page, first, draft):
    assert page.get(f"{LIST}add/").status_code == 403
    assert page.post(at(draft, "delete"), {"post": "yes"}).status_code == 403


def test_each_act_asks_first_and_changes_nothing_by_being_looked_at(page, first, draft):
    for act in ("activate", "discard", "draft", "roll-back"):
        assert page.get(at(draft, act)).status_code == 200
    assert list(RoutingPolicy.objects.values_list("version", "status")) == [(None, "draft"), (1, "active")]
    assert 'value="Activate"' in page.get(at(draft, "activate")).text
    assert 'value="Roll back to this"' not in page.get(at(draft, "roll-back")).text


def test_buttons_offer_what_can_be_done(page, first, draft):
    assert at(draft, "activate") in page.get(at(draft)).text
    assert at(draft, "roll-back") not in page.get(at(draft)).text
    page.post(at(draft, "activate"))
    assert at(first, "roll-back") in page.get(at(first)).text
    assert at(draft, "activate") not in page.get(at(draft)).text


def test_every_act_is_kept_in_the_history(page, first, draft, admin):
    page.post(at(draft, "activate"))
    page.post(at(first, "roll-back"))
    page.post(at(first, "draft"))
    page.post(at(RoutingPolicy.objects.get(version=None), "discard"))
    assert logged() == [
        "Activated as version 2.",
        "Rolled back to version 1, as version 3.",
        "Copied from version 1.",
        "Deleted.",
    ]
    assert set(LogEntry.objects.values_list("user", flat=True)) == {admin.pk}


def test_what_cannot_be_done_any_more_is_told_and_leaves_no_trace(page, first, draft):
    page.post(at(draft, "activate"))
    assert "no longer a draft" in told(page.post(at(draft, "activate"), follow=True))[-1]
    assert "in force already" in told(page.post(at(draft, "roll-back"), follow=True))[-1]
    assert "no longer a draft" in told(page.post(at(first, "discard"), follow=True))[-1]
    assert logged() == ["Activated as version 2."]


def test_a_rule_that_never_counts_is_warned_of_on_the_page_and_before_it_is_put_in_force(page, draft):
    draft.rules.create(position=1, name="all", use="strong")
    for address in (at(draft), at(draft, "activate")):
        assert "Rule 2, “confidential”, never applies" in page.get(address).text


@pytest.fixture
def _models(settings):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "a key", ""
    settings.OLLAMA_BASE_URL = "http://localhost:11434"
    for name, provider in (("openai/big", "openai"), ("ollama_chat/near", "ollama_chat")):
        Model.objects.create(name=name, display_name=name, provider=provider, available=True)


@pytest.mark.usefixtures("_models")
def test_the_page_shows_where_a_message_would_go_and_why_not_elsewhere(page, first):
    text = page.get(at(first), {"label": 20, "complexity": "complex", "tokens": 900}).text
    assert "Auto: confidential → local" in text
    assert re.search(r'<ol class="candidates">\s*<li>ollama_chat/near \(ollama_chat/near\), local</li>\s*</ol>', text)
    assert "<li>openai/big: may not see confidential text</li>" in text


@pytest.mark.usefixtures("_models")
def test_the_page_shows_why_a_message_would_be_refused(page, draft):
    Model.objects.filter(provider="ollama_chat").delete()
    text = page.get(at(draft), {"label": 20, "complexity": "simple", "tokens": 900}).text
    assert "no connected model may see that" in text
    assert "<li>openai/big: may not see confidential text</li>" in text


def test_a_message_that_cannot_be_is_not_shown(page, first):
    text = page.get(at(first), {"label": 20, "complexity": "simple", "tokens": "many"}).text
    assert "Enter a whole number." in text
    assert "Asked in this order" not in text


def staff(*names):
    person = User.objects.create_user("staff", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return person


def test_staff_who_may_look_see_the_rules_and_change_nothing(client, draft, first):
    client.force_login(staff("view_routingpolicy"))
    text = client.get(at(first)).text
    assert "too long" in text
    assert at(first, "draft") not in text
    for act in ("activate", "discard", "draft", "roll-back"):
        assert client.post(at(draft, act)).status_code == 403
    assert client.post(at(draft), sent(draft, simple={"use": "strong"})).status_code == 403
    assert RoutingPolicy.objects.get(status=STATUS.DRAFT) == draft


def test_staff_who_may_change_policies_edit_and_activate_drafts(client, draft):
    client.force_login(staff("change_routingpolicy"))
    client.post(at(draft), sent(draft, simple={"use": "strong"}))
    client.post(at(draft, "activate"))
    draft.refresh_from_db()
    assert draft.version == 2
    assert draft.rules.get(name="simple").use == "strong"


def test_other_staff_do_not_see_policies(client, first):
    client.force_login(staff())
    assert client.get(at(first)).status_code == 403
    assert client.get(at(first, "activate")).status_code == 403
    client.logout()
    assert client.get(at(first, "activate"), follow=False).status_code == 302


def test_a_policy_that_is_not_there_is_not_found(page):
    assert page.get(f"{LIST}999/activate/").status_code == 404
    assert page.get(f"{LIST}999/change/").status_code == 302


def test_pages_hold_no_inline_script_or_style(page, draft, first):
    addresses = [LIST, at(draft), at(first), *(at(draft, act) for act in ("activate", "discard", "draft"))]
    for address in addresses:
        text = page.get(address).text
        assert "<style" not in text
        assert " style=" not in text
        assert not [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "json" not in tag]


def test_what_is_written_in_a_name_stays_text(page, draft):
    draft.rules.create(position=1, name="<b>bold</b>", use="strong")
    for address in (LIST, at(draft), at(draft, "activate"), reverse("admin:chat_routingpolicy_changelist")):
        assert "<b>bold</b>" not in page.get(address).text
