"""The pure parts: medians, and the table that is printed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

HEADINGS = ("figure", "measured", "goal", "Open WebUI 0.12")


@dataclass(frozen=True)
class Row:
    """One figure as it is printed; `values` are its numbers, for programs."""

    figure: str
    measured: str
    goal: str = ""
    peer: str = ""
    values: dict[str, float] = field(default_factory=dict)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed, one of them. Raises ValueError where there is none."""
    if not values:
        raise ValueError("There is nothing to take a quantile of.")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def signed(milliseconds: float) -> str:
    return f"{milliseconds:+,.0f} ms"


def kilobytes(count: float) -> str:
    return f"{count / 1000:,.1f} kB"


def table(rows: Sequence[Row]) -> str:
    """The rows under their headings, in columns that line up."""
    lines = [HEADINGS, *((row.figure, row.measured, row.goal, row.peer) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_joined(line, widths) for line in lines)


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def machine_note(cores: int, others: Sequence[tuple[str, float]]) -> str:
    """How much of the machine other work took; `others` are cores for each thing measured."""
    if not others:
        return f"{cores} cores."
    name, worst = max(others, key=lambda pair: pair[1])
    return (
        f"{cores} cores, shared with the measuring itself. Other work took {median([used for _, used in others]):.2f} "
        f"of them in the median, {worst:.2f} at most (in {name}). With more than 0.1, times tell little."
    )
