"""The chain: every entry gets into it once, whoever seals, and whatever is done to it afterwards is told."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from langai_site.usage.ledger import chain, sealing, verification
from langai_site.usage.ledger.verification import Head
from langai_site.usage.models import ChainHead, Seal, UsageEntry
from tests.usage.conftest import at_once, entered


def told(head=None):
    return [finding.entry for finding in verification.findings(head)]


def texts(head=None):
    return " ".join(finding.text for finding in verification.findings(head))


@pytest.fixture
def sealed(db):
    """Six sealed entries."""
    rows = [entered() for _ in range(6)]
    assert sealing.seal() == 6
    return [row.pk for row in rows]


def test_entries_are_sealed_once_in_order_and_the_chain_is_whole(sealed):
    assert sealing.seal() == 0
    assert list(Seal.objects.values_list("sequence", "entry")) == list(enumerate(sealed, 1))
    assert told() == []
    entered()
    assert sealing.seal() == 1
    assert told() == []


def test_an_empty_ledger_is_whole(db):
    assert sealing.seal() == 0
    assert told() == []


@pytest.mark.parametrize(
    "change",
    [
        {"cost": Decimal("0.000123457")},
        {"cost": None},
        {"label": 0},
        {"hosted": False},
        {"username": "bob"},
        {"input_tokens": 99},
        {"content_hash": "ab" * 32},
        {"reply": None},
        {"at": timezone.now()},
        {"price_version": "x"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_entry_that_was_changed_is_told(sealed, change):
    UsageEntry.objects.filter(pk=sealed[2]).update(**change)
    assert told() == [sealed[2]]


def test_an_entry_that_was_deleted_is_told(sealed):
    UsageEntry.objects.filter(pk=sealed[0]).delete()
    assert told() == [sealed[0]]


def test_an_entry_that_was_deleted_with_its_seal_is_told(sealed):
    UsageEntry.objects.filter(pk=sealed[3]).delete()
    Seal.objects.filter(entry=sealed[3]).delete()
    assert "seals 4 to 4 are missing" in texts()


def test_entries_that_changed_places_are_told(sealed):
    first, second = Seal.objects.filter(entry__in=sealed[1:3])
    Seal.objects.filter(pk=first.pk).update(entry=-1)
    Seal.objects.filter(pk=second.pk).update(entry=first.entry)
    Seal.objects.filter(pk=first.pk).update(entry=second.entry)
    assert sorted(told()) == sealed[1:3]


def test_an_entry_put_among_old_ones_is_told_and_never_sealed(sealed):
    Seal.objects.update(sealed_at=timezone.now() - timedelta(hours=2))
    UsageEntry.objects.filter(pk=sealed[2]).update(id=10_000)
    inserted = sealed[2]
    row = UsageEntry.objects.get(pk=10_000)
    row.pk = inserted
    row.save(force_insert=True)
    UsageEntry.objects.filter(pk=10_000).delete()
    Seal.objects.filter(entry=inserted).update(entry=10_000)
    assert sealing.seal() == 0
    assert inserted in told()


def test_an_entry_that_claims_an_earlier_time_is_told(sealed):
    late = entered(at=timezone.now() - timedelta(days=40))
    sealing.seal()
    assert told() == [late.pk]
    assert "inserted" in texts()


def test_a_forged_seal_is_told(sealed):
    row = entered()
    Seal.objects.create(sequence=7, entry=row.pk, month=timezone.now().date(), previous="0" * 64, hash="1" * 64)
    assert row.pk in told()
    assert "beyond what was sealed" in texts()


def test_an_end_that_was_cut_off_is_told(sealed):
    Seal.objects.filter(sequence__gt=4).delete()
    UsageEntry.objects.filter(pk__in=sealed[4:]).delete()
    assert "its end was cut" in texts()


def rewrite(change, cut=0):
    """Do what somebody with the database and the code can: change an entry and seal everything anew."""
    Seal.objects.all().delete()
    ChainHead.objects.all().delete()
    UsageEntry.objects.filter(pk=change).update(cost=0)
    for row in UsageEntry.objects.order_by("-id")[:cut]:
        row.delete()
    sealing.seal()


def test_an_exported_head_shows_that_the_whole_chain_was_rewritten(sealed):
    head = verification.head()
    rewrite(sealed[1])
    assert told() == []
    assert "rewritten" in texts(head)
    assert "rewritten" in texts(Head(0, head.hash))


def test_an_exported_head_shows_that_the_end_was_rewritten_shorter(sealed):
    head = verification.head()
    rewrite(sealed[5], cut=2)
    assert told() == []
    assert "rewritten" in texts(head)


def test_an_exported_head_stays_good_while_the_ledger_grows(sealed):
    head = verification.read_head(verification.head().as_json())
    entered()
    sealing.seal()
    assert told(head) == []


def test_the_head_of_an_empty_ledger_stays_good_too(db):
    head = verification.head()
    entered()
    sealing.seal()
    assert told(head) == []


def test_a_column_added_later_breaks_no_seal(sealed):
    """A column is in the hash only where it holds something else than its default."""
    row = UsageEntry.objects.get(pk=sealed[0])
    assert "price_version" not in chain.written_out(row)
    assert chain.written_out(row)["cost"] == "0.000123456"
    row.cost = None
    assert "cost" not in chain.written_out(row)
    row.cost = Decimal(0)
    assert chain.written_out(row)["cost"] == "0.000000000"


@pytest.mark.django_db(transaction=True)
def test_workers_that_seal_at_once_make_one_chain():
    for _ in range(sealing.BATCH + 50):
        entered()
    counts = at_once(lambda _: sealing.seal(), 6)
    assert sum(counts) == sealing.BATCH + 50
    assert told() == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_committed_after_a_later_one_was_sealed_is_not_lost(only_postgres):
    begun, go_on = threading.Event(), threading.Event()

    def slow(number):
        with transaction.atomic():
            row = entered()
            begun.set()
            go_on.wait(30)
            return row.pk

    def quick(number):
        begun.wait(30)
        row = entered()
        assert sealing.seal() == 1
        go_on.set()
        return row.pk

    early, late = at_once(lambda number: (slow, quick)[number](number), 2)
    assert early < late
    assert sealing.seal() == 1
    assert list(Seal.objects.values_list("entry", flat=True)) == [late, early]
    assert told() == []
    assert connection.vendor == "postgresql"
