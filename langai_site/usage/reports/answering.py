"""Answers queries from the daily sums and from the entries that are not in them yet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langai_site.usage.models import Slice
from langai_site.usage.reports import adding, rollup
from langai_site.usage.reports.types import DIMENSIONS, Figures, Line, Report, ReportQuery

# With more lines than this a page shows only the total.
LONGEST = 8_000
TRIES = 3

Sums = dict[tuple[object, ...], Figures]


def report(query: ReportQuery, *, longest: int | None = None) -> Report:
    """Return the report of the query, ordered by key; if it has more lines than `longest`, only its total."""
    found = None if longest and adding.are_more(query, longest) else _summed(query, longest)
    if found is None or (longest and len(found) > longest):
        return Report(query, (), too_long=True, known_total=total(query))
    lines = (Line(key, figures) for key, figures in sorted(found.items()))
    return Report(query, tuple(line for line in lines if line.figures.entries))


def total(query: ReportQuery) -> Figures:
    """Return the total of everything that the query selects."""
    return _summed(replace(query, step="", by=()), None)[()]


def _summed(query: ReportQuery, longest: int | None) -> Sums:
    """Sum each entry once. Read again if the worker adds sums meanwhile: entries would be missed or counted twice."""
    most = None if longest is None else longest + 1
    for _ in range(TRIES):
        mark = rollup.mark()
        if not mark.sequence:
            break
        found = [*adding.of_days(query, most), *adding.of_entries(query, rollup.rest(mark))]
        if rollup.mark() == mark:
            return _merged(found)
    # The worker is adding old entries as quickly as it can, or has not begun.
    return _merged(adding.of_entries(query))


def _merged(groups: Iterable[tuple[tuple[object, ...], Figures]]) -> Sums:
    merged: Sums = {}
    for key, figures in groups:
        merged[key] = merged[key] + figures if key in merged else figures
    return merged


def choices(query: ReportQuery) -> Mapping[str, Sequence[Any]]:
    """Return each dimension with the values in the person's entries, or in all; the last seconds are missing."""
    slices = Slice.objects.filter(of="", **({} if query.user_id is None else {"user_id": query.user_id}))
    columns = {name: dimension.column for name, dimension in DIMENSIONS.items()}
    found = slices.values_list(*columns.values()).distinct()
    values: defaultdict[str, set[Any]] = defaultdict(set)
    for row in found:
        for name, value in zip(columns, row, strict=True):
            values[name].add(value)
    return {name: sorted(values[name] | {value for only, value in query.only if only == name}) for name in columns}
