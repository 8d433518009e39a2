"""Queries to the ledger and their results: values, no database rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.sums import dollars

STEPS = ("day", "week", "month")


@dataclass(frozen=True)
class Dimension:
    """An attribute that distinguishes entries. `words` are the written forms of its values, if these are few.

    `column` is the ledger's; `nothing` is shown if an entry has no value.
    """

    name: str
    column: str
    title: str
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
        raise InvalidError(f"“{text}” is no {self.title.lower()}. Choose one of: {', '.join(self.words.values())}.")

    def shown(self, value: object) -> str:
        return self.written(value) or self.nothing


DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("user", "username", "Person", "nobody"),
        Dimension("team", "team", "Team", "no team"),
        Dimension("model", "model", "Model"),
        Dimension("provider", "provider", "Provider"),
        Dimension("hosted", "hosted", "Place", words={True: "hosted", False: "local"}),
        Dimension("kind", "kind", "Kind"),
        Dimension("source", "source", "Source"),
        Dimension("label", "label", "Label", words={label.value: label.slug for label in Sensitivity}),
        Dimension("route", "route", "Route reason", "none given"),
        Dimension("cached", "cached", "Cache", words={True: "from the cache", False: "asked"}),
        Dimension("status", "status", "Status"),
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
