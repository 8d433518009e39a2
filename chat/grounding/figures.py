"""Pure: the figures of a text as values, and when two of them say the same or contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise

NUMBER, DATE, WEEKDAY, ORDINAL, CODE = "number", "date", "weekday", "ordinal", "code"
MORE, LESS = "more", "less"
# The share by which "about" may be off, and the days of an average month.
ABOUT, MONTH_DAYS, WORKDAYS, WEEK_DAYS = Fraction(8, 100), Fraction(365, 12), 5, 7
# What a figure is multiplied by between weeks, months, quarters and years; and the most figures that are added up.
PERIODS, MOST_TERMS = (4, 12, 52), 12
# A reading of a figure: a number, the text of a code, or a date as (year, month, day).
Value = Fraction | str | tuple[int, int, int]


@dataclass(frozen=True)
class Figure:
    """A figure of a text. `values` are all readings of what is written; of a date (year, month, day), 0 if not said.

    `unit` is the smallest unit of its kind, in which the values are. Without one, `noun` and `before` are the words
    beside it. `about` says that it is meant roughly, `bound` that it is exceeded (MORE) or not reached (LESS).
    `written` is the unit as it was written.
    """

    kind: str
    values: frozenset[Value]
    start: int
    end: int
    unit: str = ""
    noun: str = ""
    before: str = ""
    about: bool = False
    bound: str = ""
    written: str = ""


def is_same(said: Figure, found: Figure) -> bool:
    """Return whether a source's figure says what an answer's does."""
    if said.kind == DATE or found.kind == DATE:
        return _is_same_date(said, found)
    if said.kind != found.kind:
        return False
    if said.kind != NUMBER:
        return bool(said.values & found.values)
    if said.unit and found.unit and said.unit != found.unit:
        return _is_same_time(said, found)
    return bool(said.values & found.values) or (said.about and _is_near(said, found))


def is_within(said: Figure, found: Figure) -> bool:
    """Return whether one figure keeps the bound that the other gives: 52 percent is more than half."""
    bound, inside = (said, found) if said.bound else (found, said)
    if not bound.bound or inside.bound or not said.kind == found.kind == NUMBER or said.unit != found.unit:
        return False
    pairs = [(one, other) for one in numbers(inside) for other in numbers(bound)]
    return any(one > other if bound.bound == MORE else one < other for one, other in pairs)


def is_between(said: Figure, found: Sequence[Figure]) -> bool:
    """Return whether a number of hours is the time between two that follow each other: 2:00 to 5:00 is three hours."""
    if said.unit != "second":
        return False
    clocks = [value for figure in found if figure.unit == "clock" for value in numbers(figure)]
    return any((two - one) * 60 in said.values for one, two in pairwise(clocks))


def is_calculated(said: Figure, found: Sequence[Figure]) -> bool:
    """Return whether a number can be worked out from a source's: a sum, a difference, a product, or per another period.

    Whether it was worked out correctly is not known, so it does not contradict the source.
    """
    if said.kind != NUMBER or said.unit == "clock":
        return False
    every = [figure for figure in found if figure.kind == NUMBER and figure.unit != "clock"][:MOST_TERMS]
    alike = [value for figure in every if figure.unit == said.unit for value in numbers(figure)]
    results = {one + other for one, other in combinations(alike, 2)}
    results |= {abs(one - other) for one, other in combinations(alike, 2)}
    results |= {value * factor for value in alike for figure in every if not figure.unit for factor in numbers(figure)}
    results |= {value * factor for value in alike for period in PERIODS for factor in (period, Fraction(1, period))}
    if said.unit == "percent":
        results |= {100 - value for value in alike}
    return bool(said.values & (results - set(alike) | {sum(alike)}))


def is_rival(said: Figure, found: Figure) -> bool:
    """Return whether both state the same kind of thing, so that one of them contradicts the other if they differ."""
    if said.kind != found.kind:
        return False
    if said.kind == DATE:
        return any(_states_alike(one, other) for one in said.values for other in found.values)
    if said.kind == WEEKDAY:
        return True
    if said.kind == CODE:
        return any(_is_alike(one, other) for one in said.values for other in found.values)
    if said.kind == ORDINAL:
        return bool(said.noun) and said.noun == found.noun
    if said.unit or found.unit:
        # In another unit it may be the same thing in other words: three weeks of 15 working days.
        return said.unit == found.unit and said.written == found.written and said.bound == found.bound
    beside = (said.noun == found.noun, said.before == found.before)
    return (beside[0] and bool(said.noun)) or (beside[1] and bool(said.before) and not (said.noun and found.noun))


def _is_same_date(said: Figure, found: Figure) -> bool:
    if said.kind == found.kind == DATE:
        return any(
            all(not mine or mine == other for mine, other in zip(one, two, strict=True))
            for one in said.values
            for two in found.values
            if isinstance(one, tuple) and isinstance(two, tuple)
        )
    date, number = (said, found) if said.kind == DATE else (found, said)
    years = {Fraction(value[0]) for value in date.values if isinstance(value, tuple)}
    return number.kind == NUMBER and not number.unit and bool(years & number.values)


def _states_alike(one: object, other: object) -> bool:
    """Return whether two dates give the same parts, or all that the first gives."""
    if not (isinstance(one, tuple) and isinstance(other, tuple)):
        return False
    return all(theirs or not mine for mine, theirs in zip(one, other, strict=True))


def _is_alike(one: object, other: object) -> bool:
    """Return whether two codes have the same shape, and all but two characters at most in common."""
    a, b = str(one), str(other)
    if len(a) != len(b) or [char.isdigit() for char in a] != [char.isdigit() for char in b]:
        return False
    return len(a) == 1 or sum(x != y for x, y in zip(a, b, strict=True)) <= max(2, len(a) // 3)


def numbers(figure: Figure) -> list[Fraction]:
    return [value for value in figure.values if isinstance(value, Fraction)]


def _is_near(said: Figure, found: Figure) -> bool:
    pairs = ((one, other) for one in numbers(said) for other in numbers(found))
    return any(abs(one - other) <= ABOUT * abs(other) for one, other in pairs)


def _is_same_time(said: Figure, found: Figure) -> bool:
    """Return whether days are as many as working days or weeks of five, or, if meant roughly, as some months."""
    if {said.unit, found.unit} == {"day", "workday"}:
        days, work = (said, found) if said.unit == "day" else (found, said)
        weeks = {value / WEEK_DAYS * WORKDAYS for value in numbers(days)} if days.written == "week" else set()
        return bool(days.values & work.values or weeks & work.values)
    return said.about and {said.unit, found.unit} == {"day", "month"} and _is_near(_as_days(said), _as_days(found))


def _as_days(figure: Figure) -> Figure:
    factor = MONTH_DAYS if figure.unit == "month" else Fraction(1)
    return replace(figure, values=frozenset(value * factor for value in numbers(figure)))
