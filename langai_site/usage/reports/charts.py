"""Pure: lays out figures as a chart, in a box of 1000 by 100 that the page stretches to its width."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

WIDTH, HEIGHT = 1000, 100
# So many values have their own colour; smaller ones share one.
HUES = 6
# Stands for the smaller parts together; no part can have this name.
OTHERS = "\0others"
RANKED = 12
# The share of a column's place that stays empty.
GAP = 0.22

Values = Mapping[tuple[str, str], int]
Shown = Callable[[int], str]


@dataclass(frozen=True)
class Bar:
    """A rectangle; `hue` counts from 1, `told` describes it."""

    x: str
    y: str
    width: str
    height: str
    hue: int
    told: str


@dataclass(frozen=True)
class Columns:
    """Stacked columns over time. `ticks` name the first, the middle and the last; `top` is the end of the axis."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[int, str], ...]
    top: str
    half: str
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class Rank:
    """A horizontal bar, `width` of 1000 long."""

    name: str
    width: str
    shown: str


@dataclass(frozen=True)
class RankingChart:
    """The largest values, each with its bar; `others`: how many more there are."""

    title: str
    ranks: tuple[Rank, ...]
    others: int


def columns(values: Values, steps: Sequence[str], *, title: str, shown: Shown) -> Columns:
    """Draw `values`, keyed by a step from `steps` and the name of a part; that is empty if there is only one part."""
    folded = _folded(values)
    names = _names(folded)
    sums = [sum(folded[step, name] for name in names) for step in steps]
    top = nice(max(sums, default=0))
    bars: list[Bar] = []
    for number, step in enumerate(steps):
        stack = [folded[step, name] for name in names]
        bars += _stacked(
            stack, number / len(steps), 1 / len(steps), top, [_part_title(step, name) for name in names], shown
        )
    return Columns(
        title=title,
        description=_description(sums, steps, shown),
        bars=tuple(bars),
        legend=tuple((hue, _part(name)) for hue, name in enumerate(names, 1) if name),
        top=shown(top),
        half=shown(top // 2),
        ticks=tuple(steps[place] for place in sorted({0, len(steps) // 2, len(steps) - 1})) if steps else (),
    )


def ranking(values: Mapping[str, int], *, title: str, shown: Shown) -> RankingChart:
    """Draw the largest of `values`, by their names."""
    largest = sorted(values.items(), key=lambda value: (-value[1], value[0]))
    top = max((value for _name, value in largest), default=0)
    ranks = (Rank(name, _number(WIDTH * value / (top or 1)), shown(value)) for name, value in largest[:RANKED])
    return RankingChart(title, tuple(ranks), max(len(largest) - RANKED, 0))


def nice(value: int) -> int:
    """Return the next round number whose half is round as well, for a readable axis: 2, 4, 6, 8, 10, 20, …"""
    power: int = 10 ** (len(str(value)) - 1)
    return max(2, next(power * factor for factor in (1, 2, 4, 6, 8, 10) if power * factor >= value))


def _folded(values: Values) -> Counter[tuple[str, str]]:
    """Merge the names that are not among the largest."""
    sums = Counter[str]()
    for (_step, name), value in values.items():
        sums[name] += value
    kept = {name for name, _sum in sums.most_common(HUES)}
    folded = Counter[tuple[str, str]]()
    for (step, name), value in values.items():
        folded[step, name if name in kept else OTHERS] += value
    return folded


def _names(values: Values) -> Sequence[str]:
    """Return the names: the largest, which is drawn at the bottom, first, and the others last."""
    sums = Counter[str]()
    for (_step, name), value in values.items():
        sums[name] += value
    return sorted(sums, key=lambda name: (name == OTHERS, -sums[name], name))


def _stacked(
    stack: Sequence[int], left: float, width: float, top: int, told: Sequence[str], shown: Shown
) -> Iterator[Bar]:
    """Yield the bars of one column; `left` and `width` are shares of the chart."""
    below = 0
    for hue, (value, what) in enumerate(zip(stack, told, strict=True), 1):
        below += value
        if value > 0:
            yield Bar(
                x=_number(WIDTH * (left + width * GAP / 2)),
                y=_number(HEIGHT * (1 - below / top)),
                width=_number(WIDTH * width * (1 - GAP)),
                height=_number(HEIGHT * value / top),
                hue=hue,
                told=f"{what}: {shown(value)}",
            )


def _part_title(step: str, name: str) -> str:
    return f"{step}, {_part(name)}" if name else step


def _part(name: str) -> str:
    return _("all others") if name == OTHERS else name


def _description(sums: Sequence[int], steps: Sequence[str], shown: Shown) -> str:
    """Return a description of the columns for people who cannot see them."""
    if not any(sums):
        return _("Nothing in this time.")
    highest = max(sums)
    text = _("From %(first)s to %(last)s. The highest is %(highest)s, on %(day)s.")
    values = {"first": steps[0], "last": steps[-1], "highest": shown(highest), "day": steps[sums.index(highest)]}
    return text % values


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
