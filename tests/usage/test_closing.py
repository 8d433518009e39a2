"""A month that is closed keeps its figures, and every cost can be computed again."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from langai_site.usage.ledger import closing, recomputing, sealing
from langai_site.usage.models import MonthClose, Seal, UsageEntry
from langai_site.usage.months import month_of
from langai_site.usage.types import ModelPrice, Usage
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 1)
IN_MARCH, IN_APRIL = datetime(2026, 3, 31, 23, 59, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
AFTER_GRACE = datetime(2026, 4, 4, tzinfo=UTC)
PRICE = ModelPrice("some-2026-01", input=Decimal("2.5"), output=Decimal("10"), cached=Decimal("0.25"))


def test_a_month_is_closed_when_it_is_over_and_everything_in_it_is_sealed():
    entered(at=IN_MARCH)
    entered(at=IN_MARCH, cost=None)
    entered(at=IN_MARCH, cached=True, cost=Decimal(0), saved=Decimal("0.02"), usage=Usage())
    assert closing.close_months(AFTER_GRACE) == []
    entered(at=IN_APRIL)
    sealing.seal()
    assert closing.close_months(datetime(2026, 4, 3, 23, 59, tzinfo=UTC)) == []
    assert closing.close_months(AFTER_GRACE) == [MARCH]
    close = MonthClose.objects.get()
    assert (close.entries, close.unpriced, close.input_tokens, close.output_tokens) == (3, 1, 200, 40)
    assert (close.cost, close.saved) == (Decimal("0.000123456"), Decimal("0.02"))
    assert close.hash == Seal.objects.get(sequence=close.sequence).hash


def test_a_month_waits_for_an_entry_that_is_not_sealed():
    entered(at=IN_MARCH)
    sealing.seal()
    entered(at=IN_MARCH)
    assert closing.close_months(AFTER_GRACE) == []
    sealing.seal()
    assert closing.close_months(AFTER_GRACE) == [MARCH]


def test_a_late_entry_is_in_the_books_of_the_open_month_and_the_closed_one_stays():
    entered(at=IN_MARCH)
    sealing.seal()
    closing.close_months(AFTER_GRACE)
    before = MonthClose.objects.values().get()
    late = entered(at=IN_MARCH)
    sealing.seal()
    assert closing.close_months(AFTER_GRACE) == []
    assert MonthClose.objects.values().get() == before
    assert list(closing.booked(date(2026, 4, 1))) == [late]
    assert recomputing.recompute(price_of={}.get).differences == ()


def test_months_without_an_entry_are_closed_as_well():
    entered(at=IN_MARCH)
    sealing.seal()
    assert closing.close_months(datetime(2026, 6, 10, tzinfo=UTC)) == [MARCH, date(2026, 4, 1), date(2026, 5, 1)]
    assert MonthClose.objects.get(month=date(2026, 5, 1)).cost == 0


def test_months_begin_in_the_time_zone_that_is_set(settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    assert month_of(IN_MARCH) == date(2026, 4, 1)


def test_sums_are_right_to_the_last_digit():
    for _ in range(300):
        entered(at=IN_MARCH, cost=Decimal("9876.543210987"))
    sealing.seal()
    closing.close_months(AFTER_GRACE)
    assert MonthClose.objects.get().cost == Decimal("9876.543210987") * 300


def priced(**changes):
    usage = Usage(input_tokens=1000, output_tokens=7, cached_tokens=400)
    return entered(
        at=IN_MARCH, **{"price_version": PRICE.version, "cost": Decimal("0.00167"), "usage": usage} | changes
    )


def recompute(**which):
    return recomputing.recompute(price_of={PRICE.version: PRICE}.get, **which)


def test_costs_are_reproduced_from_tokens_and_dated_prices():
    priced()
    priced(hosted=False, price_version="", cost=Decimal(0))
    priced(cached=True, cost=Decimal(0), saved=Decimal("0.00167"))
    priced(price_version="", cost=None)
    done = recompute()
    assert (done.entries, done.undated, done.differences) == (4, 0, ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": Decimal("0.001670001")},
        {"cost": None},
        {"hosted": False},
        {"cached": True},
        {"price_version": "never"},
        {"usage": Usage(input_tokens=1000, output_tokens=8, cached_tokens=400)},
    ],
    ids=str,
)
def test_a_cost_that_is_not_what_it_is_computed_from_is_told(wrong):
    priced()
    row = priced(**wrong)
    assert [difference.entry for difference in recompute().differences] == [row.pk]


def test_what_has_a_cost_but_no_price_to_compute_it_from_is_counted():
    priced(price_version="")
    assert recompute().undated == 1


def test_figures_of_a_closed_month_that_were_changed_are_told():
    priced()
    sealing.seal()
    closing.close_months(AFTER_GRACE)
    assert recompute(month=MARCH).differences == ()
    MonthClose.objects.update(cost=Decimal("0.00166"))
    (difference,) = recompute(month=MARCH).differences
    assert "2026-03" in difference.text


def test_one_month_can_be_looked_at_alone():
    entered(at=IN_APRIL, cost=Decimal(1), hosted=False)
    priced()
    sealing.seal()
    assert recompute(month=MARCH).entries == 1
    assert recompute(month=MARCH).differences == ()


def test_the_command_ends_with_1_where_something_differs(capsys):
    row = entered(hosted=False, cost=Decimal("0.5"))
    call_command("recompute_costs")
    with pytest.raises(SystemExit) as ended:
        call_command("recompute_costs", "--check")
    assert ended.value.code == 1
    assert f"Entry {row.pk}: It costs $0, but $0.5 was entered." in capsys.readouterr().out
    UsageEntry.objects.update(cost=0)
    call_command("recompute_costs", "--check")
