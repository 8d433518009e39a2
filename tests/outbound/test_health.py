"""Admins see which models fail, how long people wait for first words, what rests, and what it costs today."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone

from langai_site.accounts.models import User
from langai_site.outbound import health, overview
from langai_site.usage import model_health
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def _calls():
    for number in range(1, 21):
        entered(model="openai/gpt-5", first_token_ms=100 * number, cost=Decimal("0.25"))
    for status in ("upstream_error", "rate_limited", "too_long", "stopped", "complete"):
        entered(model="hosted_vllm/qwen", status=status, first_token_ms=None, cost=None)
    entered(model="openai/gpt-5", status="upstream_error", at=timezone.now() - timedelta(hours=25))
    entered(model="openai/gpt-5", status="upstream_error", cached=True, cost=None)


@pytest.mark.usefixtures("_calls")
def test_figures_are_those_of_the_last_day_and_of_the_models_own_failures():
    rows = {row.figures.model: row for provider in health.report() for row in provider.rows}
    gpt, qwen = rows["openai/gpt-5"], rows["hosted_vllm/qwen"]
    assert (gpt.figures.calls, gpt.figures.failed, gpt.figures.p95_ms, gpt.first_words) == (20, 0, 1950, "1.9 s")
    assert (gpt.is_troubled, gpt.dollars) == (False, "$5.00")
    assert (qwen.figures.calls, qwen.figures.failed, qwen.figures.p95_ms, qwen.first_words) == (5, 2, None, "")
    assert (qwen.is_troubled, qwen.dollars) == (True, "$0")


@pytest.mark.usefixtures("_calls")
def test_a_model_that_rests_says_why_and_the_home_leads_there():
    caches["resting"].set("resting:openai/gpt-5", "rate_limited", 30)
    admin = User.objects.create_superuser("root")
    (line,) = [line for line in overview.lines(admin) if line.words.startswith("Failing lately")]
    assert "gpt-5" in line.words
    assert line.address == reverse("admin:outbound_model_health")
    rows = [row for provider in health.report() for row in provider.rows]
    assert [row.resting for row in rows if "gpt-5" in row.figures.model] == ["accepted no more questions a moment ago"]


@pytest.mark.usefixtures("_calls")
def test_costs_are_for_those_who_see_the_ledger(client, django_assert_max_num_queries):
    page = reverse("admin:outbound_model_health")
    viewer = User.objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    assert client.get(page).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_model", content_type__app_label="outbound"))
    html = client.get(page).content.decode()
    assert "2 (40.0 %)" in html
    assert "Fails often" in html
    assert "Cost today" not in html
    client.force_login(User.objects.create_superuser("root"))
    with django_assert_max_num_queries(12):
        assert "$5.00" in client.get(page).content.decode()
    assert "Health</a>" in client.get(reverse("admin:outbound_model_changelist")).content.decode()


def test_without_calls_it_says_so(client):
    client.force_login(User.objects.create_superuser("root"))
    assert "No model was called" in client.get(reverse("admin:outbound_model_health")).content.decode()
    assert model_health.since(timezone.now(), ()) == []
