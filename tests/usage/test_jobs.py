"""What the worker does for the ledger without being asked."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from langai_site import registry
from langai_site.accounts.models import User
from langai_site.usage.models import Budget, BudgetPeriod, MonthClose, Reservation, Seal
from langai_site.usage.spending import reservations
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db


def test_the_worker_seals_entries_and_closes_months_that_are_over():
    entered(at=timezone.now() - timedelta(days=70))
    assert not registry.worker_jobs["ledger seals"].run()
    assert Seal.objects.count() == 1
    assert not registry.worker_jobs["monthly close"].run()
    assert MonthClose.objects.exists()


def test_the_worker_gives_back_what_is_held_for_nobody_and_warns_admins(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    admin = User.objects.create_superuser("admin", email="admin@example.org")
    Budget.objects.create(scope="site", period="month", amount=1)
    reservations.reserve(reply=uuid4(), user_id=admin.pk, amount=Decimal("0.1"))
    Reservation.objects.update(created_at=timezone.now() - timedelta(hours=2))
    entered(cost=Decimal("0.6"))
    registry.worker_jobs["budgets"].run()
    assert BudgetPeriod.objects.get().held == 0
    assert [sent.to for sent in mail.outbox] == [["admin@example.org"]]


def test_counters_are_compared_with_the_entries_every_night():
    Budget.objects.create(scope="site", period="month", amount=1)
    entered(cost=Decimal("0.6"))
    BudgetPeriod.objects.update(spent=0)
    registry.nightly_jobs["budget counters"]()
    assert BudgetPeriod.objects.get().spent == 600_000_000
