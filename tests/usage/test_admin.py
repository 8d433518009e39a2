from dataclasses import asdict
from decimal import Decimal

import pytest
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger import sealing, verification
from langai_site.usage.models import MonthClose, Seal, UsageEntry
from langai_site.usage.sums import totals
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client):
    client.force_login(User.objects.create_superuser("admin"))
    UsageEntry.objects.create(model="ollama_chat/a", provider="ollama_chat", label=0, status="complete")
    return UsageEntry.objects.create(
        model="openai/b", provider="openai", label=10, status="stopped", cost=Decimal("0.0012")
    )


def test_an_admin_reads_the_ledger(client, entry):
    page = client.get(reverse("admin:usage_usageentry_changelist")).text
    assert "0.0012" in page
    assert "no price" in page


def test_nobody_adds_changes_or_deletes_an_entry(client, entry):
    row = [entry.pk]
    assert client.get(reverse("admin:usage_usageentry_add")).status_code == 403
    assert client.post(reverse("admin:usage_usageentry_change", args=row), {"cost": 0}).status_code == 403
    assert client.post(reverse("admin:usage_usageentry_delete", args=row), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:usage_usageentry_changelist"), {"action": "delete_selected", "_selected_action": row, "post": 1}
    )
    assert UsageEntry.objects.count() == 2


def verify(client, **asked):
    return client.get(reverse("admin:usage_usageentry_verify"), asked).text


def test_the_ledger_page_says_whether_something_confidential_left(client, entry):
    assert reverse("admin:usage_usageentry_verify") in client.get(reverse("admin:usage_usageentry_changelist")).text
    assert "No: nothing labelled confidential or above went to a hosted model" in verify(client, label=20, hosted="on")
    leaked = entered(label=Sensitivity.CONFIDENTIAL, hosted=True)
    page = verify(client, label=20, hosted="on")
    assert "Yes: 1 call labelled confidential or above went to a hosted model" in page
    assert reverse("admin:usage_usageentry_change", args=[leaked.pk]) in page
    assert "No: nothing" in verify(client, label=20, hosted="on", end="2020-01-01")
    assert "is not a time" in verify(client, label=20, hosted="on", end="soon")


def test_the_ledger_page_checks_the_chain_and_an_earlier_head(client, entry):
    sealing.seal()
    head = verification.head()
    assert head.hash in verify(client)
    assert "The chain is whole" in verify(client, label=20, chain="on", head=head.as_json())
    UsageEntry.objects.filter(pk=entry.pk).update(cost=1)
    assert f"Entry {entry.pk}: The entry does not match its seal" in verify(client, label=20, chain="on")
    assert "rewritten" in verify(client, label=20, head="1" * 64)


def test_the_ledger_page_is_for_admins_who_may_read_the_ledger(client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get(reverse("admin:usage_usageentry_verify")).status_code == 403


def test_an_entry_is_shown_with_what_was_sent_and_its_seal(client, entry):
    page = client.get(reverse("admin:usage_usageentry_change", args=[entry.pk])).text
    assert "not sealed yet" in page
    sealing.seal()
    page = client.get(reverse("admin:usage_usageentry_change", args=[entry.pk])).text
    assert Seal.objects.get(entry=entry.pk).hash in page


def test_a_closed_month_is_shown_and_changed_by_nobody(client, entry):
    close = MonthClose.objects.create(
        month="2026-03-01", sequence=1, hash="a" * 64, **asdict(totals(UsageEntry.objects.all()))
    )
    assert "2026-03" in client.get(reverse("admin:usage_monthclose_changelist")).text
    assert "2026-03" in verify(client)
    address = reverse("admin:usage_monthclose_change", args=[close.pk])
    assert client.post(address, {"cost": 0}).status_code == 403
