"""Pure: figures -> what a chart draws, in a box of 1000 by 100 that the page stretches to its width."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 100
# So many values have a colour of their own; what is smaller has one together.
HUES = 6
OTHERS = "all others"
RANKED = 12
# How much of a column's place stays empty.
GAP = 0.22

Values = Mapping[tuple[str, str], int]
Shown = Callable[[int], str]


@dataclass(frozen=True)
class Bar:
    """A rectangle; `hue` counts from 1, `told` says what it stands for."""

    x: str
    y: str
    width: str
    height: str
    hue: int
    told: str


@dataclass(frozen=True)
class Columns:
    """Stacked columns over time. `ticks` name the first, the middle and the last; `top` is where the axis ends."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[int, str], ...]
    top: str
    half: str
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class Rank:
    """A bar that lies, `width` of 1000 long."""

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
    """`values` by a step, in the words of `steps`, and the name of a part of it, empty where there is but one."""
    folded = _folded(values)
    names = _names(folded)
    sums = [sum(folded[step, name] for name in names) for step in steps]
    top = nice(max(sums, default=0))
    bars: list[Bar] = []
    for number, step in enumerate(steps):
        stack = [folded[step, name] for name in names]
        bars += _stacked(stack, number / len(steps), 1 / len(steps), top, [_told(step, name) for name in names], shown)
    return Columns(
        title=title,
        description=_description(sums, steps, shown),
        bars=tuple(bars),
        legend=tuple((hue, name) for hue, name in enumerate(names, 1) if name),
        top=shown(top),
        half=shown(top // 2),
        ticks=tuple(steps[place] for place in sorted({0, len(steps) // 2, len(steps) - 1})) if steps else (),
    )


def ranking(values: Mapping[str, int], *, title: str, shown: Shown) -> RankingChart:
    """The largest of `values`, by their names."""
    largest = sorted(values.items(), key=lambda value: (-value[1], value[0]))
    top = max((value for _, value in largest), default=0)
    ranks = (Rank(name, _number(WIDTH * value / (top or 1)), shown(value)) for name, value in largest[:RANKED])
    return RankingChart(title, tuple(ranks), max(len(largest) - RANKED, 0))


def nice(value: int) -> int:
    """The next round number, half of which is round as well, so that an axis can be read: 2, 4, 6, 8, 10, 20, …"""
    power: int = 10 ** (len(str(value)) - 1)
    return max(2, next(power * factor for factor in (1, 2, 4, 6, 8, 10) if power * factor >= value))


def _folded(values: Values) -> Counter[tuple[str, str]]:
    """Names that are not among the largest become one."""
    sums = Counter[str]()
    for (_, name), value in values.items():
        sums[name] += value
    kept = {name for name, _ in sums.most_common(HUES)}
    folded = Counter[tuple[str, str]]()
    for (step, name), value in values.items():
        folded[step, name if name in kept else OTHERS] += value
    return folded


def _names(values: Values) -> Sequence[str]:
    """The largest first, which stands at the bottom; the others are last."""
    sums = Counter[str]()
    for (_, name), value in values.items():
        sums[name] += value
    return sorted(sums, key=lambda name: (name == OTHERS, -sums[name], name))


def _stacked(
    stack: Sequence[int], left: float, width: float, top: int, told: Sequence[str], shown: Shown
) -> Iterator[Bar]:
    """One column; `left` and `width` as shares of the chart."""
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


def _told(step: str, name: str) -> str:
    return f"{step}, {name}" if name else step


def _description(sums: Sequence[int], steps: Sequence[str], shown: Shown) -> str:
    """What somebody is told who cannot see the columns."""
    if not any(sums):
        return "Nothing in this time."
    highest = max(sums)
    return f"From {steps[0]} to {steps[-1]}. The highest is {shown(highest)}, on {steps[sums.index(highest)]}."


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
