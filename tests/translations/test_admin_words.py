"""What LangAI itself wrote into rows is read in admin in the reader's language: rules, roles, codes, the history."""

import pytest
from django.urls import reverse

from chat.models import RoutingPolicy, RoutingRule
from langai_site.accounts import roles
from langai_site.accounts.models import User
from langai_site.usage.models import UsageEntry
from tests.chat.factories import first_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("anna", language="de"))
    return client


def test_names_of_roles_and_rights(admin):
    roles.make_groups()
    shown = [admin.get(reverse(name)).text for name in ("admin:auth_group_changelist", "admin:auth_group_who_may")]
    assert all("Kostenverwaltung" in page and ">Money manager<" not in page for page in shown)
    form = admin.get(reverse("admin:accounts_user_change", args=[User.objects.get().pk])).text
    assert "Kostenverwaltung" in form
    assert "usage | Budget ändern" in form
    assert "Can change" not in form


def test_codes_of_the_ledger(admin):
    for status in ("complete", "rate_limited", "of_a_later_version"):
        UsageEntry.objects.create(model="openai/b", provider="openai", label=0, status=status, source="search")
    listed = admin.get(reverse("admin:usage_usageentry_changelist")).text
    assert all(word in listed for word in ("vollständig", "zu viele Anfragen", "of_a_later_version"))
    assert 'title="rate_limited"' not in listed
    found = admin.get(reverse("admin:usage_usageentry_changelist"), {"status": "rate_limited"})
    assert [entry.status for entry in found.context["cl"].result_list] == ["rate_limited"]
    entry = admin.get(reverse("admin:usage_usageentry_change", args=[UsageEntry.objects.first().pk])).text
    assert "Suche" in entry


def test_rules_and_the_history_of_a_policy(admin):
    first = first_policy()
    admin.post(reverse("admin:chat_routingpolicy_draft", args=[first.pk]))
    draft = RoutingPolicy.objects.get(status="draft")
    form = admin.get(reverse("admin:chat_routingpolicy_change", args=[draft.pk]))
    assert 'value="vertraulich"' in form.text
    posted = {"note": "", "rules-TOTAL_FORMS": 5, "rules-INITIAL_FORMS": 5, "_save": "1"}
    for at, row in enumerate(form.context["inline_admin_formsets"][0].formset.forms[:5]):
        posted |= {f"rules-{at}-{name}": "" if row[name].value() is None else row[name].value() for name in row.fields}
        posted[f"rules-{at}-policy"] = draft.pk
    posted["rules-1-name"] = "lang und teuer"
    posted = {name: value for name, value in posted.items() if value is not False}
    assert admin.post(reverse("admin:chat_routingpolicy_change", args=[draft.pk]), posted).status_code == 302
    names = list(RoutingRule.objects.filter(policy=draft).values_list("name", flat=True))
    assert names == ["confidential", "lang und teuer", "simple", "complex", "moderate"], "Only what was typed changes."
    admin.post(reverse("admin:chat_routingpolicy_activate", args=[draft.pk]))
    history = reverse("admin:chat_routingpolicy_history", args=[draft.pk])
    assert "Als Version 2 in Kraft gesetzt." in admin.get(history).text
    User.objects.update(language="en")
    assert "Activated as version 2." in admin.get(history).text
