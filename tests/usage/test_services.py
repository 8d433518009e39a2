from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Reservation, UsageEntry
from langai_site.usage.spending import reservations
from langai_site.usage.types import Caller, Entry, Usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return User.objects.create_user("alice")


@pytest.fixture
def held(user):
    reply = uuid4()
    reservations.reserve(reply=reply, user_id=user.id, amount=Decimal("0.25"))
    return reply


@pytest.fixture
def entry(user, held):
    return Entry(
        caller=Caller(user_id=user.id, username="alice", team="Library", conversation=uuid4(), reply=held),
        model="openai/some",
        provider="openai",
        hosted=True,
        label=Sensitivity.INTERNAL,
        usage=Usage(input_tokens=100, output_tokens=20, cached_tokens=5),
        cost=Decimal("0.000123456"),
        first_token_ms=80,
        duration_ms=900,
        status="complete",
        route="chosen by you",
        bytes_sent=412,
        content_hash="ab" * 32,
        price_version="2026-01",
    )


def test_a_reservation_is_settled_with_what_the_call_took(held, entry):
    assert reservations.close(held, [entry])
    written = UsageEntry.objects.get()
    assert (written.username, written.team, written.reply) == ("alice", "Library", held)
    assert (written.input_tokens, written.output_tokens, written.cached_tokens) == (100, 20, 5)
    assert written.cost == Decimal("0.000123456")
    assert written.label == Sensitivity.INTERNAL
    assert (written.route, written.price_version) == ("chosen by you", "2026-01")
    assert (written.bytes_sent, written.content_hash) == (412, "ab" * 32)
    assert Reservation.objects.get().status == Reservation.Status.SETTLED


def test_a_turn_that_used_nothing_is_released(held):
    assert reservations.close(held, [])
    assert Reservation.objects.get().status == Reservation.Status.RELEASED
    assert not UsageEntry.objects.exists()


def test_closing_twice_writes_once(held, entry):
    reservations.close(held, [entry])
    assert not reservations.close(held, [entry])
    assert not reservations.close(held, [])
    assert UsageEntry.objects.count() == 1
    assert Reservation.objects.get().status == Reservation.Status.SETTLED


def test_what_was_used_is_written_though_a_sweep_released_it_first(held, entry):
    reservations.close(held, [])
    assert reservations.close(held, [entry])
    assert UsageEntry.objects.count() == 1


def test_a_continued_reply_is_held_and_settled_again(user, held, entry):
    reservations.close(held, [replace(entry, status="interrupted")])
    reservations.reserve(reply=held, user_id=user.id, amount=None)
    assert reservations.close(held, [entry])
    assert UsageEntry.objects.count() == 2


def test_an_unknown_price_is_unpriced_and_never_zero(held, entry):
    reservations.close(held, [replace(entry, cost=None)])
    assert UsageEntry.objects.get().cost is None


def test_a_cached_answer_is_entered_with_what_it_saved(held, entry):
    reservations.close(held, [replace(entry, cached=True, cost=Decimal(0), saved=Decimal("0.0002"))])
    written = UsageEntry.objects.get()
    assert (written.cached, written.cost, written.saved) == (True, 0, Decimal("0.0002"))


def test_the_ledger_outlives_the_person(user, held, entry):
    reservations.close(held, [entry])
    user.delete()
    assert UsageEntry.objects.get().username == "alice"
