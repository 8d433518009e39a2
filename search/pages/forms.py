"""The search page's form, read from its address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import QueryDict
from django.utils.translation import gettext as _

from search.types import Filters

QUERY_MAX_CHARS = 1000
# How many values of one filter are read.
MANY = 500


@dataclass(frozen=True)
class SearchForm:
    """The words and filters of an address; `problem` tells the person what is wrong with it."""

    query: str = ""
    collections: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    problem: str = field(default="", compare=False)

    @property
    def filters(self) -> Filters:
        return Filters(self.collections or None, self.types or None, self.since, self.until)

    @property
    def filtered(self) -> bool:
        return self.filters != Filters()

    @property
    def ready(self) -> bool:
        """Return whether there is something to search for."""
        return bool(self.query) and not self.problem

    def address(self, *, filtered: bool = True) -> str:
        """Return the query string of this search, without empty parameters."""
        pairs: list[tuple[str, object]] = [("q", self.query)] if self.query else []
        if filtered:
            pairs += [("collection", pk) for pk in self.collections] + [("type", kind) for kind in self.types]
            pairs += [(name, day) for name, day in (("since", self.since), ("until", self.until)) if day]
        return f"?{urlencode(pairs)}" if pairs else ""


def read(values: QueryDict) -> SearchForm:
    """Read the form from the address.

    Ids that are not numbers are left out, as are ids that the person may not read.
    """
    query = values.get("q", "").replace("\x00", "").strip()
    problem = (
        _("Please search with at most %(most)s characters.") % {"most": intcomma(QUERY_MAX_CHARS)}
        if len(query) > QUERY_MAX_CHARS
        else ""
    )
    since = until = None
    try:
        since, until = _day(values.get("since", "")), _day(values.get("until", ""))
    except ValueError:
        problem = _("Please write a date as year, month and day, like 2026-03-31.")
    if since and until and since > until:
        problem = _("The first day is after the last one. Swap them.")
    return SearchForm(
        query=query[:QUERY_MAX_CHARS],
        collections=_numbers(values.getlist("collection")),
        types=tuple(dict.fromkeys(value[:100] for value in values.getlist("type")[:MANY] if value)),
        since=since,
        until=until,
        problem=problem,
    )


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def _numbers(values: Sequence[str]) -> tuple[int, ...]:
    numbers = (int(value) for value in values[:MANY] if value.isascii() and value.isdigit() and len(value) < 16)
    return tuple(dict.fromkeys(numbers))
