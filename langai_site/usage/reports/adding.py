"""Sums entries in the database for reports: each figure separately, exactly."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from django.db.models import Aggregate, Count, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from langai_site.usage.models import DimensionDay, SliceDay, UsageEntry
from langai_site.usage.months import start_of
from langai_site.usage.reports.periods import first_of
from langai_site.usage.reports.types import DIMENSIONS, FIGURES, Figures, ReportQuery
from langai_site.usage.sums import billionths

ANSWERS = Q(kind="chat", status="complete")
TOKENS = ("input_tokens", "output_tokens", "cached_tokens")

# Names of the aggregates; they must differ from the columns.
SUMS = tuple(f"sum_{name}" for name in FIGURES)
# The dimension with the fewest values; the total is the same for every dimension.
SMALLEST = "hosted"

Groups = Iterator[tuple[tuple[object, ...], Figures]]


def figures_of_entries() -> Mapping[str, Aggregate | Coalesce]:
    """Return aggregates of UsageEntry, in the order of FIGURES; named differently from its columns."""
    counts = [Count("id"), Count("id", filter=ANSWERS), Count("id", filter=Q(cost=None))]
    tokens = [Coalesce(Sum(name), 0) for name in TOKENS]
    return dict(zip(SUMS, [*counts, *tokens, billionths("cost"), billionths("saved")], strict=True))


def of_days(query: ReportQuery, most: int | None = None) -> Groups:
    """Yield the groups of the daily sums; `most` of them, in no order."""
    found, columns = _days(query), _columns_of_days(query)
    sums = {name: Coalesce(Sum(figure), 0) for name, figure in zip(SUMS, FIGURES, strict=True)}
    if not query.columns:
        yield (), _figures(found.aggregate(**sums))
        return
    yield from _groups(found.values(*columns).annotate(**sums)[:most], columns)


def are_more(query: ReportQuery, most: int) -> bool:
    """Return whether there are more groups than `most`. Only checked if that is quick: for a single dimension."""
    if not query.by or not _alone(query):
        return False
    count: int = _days(query).values(*_columns_of_days(query)).distinct()[: most + 1].count()
    return count > most


def _days(query: ReportQuery) -> QuerySet[SliceDay] | QuerySet[DimensionDay]:
    conditions = {"day__range": (query.start, query.end), **_conditions(query, "slice__")}
    if alone := _alone(query):
        return DimensionDay.objects.filter(slice__of=alone, **conditions).order_by()
    return SliceDay.objects.filter(**conditions).order_by()


def _columns_of_days(query: ReportQuery) -> list[str]:
    return [*([query.step] if query.step else []), *(f"slice__{DIMENSIONS[name].column}" for name in query.by)]


def of_entries(query: ReportQuery, among: QuerySet[UsageEntry] | None = None) -> Groups:
    """Yield the groups of single entries, or of those in `among`."""
    found = entries(query, among).order_by()
    columns = [DIMENSIONS[name].column for name in query.by]
    if not query.columns:
        yield (), _figures(found.aggregate(**figures_of_entries()))
        return
    step = {"step": TruncDate("at")} if query.step else {}
    summed = found.annotate(**step).values(*step, *columns).annotate(**figures_of_entries())
    for key, figures in _groups(summed, [*step, *columns]):
        yield _in_step(query.step, key), figures


def entries(query: ReportQuery, among: QuerySet[UsageEntry] | None = None) -> QuerySet[UsageEntry]:
    """Return the entries that a query sums."""
    found = UsageEntry.objects.all() if among is None else among
    days = {"at__gte": start_of(query.start), "at__lt": start_of(query.end + timedelta(days=1))}
    return found.filter(**days, **_conditions(query))


def _alone(query: ReportQuery) -> str:
    """Return the single dimension of the query, for which there are separate daily sums; "" if there are several."""
    about = {*query.by, *(name for name, _ in query.only)}
    if query.user_id is not None or len(about) > 1:
        return ""
    return next(iter(about), SMALLEST)


def _in_step(step: str, key: tuple[object, ...]) -> tuple[object, ...]:
    if step and isinstance(key[0], date):
        return (first_of(step, key[0]), *key[1:])
    return key


def _conditions(query: ReportQuery, prefix: str = "") -> dict[str, object]:
    only = {f"{prefix}{DIMENSIONS[name].column}": value for name, value in query.only}
    return only if query.user_id is None else {**only, f"{prefix}user_id": query.user_id}


def _figures(row: Mapping[str, int]) -> Figures:
    return Figures(*(row[name] for name in SUMS))


def _groups(found: QuerySet[Model], columns: list[str]) -> Groups:
    count = len(columns)
    for row in found.values_list(*columns, *SUMS):
        yield row[:count], Figures(*row[count:])
