"""Counts what may still be spent: counters of each budget's day or month, changed only while their rows are locked.

A counter holds what was spent, by the entries, and what reservations hold. Days and months are those of TIME_ZONE.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from langai_site.errors import LangAIError
from langai_site.usage.models import Budget, BudgetPeriod, Reservation, UsageEntry
from langai_site.usage.months import day_of, next_month, start_of
from langai_site.usage.spending.standing import BudgetStanding, refusal, refusing
from langai_site.usage.sums import billionths, dollars, in_billionths

logger = logging.getLogger(__name__)

# How long a process may not know of an installation's first budget. Later ones are read when they matter.
KNOWN_SECONDS = 5.0
_known: tuple[float, bool] = (0.0, True)


class OverBudgetError(LangAIError):
    """A hard budget has no room for what the call may cost; nothing was sent. From `until` on it has room again.

    `room` is what may still be spent, in US dollars.
    """

    code, status = "over_budget", 429

    def __init__(self, message: str, *, until: date, room: Decimal = Decimal(0)) -> None:
        super().__init__(message)
        self.room = room
        seconds = (start_of(until) - timezone.now()).total_seconds()
        self.headers = {"Retry-After": str(max(1, ceil(seconds)))}


def may_exist() -> bool:
    """Return whether there may be budgets, without querying: False only if the database said so a moment ago."""
    until, found = _known
    return found or time.monotonic() > until


def exist() -> bool:
    """Return whether there are any budgets; if there are none, spending costs no query."""
    global _known
    if time.monotonic() > _known[0]:
        _known = (time.monotonic() + KNOWN_SECONDS, Budget.objects.exists())
    return _known[1]


def forget(**kwargs: object) -> None:
    """Query again, because a budget was added or removed."""
    global _known
    _known = (0.0, True)


def today() -> date:
    return day_of(timezone.now())


def first_day(period: str, day: date) -> date:
    """Return the first day of the period that `day` is in."""
    return day if period == Budget.Period.DAY else day.replace(day=1)


def day_after(period: str, start: date) -> date:
    """Return the first day of the next period."""
    return start + timedelta(days=1) if period == Budget.Period.DAY else next_month(start)


def applying(user_id: int | None, team: str) -> QuerySet[Budget]:
    """Return the budgets that apply to what this person spends on this team's account."""
    site, person = Q(scope=Budget.Scope.SITE), Q(scope=Budget.Scope.USER, user=user_id)
    return Budget.objects.filter(site | person | Q(scope=Budget.Scope.TEAM, team__name=team), enabled=True)


def current(budgets: Iterable[Budget]) -> QuerySet[BudgetPeriod]:
    """Return their counters of today and of this month, if they were opened."""
    now = Q(budget__period=Budget.Period.DAY, start=today())
    now |= Q(budget__period=Budget.Period.MONTH, start=today().replace(day=1))
    return BudgetPeriod.objects.filter(now, budget__in=list(budgets)).select_related("budget__user", "budget__team")


def open_periods(budgets: Iterable[Budget]) -> None:
    """Create the missing counters of today and of this month, including what was spent before."""
    starts = [(budget, first_day(budget.period, today())) for budget in budgets]
    opened = [BudgetPeriod(budget=budget, start=start, spent=spent(budget, start)) for budget, start in starts]
    BudgetPeriod.objects.bulk_create(opened, ignore_conflicts=True)


def spent(budget: Budget, start: date) -> int:
    """Return the sum of the ledger's entries of that period, in billionths of a dollar."""
    end = day_after(budget.period, start)
    entries = UsageEntry.objects.filter(at__gte=start_of(start), at__lt=start_of(end))
    if budget.scope == Budget.Scope.USER:
        entries = entries.filter(user_id=budget.user_id)
    elif budget.team:
        entries = entries.filter(team=budget.team.name)
    total: int = entries.order_by().aggregate(spent=billionths("cost"))["spent"]
    return total


def locked(user_id: int | None, team: str, reservation: Reservation | None = None) -> Sequence[BudgetPeriod]:
    """Lock and return the counters that apply now, together with those that the reservation counts in already.

    All are locked in one order, and entries are written only after this: so there are no deadlocks, and a counter
    that is opened meanwhile counts no entry twice and misses none.
    """
    budgets = list(applying(user_id, team))
    now = set(current(budgets).values_list("id", "budget"))
    if missing := [budget for budget in budgets if budget.pk not in {budget for _, budget in now}]:
        open_periods(missing)
        now = set(current(budgets).values_list("id", "budget"))
    applies = {period for period, _ in now}
    before = set(reservation.counted_in.values_list("id", flat=True)) if reservation else set()
    rows = BudgetPeriod.objects.filter(id__in=applies | before).select_related("budget__user", "budget__team")
    return [row for row in rows.select_for_update(of=("self",)).order_by("id") if row.pk in applies]


def hold(reservation: Reservation, amount: Decimal | None) -> None:
    """Replace what the reservation holds by `amount` (None: not priced). Raises OverBudgetError.

    Call it within a transaction, with the reservation locked; a refusal rolls the transaction back.
    """
    periods = locked(reservation.user_id, reservation.team, reservation)
    release(reservation)
    ids = [period.pk for period in periods]
    held = dict(BudgetPeriod.objects.filter(id__in=ids).values_list("id", "held"))
    for period in periods:
        period.held = held[period.pk]
    _refuse_if_over([standing_of(period) for period in periods], amount)
    BudgetPeriod.objects.filter(id__in=ids).update(held=F("held") + in_billionths(amount or Decimal(0)))
    reservation.counted_in.set(ids)


def _refuse_if_over(standings: Sequence[BudgetStanding], amount: Decimal | None) -> None:
    """Raise OverBudgetError if a hard budget has no room.

    Local models cost nothing, so a used-up budget allows them.
    """
    if standing := refusing(standings, amount):
        raise OverBudgetError(refusal(standing, amount), until=standing.ends, room=standing.left)


def release(reservation: Reservation) -> None:
    """Give back what the reservation holds, with its counters locked."""
    counted_in = list(reservation.counted_in.values_list("id", flat=True))
    if counted_in:
        held = in_billionths(reservation.amount or Decimal(0))
        BudgetPeriod.objects.filter(id__in=counted_in).update(held=F("held") - held)
        reservation.counted_in.clear()


def spend(periods: Sequence[BudgetPeriod], costs: Iterable[Decimal | None]) -> None:
    """Add what was spent to the locked counters. Calls without a price add nothing."""
    total = sum(in_billionths(cost) for cost in costs if cost)
    if total:
        BudgetPeriod.objects.filter(id__in=[period.pk for period in periods]).update(spent=F("spent") + total)


def standing_of(period: BudgetPeriod) -> BudgetStanding:
    budget = period.budget
    return BudgetStanding(
        scope=budget.scope,
        subject=str(budget.user or budget.team or ""),
        period=budget.period,
        hard=budget.hard,
        limit=budget.amount,
        spent=dollars(period.spent),
        held=dollars(period.held),
        ends=day_after(budget.period, period.start),
    )


def standings(budgets: QuerySet[Budget]) -> list[BudgetStanding]:
    """Return how the budgets stand now, in their order; an unused day or month has no counter yet."""
    known = list(budgets.select_related("user", "team"))
    opened = {period.budget_id: period for period in current(known)}
    return [standing_of(opened.get(budget.pk) or _unopened(budget)) for budget in known]


def _unopened(budget: Budget) -> BudgetPeriod:
    start = first_day(budget.period, today())
    return BudgetPeriod(budget=budget, start=start, spent=spent(budget, start))


@transaction.atomic
def reconcile(budget: Budget) -> int:
    """Set the current counter to the sum of entries and reservations; return by how many billionths it was off."""
    open_periods([budget])
    period = current([budget]).select_for_update(of=("self",)).get()
    held = Reservation.objects.filter(counted_in=period, status=Reservation.Status.HELD)
    found = (spent(budget, period.start), held.aggregate(held=billionths("amount"))["held"])
    off: int = abs(period.spent - found[0]) + abs(period.held - found[1])
    if off:
        logger.warning("%s was off by %s and is right again", period, dollars(off))
        period.spent, period.held = found
        period.save(update_fields=["spent", "held"])
    return off


def reconcile_all() -> None:
    """Reconcile all enabled budgets. A nightly job."""
    for budget in Budget.objects.filter(enabled=True):
        reconcile(budget)
