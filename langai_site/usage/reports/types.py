"""Queries to the ledger and their results: values, no database rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from django.utils.translation import gettext as _

from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.sums import dollars
from langai_site.words import gettext_noop

STEPS = (gettext_noop("day"), gettext_noop("week"), gettext_noop("month"))
PLACES: Mapping[object, str] = {True: gettext_noop("hosted"), False: gettext_noop("local")}
LABELS: Mapping[object, str] = {label.value: label.slug for label in Sensitivity}
CACHED: Mapping[object, str] = {True: gettext_noop("from the cache"), False: gettext_noop("asked")}
NO_REASON = gettext_noop("none given")
# Dimensions whose values are names that people gave.
NAMES = frozenset({"user", "team", "model", "provider"})
# Values of the ledger that are words. Exports and addresses have them as they are.
CODES = frozenset(
    {
        *(*PLACES.values(), *LABELS.values(), *CACHED.values(), gettext_noop("none")),
        *(gettext_noop("chat"), gettext_noop("embedding"), gettext_noop("title"), gettext_noop("test")),
        *(gettext_noop("page"), gettext_noop("api"), gettext_noop("admin")),
        *(gettext_noop("complete"), gettext_noop("stopped"), gettext_noop("interrupted")),
        *(gettext_noop("questions"), gettext_noop("search"), gettext_noop("second opinion")),
    }
)
# Why calls failed, by what the ledger and programs call it.
FAILURES: Mapping[str, str] = {
    "unreachable": gettext_noop("not reachable"),
    "unauthorized": gettext_noop("key refused"),
    "not_found": gettext_noop("not found"),
    "rate_limited": gettext_noop("too many requests"),
    "quota": gettext_noop("quota used up"),
    "loading": gettext_noop("still loading"),
    "too_long": gettext_noop("too long"),
    "filtered": gettext_noop("refused by its filter"),
    "rejected": gettext_noop("request rejected"),
    "silent": gettext_noop("no answer"),
    "thought_only": gettext_noop("only thought"),
    "tool_call": gettext_noop("asked for an unknown tool"),
    "upstream_error": gettext_noop("failed on its side"),
    "start_timeout": gettext_noop("began too late"),
    "idle_timeout": gettext_noop("stopped sending"),
    "cut": gettext_noop("connection broke"),
    "malformed": gettext_noop("not readable"),
    "oversized": gettext_noop("far too much data"),
}


@dataclass(frozen=True)
class Dimension:
    """An attribute that distinguishes entries. `words` are the written forms of its values, if these are few.

    `column` is the ledger's; `within` is the title within a sentence; `nothing` is shown if an entry has no value.
    """

    name: str
    column: str
    title: str
    within: str
    nothing: str = "none"
    words: Mapping[object, str] = field(default_factory=dict)

    def written(self, value: object) -> str:
        """Return a column's value as it is written in exports and addresses."""
        return self.words.get(value, str(value))

    def read(self, text: str) -> object:
        """Return the value of a written form. Raises InvalidError."""
        if not self.words:
            return text
        for value, word in self.words.items():
            if word == text:
                return value
        raise InvalidError(
            _("“%(text)s” is not a valid %(title)s. Choose one of: %(values)s.")
            % {"text": text, "title": _(self.within), "values": ", ".join(self.words.values())}
        )

    def shown(self, value: object) -> str:
        """Return a value in the language of the page; names of people, teams and models stay as they are."""
        text = self.written(value)
        if not text:
            return _(self.nothing)
        if self.name == "status" and text in FAILURES:
            return _(FAILURES[text])
        return _(text) if text in CODES and self.name not in NAMES else text


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("user", "username", gettext_noop("Person"), gettext_noop("person"), gettext_noop("nobody")),
        Dimension("team", "team", gettext_noop("Team"), gettext_noop("team"), gettext_noop("no team")),
        Dimension("model", "model", gettext_noop("Model"), gettext_noop("model")),
        Dimension("provider", "provider", gettext_noop("Provider"), gettext_noop("provider")),
        Dimension("hosted", "hosted", gettext_noop("Place"), gettext_noop("place"), words=PLACES),
        Dimension("kind", "kind", gettext_noop("Kind"), gettext_noop("kind")),
        Dimension("source", "source", gettext_noop("Source"), gettext_noop("source")),
        Dimension("label", "label", gettext_noop("Label"), gettext_noop("label"), words=LABELS),
        Dimension("route", "route", gettext_noop("Route reason"), gettext_noop("route reason"), NO_REASON),
        Dimension("cached", "cached", gettext_noop("Cache"), gettext_noop("cache"), words=CACHED),
        Dimension("status", "status", gettext_noop("Status"), gettext_noop("status")),
    )
}


@dataclass(frozen=True)
class ReportQuery:
    """A query: sums the days from `start` to `end`, both included, separately for each `step` and each value of `by`.

    `only` holds dimensions with the one value that counts. `user_id`: one person's entries; None: everybody's. `access`
    decides who may ask for which.
    """

    start: date
    end: date
    step: str = ""
    by: tuple[str, ...] = ()
    only: tuple[tuple[str, object], ...] = ()
    user_id: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the parts of a line's key."""
        return (self.step, *self.by) if self.step else self.by

    def written(self, key: Sequence[object]) -> tuple[str, ...]:
        """Return a line's key as it is written in exports."""
        return tuple(
            DIMENSIONS[name].written(value) if name in DIMENSIONS else str(value)
            for name, value in zip(self.columns, key, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of some entries; `cost` and `saved` in whole billionths of a dollar, unpriced entries left out.

    `answers` counts complete answers of the chat. Cached tokens are among the input's.
    """

    entries: int = 0
    answers: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    saved: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(mine + others for mine, others in zip(numbers(self), numbers(other), strict=True)))

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def cost_dollars(self) -> Decimal:
        return dollars(self.cost)

    @property
    def saved_dollars(self) -> Decimal:
        return dollars(self.saved)


FIGURES = tuple(figure.name for figure in fields(Figures))
# A report may have thousands of lines: `dataclasses.astuple` would take most of its time.
numbers: Callable[[Figures], tuple[int, ...]] = attrgetter(*FIGURES)


@dataclass(frozen=True, slots=True)
class Line:
    """One group of a report: the values of its step and dimensions, and its sums."""

    key: tuple[object, ...]
    figures: Figures


@dataclass(frozen=True)
class Report:
    """The result of a query, ordered by key. `too_long`: it has more lines than requested, and only its total."""

    query: ReportQuery
    lines: tuple[Line, ...]
    too_long: bool = False
    known_total: Figures | None = None

    @cached_property
    def total(self) -> Figures:
        if self.known_total is not None:
            return self.known_total
        columns = zip(*(numbers(line.figures) for line in self.lines), strict=True)
        return Figures(*(sum(column) for column in columns))
