"""Reports count each entry once and exactly, whatever of it has been added up already."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from langai_site.usage.ledger import sealing
from langai_site.usage.models import DimensionDay, RolledUp, SliceDay, UsageEntry
from langai_site.usage.reports import adding, answering, rollup
from langai_site.usage.reports.types import FIGURES, ReportQuery
from langai_site.usage.sums import totals
from tests.usage.conftest import at_once, entered

pytestmark = pytest.mark.django_db

MARCH = ReportQuery(date(2026, 3, 1), date(2026, 3, 31))


def asked(**changes):
    return replace(MARCH, **changes)


def many(count, seed=1, start=datetime(2026, 3, 1, tzinfo=UTC)):
    """Entries of several people, models and days, some without a price; their sum in floating point is off."""
    random = Random(seed)
    UsageEntry.objects.bulk_create(
        UsageEntry(
            at=start + timedelta(minutes=random.randrange(60 * 24 * 31)),
            user_id=random.choice([1, 2, None]),
            username=random.choice(["alice", "bob", ""]),
            team=random.choice(["Law", ""]),
            model=random.choice(["openai/a", "ollama/b"]),
            provider="openai",
            label=random.choice([0, 10, 20]),
            cached=random.random() < 0.1,
            input_tokens=random.randrange(5000),
            output_tokens=random.randrange(500),
            cached_tokens=random.randrange(50),
            cost=random.choice([None, Decimal(random.randrange(10**9)) / 10**9]),
            saved=Decimal(random.randrange(10**6)) / 10**9,
            status=random.choice(["complete", "stopped"]),
        )
        for _ in range(count)
    )


def rolled():
    while rollup.roll():
        pass


def sealed_and_rolled():
    sealing.seal()
    rolled()


def test_totals_are_those_of_the_entries_to_the_last_digit():
    many(300)
    total = answering.total(MARCH)
    expected = totals(UsageEntry.objects.all())
    for found in (total, answering.report(asked(step="day", by=("user", "label"))).total):
        assert found.cost_dollars == expected.cost
        assert found.saved_dollars == expected.saved
        assert (found.entries, found.unpriced, found.input_tokens) == (300, expected.unpriced, expected.input_tokens)


@pytest.mark.parametrize("step", ["", "day", "week", "month"])
@pytest.mark.parametrize("by", [(), ("model",), ("user", "cached")])
def test_a_report_is_the_same_before_while_and_after_entries_are_added_up(step, by):
    many(200)
    query = asked(step=step, by=by)
    before = answering.report(query)
    sealed_and_rolled()
    assert SliceDay.objects.exists()
    assert answering.report(query) == before
    many(50, seed=2)
    with_new = answering.report(query)
    assert with_new.total.entries == 250
    sealing.seal()
    assert answering.report(query) == with_new
    rolled()
    assert answering.report(query) == with_new
    assert with_new.lines == tuple(answering_from_entries(query))


def answering_from_entries(query):
    RolledUp.objects.update(zone="elsewhere")
    lines = answering.report(query).lines
    RolledUp.objects.update(zone="UTC")
    return lines


def test_what_is_added_up_is_not_read_again():
    many(60)
    sealed_and_rolled()
    assert not rollup.rest(rollup.mark()).exists()
    DimensionDay.objects.update(entries=1000)
    assert answering.total(MARCH).entries > 1000


def test_what_is_about_one_thing_alone_needs_no_more_days_than_that_has_values():
    many(100)
    sealed_and_rolled()
    SliceDay.objects.all().delete()
    for query in (MARCH, asked(by=("user",), step="week"), asked(by=("label",), only=(("label", 10),))):
        assert answering.report(query).total.entries == totals(adding.entries(query)).entries
    # One person's, and what is about several things, are read from the days that tell all apart.
    for query in (asked(user_id=1), asked(by=("user", "team")), asked(by=("user",), only=(("label", 10),))):
        assert answering.report(query).total.entries == 0


def test_entries_are_added_once_though_several_workers_do(transactional_db):
    many(100)
    sealing.seal()
    found = at_once(lambda _: rollup.roll(), 4)
    assert sorted(found) == [0, 0, 0, 100]
    assert answering.total(MARCH).entries == 100


def test_an_entry_that_is_sealed_late_is_counted_on_its_own_day():
    many(20)
    sealed_and_rolled()
    entered(at=datetime(2026, 3, 2, 12, tzinfo=UTC), cost=Decimal("5"))
    assert answering.total(asked(start=date(2026, 3, 2), end=date(2026, 3, 2))).cost >= 5 * 10**9
    total = answering.total(MARCH)
    sealed_and_rolled()
    assert answering.total(MARCH) == total


def test_days_begin_at_midnight_of_the_time_zone_that_is_set(settings):
    entered(at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    sealed_and_rolled()
    assert [line.key for line in answering.report(asked(step="day")).lines] == [(date(2026, 3, 1),)]
    settings.TIME_ZONE = "Europe/Vienna"
    timezone.get_default_timezone.cache_clear()
    try:
        for _ in range(2):
            assert [line.key for line in answering.report(asked(step="day")).lines] == [(date(2026, 3, 2),)]
            # Days of another time zone are dropped and added up anew.
            rolled()
        assert set(SliceDay.objects.values_list("day", flat=True)) == {date(2026, 3, 2)}
    finally:
        settings.TIME_ZONE = "UTC"
        timezone.get_default_timezone.cache_clear()


def test_weeks_begin_on_monday_and_months_on_their_first():
    for day in (1, 2, 8, 9):
        entered(at=datetime(2026, 3, day, 12, tzinfo=UTC))
    for _ in range(2):
        weeks = {line.key[0]: line.figures.entries for line in answering.report(asked(step="week")).lines}
        assert weeks == {date(2026, 2, 23): 1, date(2026, 3, 2): 2, date(2026, 3, 9): 1}
        assert [line.key for line in answering.report(asked(step="month")).lines] == [(date(2026, 3, 1),)]
        sealed_and_rolled()


def test_filters_are_combined_and_one_persons_entries_are_theirs_by_id():
    many(200)
    for _ in range(2):
        found = answering.total(asked(only=(("user", "alice"), ("label", 20), ("cached", False))))
        assert found.entries == UsageEntry.objects.filter(username="alice", label=20, cached=False).count() > 0
        # A name may have been somebody else's before.
        mine = answering.total(asked(user_id=1))
        assert mine.entries == UsageEntry.objects.filter(user_id=1).count() > 0
        sealed_and_rolled()


def test_answers_are_the_chats_that_are_complete():
    entered(at=datetime(2026, 3, 2, tzinfo=UTC))
    entered(at=datetime(2026, 3, 2, tzinfo=UTC), status="stopped")
    entered(at=datetime(2026, 3, 2, tzinfo=UTC), kind="embedding")
    for _ in range(2):
        total = answering.total(MARCH)
        assert (total.entries, total.answers) == (3, 1)
        sealed_and_rolled()


def test_very_large_numbers_stay_exact():
    UsageEntry.objects.bulk_create(
        UsageEntry(
            at=datetime(2026, 3, 3, tzinfo=UTC),
            model="m",
            provider="p",
            label=0,
            status="complete",
            input_tokens=2_000_000_000,
            cost=Decimal("99999.999999999"),
        )
        for _ in range(20)
    )
    for _ in range(2):
        total = answering.total(MARCH)
        assert total.cost_dollars == Decimal("1999999.99999998")
        assert total.input_tokens == 40_000_000_000
        sealed_and_rolled()


def test_a_report_with_too_many_lines_says_only_what_they_come_to():
    many(100)
    for _ in range(2):
        found = answering.report(asked(step="day", by=("user",)), longest=5)
        assert found.too_long
        assert found.lines == ()
        assert found.total.entries == 100
        sealed_and_rolled()


def test_sums_that_are_off_are_told_of_and_mended(capsys):
    many(100)
    sealed_and_rolled()
    assert list(rollup.wrong_days()) == []
    total = answering.total(MARCH)
    row = SliceDay.objects.first()
    SliceDay.objects.filter(pk=row.pk).update(cost=row.cost + 1)
    DimensionDay.objects.exclude(day=row.day).first().delete()
    with pytest.raises(SystemExit):
        call_command("rebuild_reports", "--check")
    assert "2 days differ" in capsys.readouterr().out
    rollup.reconcile()
    assert answering.total(MARCH) == total
    call_command("rebuild_reports", "--check")


def kept():
    columns = ("slice__key", "day", *FIGURES)
    return {row for table in rollup.TABLES for row in table.objects.values_list(*columns)}


def test_reports_can_be_rebuilt_from_the_entries(capsys):
    many(100)
    sealed_and_rolled()
    before = kept()
    call_command("rebuild_reports")
    assert "100 entries are added up" in capsys.readouterr().out
    assert kept() == before


def test_a_report_takes_a_few_queries_however_much_was_used():
    many(300)
    sealed_and_rolled()
    with CaptureQueriesContext(connection) as few:
        answering.report(asked(step="day", by=("model",)))
    assert len(few) <= 6


def test_the_filters_offer_what_entries_have():
    many(50)
    sealed_and_rolled()
    values = answering.choices(asked(only=(("team", "Gone"),)))
    assert values["user"] == ["", "alice", "bob"]
    assert values["team"] == ["", "Gone", "Law"]
    assert answering.choices(asked(user_id=99))["user"] == []
