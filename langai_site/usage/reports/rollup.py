"""Sums entries by the day, so that a report on a million entries need not read them.

The worker adds sealed entries in the order of their seals' numbers: each entry once, whatever happens. `rest()` returns
the entries that are not added yet; sums and rest together are always complete.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from langai_site.usage.ledger import sealing
from langai_site.usage.models import DaySum, DimensionDay, RolledUp, Seal, Slice, SliceDay, UsageEntry
from langai_site.usage.months import day_of, start_of
from langai_site.usage.reports.adding import SUMS, figures_of_entries
from langai_site.usage.reports.periods import first_of
from langai_site.usage.reports.types import DIMENSIONS, FIGURES, STEPS, Figures, numbers

logger = logging.getLogger(__name__)

# As many as a database on one file can handle while people write messages.
BATCH = 2000
# The columns that identify a slice, after its dimension; each with the blank value for when it does not apply.
BLANK: Mapping[str, object] = {
    "user_id": None,
    "username": "",
    "team": "",
    "model": "",
    "provider": "",
    "kind": "",
    "source": "",
    "hosted": False,
    "label": 0,
    "route": "",
    "cached": False,
    "status": "",
}
COLUMNS = ("of", *BLANK)
TABLES: tuple[type[DaySum], ...] = (SliceDay, DimensionDay)
PLACES = {dimension.name: list(BLANK).index(dimension.column) for dimension in DIMENSIONS.values()}

Values = tuple[object, ...]
Sums = Mapping[tuple[Values, date], Figures]


@dataclass(frozen=True)
class Mark:
    """The last seal that is in the daily sums; 0: there are no sums to read."""

    sequence: int


def mark() -> Mark:
    """Return the mark; 0 if the sums were made in another time zone, because its days differ."""
    return Mark(RolledUp.objects.filter(zone=settings.TIME_ZONE).values_list("sequence", flat=True).first() or 0)


def rest(upto: Mark) -> QuerySet[UsageEntry]:
    """Return the entries that are not in the sums: those of the last seconds, if the worker keeps up."""
    if not upto.sequence:
        return UsageEntry.objects.all()
    later = Seal.objects.filter(sequence__gt=upto.sequence).aggregate(lowest=Min("entry"))["lowest"]
    settled = sealing.settled_up_to()
    floor = settled if later is None else min(settled, later - 1)
    return UsageEntry.objects.filter(~Exists(_added(upto.sequence)), id__gt=floor)


def _added(upto: int) -> QuerySet[Seal]:
    return Seal.objects.filter(entry=OuterRef("id"), sequence__lte=upto)


def roll() -> int:
    """Add the next sealed entries to their days; return how many. Call it again until it returns 0."""
    # Mostly there are none; then no lock needs to block other writers.
    return _roll_batch() if Seal.objects.filter(sequence__gt=mark().sequence).exists() else 0


@transaction.atomic
def _roll_batch() -> int:
    done = _locked()
    seals = Seal.objects.filter(sequence__gt=done.sequence).order_by("sequence")[:BATCH]
    last = seals.aggregate(last=Max("sequence"))["last"]
    if last is None:
        return 0
    added = Seal.objects.filter(sequence__gt=done.sequence, sequence__lte=last)
    _add(_sums(UsageEntry.objects.filter(id__in=added.values("entry"))))
    count: int = last - done.sequence
    done.sequence = last
    done.save()
    return count


def _locked() -> RolledUp:
    """Return the mark's row, locked. If the sums are of another time zone, drop them and begin again."""
    RolledUp.objects.get_or_create(pk=1, defaults={"zone": settings.TIME_ZONE})
    done = RolledUp.objects.select_for_update().get(pk=1)
    if done.zone != settings.TIME_ZONE:
        _drop()
        done.sequence, done.zone = 0, settings.TIME_ZONE
        done.save()
    return done


def _sums(entries: QuerySet[UsageEntry]) -> Sums:
    """Return the sums of each slice and day: of slices with all dimensions, and of each dimension separately."""
    days = entries.order_by().annotate(day=TruncDate("at")).values("day", *BLANK).annotate(**figures_of_entries())
    sums: defaultdict[tuple[Values, date], Figures] = defaultdict(Figures)
    for day, *row in days.values_list("day", *BLANK, *SUMS):
        values, figures = tuple(row[: len(BLANK)]), Figures(*row[len(BLANK) :])
        sums[("", *values), day] = figures
        for name, place in PLACES.items():
            sums[_alone(name, place, values), day] += figures
    return dict(sums)


def _alone(name: str, place: int, values: Values) -> Values:
    """Return the slice of a single dimension's value."""
    blank = tuple(BLANK.values())
    return (name, *blank[:place], values[place], *blank[place + 1 :])


def _add(sums: Sums) -> None:
    """Add to the existing rows, which nobody else changes while the mark is locked."""
    slices = _slices({values for values, _ in sums})
    for table in TABLES:
        mine = {(slices[values], day): figures for (values, day), figures in sums.items() if _table(values) is table}
        before = _kept(table, mine)
        rows = [_row(table, key, before.get(key, Figures()) + figures) for key, figures in mine.items()]
        table._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["slice", "day"], update_fields=FIGURES, batch_size=BATCH
        )


def _table(values: Values) -> type[DaySum]:
    """Return the table of a slice's days, which depends on its dimension."""
    return DimensionDay if values[0] else SliceDay


def _row(table: type[DaySum], key: tuple[int, date], figures: Figures) -> DaySum:
    slice_id, day = key
    return table(slice_id=slice_id, **{step: first_of(step, day) for step in STEPS}, **asdict(figures))


def _kept(table: type[DaySum], keys: Collection[tuple[int, date]]) -> Mapping[tuple[int, date], Figures]:
    """Return what the rows of these slices and days hold, and some more."""
    found = table._default_manager.filter(slice__in={pk for pk, _ in keys}, day__in={day for _, day in keys})
    return {(row[0], row[1]): Figures(*row[2:]) for row in found.values_list("slice_id", "day", *FIGURES)}


def _slices(wanted: set[Values]) -> Mapping[Values, int]:
    """Return the id of each slice; create missing ones."""
    keys = {_key(values): values for values in wanted}
    new = [Slice(key=key, **dict(zip(COLUMNS, values, strict=True))) for key, values in keys.items()]
    known = Slice.objects.in_bulk(keys, field_name="key")
    Slice.objects.bulk_create([one for one in new if one.key not in known], ignore_conflicts=True)
    if len(known) < len(keys):
        known = Slice.objects.in_bulk(keys, field_name="key")
    return {keys[key]: one.pk for key, one in known.items()}


def _key(values: Values) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


@transaction.atomic
def forget() -> None:
    """Drop all sums; reports read the entries themselves until the sums are made again."""
    done = _locked()
    _drop()
    done.sequence = 0
    done.save()


def _drop(**which: date) -> None:
    for table in TABLES:
        table._default_manager.filter(**which).delete()


def wrong_days(*, mend: bool = False) -> Iterator[date]:
    """Yield the days whose sums differ from those of their entries; `mend` corrects them."""
    for day in _days():
        if _is_wrong(day, mend=mend):
            yield day


def _days() -> Iterator[date]:
    """Yield each day that has an entry, or a sum."""
    found = {day for table in TABLES for day in table._default_manager.values_list("day", flat=True).distinct()}
    ends = UsageEntry.objects.aggregate(first=Min("at"), last=Max("at"))
    if ends["first"]:
        first, last = day_of(ends["first"]), day_of(ends["last"])
        found |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    yield from sorted(found)


@transaction.atomic
def _is_wrong(day: date, *, mend: bool) -> bool:
    """Check one day with the mark locked, so that nothing is added to it meanwhile."""
    done = _locked()
    in_day = UsageEntry.objects.filter(at__gte=start_of(day), at__lt=start_of(day + timedelta(days=1)))
    expected = _sums(in_day.filter(Exists(_added(done.sequence))))
    if _by_values(day) == {values: figures for (values, _), figures in expected.items()}:
        return False
    if mend:
        _drop(day=day)
        _add(expected)
    return True


def _by_values(day: date) -> Mapping[Values, Figures]:
    found: defaultdict[Values, Figures] = defaultdict(Figures)
    columns = [f"slice__{name}" for name in COLUMNS]
    for table in TABLES:
        for row in table._default_manager.filter(day=day).values_list(*columns, *FIGURES):
            found[row[: len(COLUMNS)]] += Figures(*row[len(COLUMNS) :])
    return {values: figures for values, figures in found.items() if any(numbers(figures))}


def reconcile() -> None:
    """Correct wrong sums. A nightly job."""
    for day in wrong_days(mend=True):
        logger.warning("The sums of %s for the usage reports were off and are right again", day)
