from decimal import Decimal

import pytest
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.usage.models import UsageEntry

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
    assert "unpriced" in page


def test_nobody_adds_changes_or_deletes_an_entry(client, entry):
    row = [entry.pk]
    assert client.get(reverse("admin:usage_usageentry_add")).status_code == 403
    assert client.post(reverse("admin:usage_usageentry_change", args=row), {"cost": 0}).status_code == 403
    assert client.post(reverse("admin:usage_usageentry_delete", args=row), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:usage_usageentry_changelist"), {"action": "delete_selected", "_selected_action": row, "post": 1}
    )
    assert UsageEntry.objects.count() == 2
