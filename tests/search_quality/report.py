"""Pure: from single values to tables, verdicts and sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tests.search_quality.beir import NOTHING_FITS, SILENT
from tests.search_quality.metrics import METRICS, Difference, difference

WHOLE, PARTS = "hybrid", ("keywords", "vectors")
ALL = "all"

# A question's `language`, `kind`, and `scores` by search and metric.
Row = Mapping[str, Any]


def columns(lines: Sequence[Sequence[str]]) -> str:
    """The lines in columns under the first one, their heading. Columns of numbers stand right."""
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*map(_column, zip(*lines, strict=True)), strict=True))


def _column(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    numbers = all(cell[:1].isdigit() for cell in cells[1:])
    heading, *rest = [cell.rjust(width) if numbers else cell.ljust(width) for cell in cells]
    return [heading, "-" * width, *rest]


@dataclass(frozen=True)
class Group:
    """Questions of one language and kind."""

    language: str
    kind: str
    rows: tuple[Row, ...]

    def values(self, search: str, metric: str) -> list[float]:
        return [row["scores"][search][metric] for row in self.rows]

    def mean(self, search: str, metric: str) -> float:
        return fmean(self.values(search, metric))


def groups(rows: Iterable[Row]) -> list[Group]:
    """By language and kind, in the order in which they come; each language ends with all its questions."""
    by_kind: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        by_kind.setdefault(row["language"], {}).setdefault(row["kind"], []).append(row)
    found: list[Group] = []
    for language, kinds in by_kind.items():
        found += [Group(language, kind, tuple(each)) for kind, each in kinds.items() if kind != ALL]
        found.append(Group(language, ALL, tuple(row for each in kinds.values() for row in each)))
    return found


def quality_table(found: Sequence[Group]) -> str:
    """A line for each group: of each metric the value of each search, by its first letter."""
    searches = (*PARTS, WHOLE)
    letters = [letter for metric in METRICS for letter in (f"{metric} {PARTS[0][0]}", PARTS[1][0], WHOLE[0])]
    lines = [
        [group.language, group.kind, str(len(group.rows))]
        + [f"{group.mean(search, metric):.3f}" for metric in METRICS for search in searches]
        for group in found
    ]
    return columns([["language", "kind", "questions", *letters], *lines])


def held_out_table(rows: Sequence[Row], before: Sequence[Row] = ()) -> str:
    """The hybrid alone, by language and kind: the questions that it may be tuned on, and the third that is held out.

    With the rows of an earlier run, each value has the one before it in front.
    """
    earlier = {(group.language, group.kind): group for group in groups(before)}
    lines = []
    for group in groups(rows):
        cells = [group.language, group.kind]
        for held_out in (False, True):
            now, then = (_part(each, held_out) for each in (group, earlier.get((group.language, group.kind))))
            cells += [str(len(now.rows)) if now else "0", *(_change(now, then, metric) for metric in METRICS)]
        lines.append(cells)
    return columns([["language", "kind", "open", *METRICS, "held out", *METRICS], *lines])


def _part(group: Group | None, held_out: bool) -> Group | None:
    """The questions of a group that are held out, or those that are not; None if there are none."""
    rows = tuple(row for row in group.rows if bool(row.get("held_out")) == held_out) if group else ()
    return Group(group.language, group.kind, rows) if group and rows else None


def _change(now: Group | None, then: Group | None, metric: str) -> str:
    return " ".join(f"{group.mean(WHOLE, metric):.3f}" for group in (then, now) if group) or "-"


@dataclass(frozen=True)
class Verdict:
    """How the whole compares with the better of its parts, by one metric in one language."""

    language: str
    metric: str
    value: float
    best: str
    differences: Mapping[str, Difference]

    @property
    def outcome(self) -> str:
        if any(each.high < 0 for each in self.differences.values()):
            return f"is worse than {self.best} alone"
        if all(each.low > 0 for each in self.differences.values()):
            return "beats both parts"
        return "is within noise of the best"

    @property
    def sentence(self) -> str:
        best = self.differences[self.best]
        return (
            f"{self.language}, {self.metric}: {WHOLE} {self.value:.3f} {self.outcome}; to {self.best} "
            f"{best.mean:+.3f} (95 %: {best.low:+.3f} to {best.high:+.3f})"
        )


def verdicts(found: Sequence[Group]) -> list[Verdict]:
    return [_verdict(group, metric) for group in found if group.kind == ALL for metric in METRICS]


def _verdict(group: Group, metric: str) -> Verdict:
    whole = group.values(WHOLE, metric)
    return Verdict(
        group.language,
        metric,
        group.mean(WHOLE, metric),
        max(PARTS, key=lambda part: group.mean(part, metric)),
        {part: difference(whole, group.values(part, metric)) for part in PARTS},
    )


def silence(rows: Iterable[Row]) -> dict[str, dict[str, list[str]]]:
    """By language, the texts that were `wrongly cited` for, small talk, and those `wrongly silent` about, questions.

    `small_talk` and `questions` are all that were asked.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        talk = row["kind"] in SILENT
        each = found.setdefault(
            "nothing fits" if row["kind"] == NOTHING_FITS else row["language"],
            {"small_talk": [], "wrongly_cited": [], "questions": [], "wrongly_silent": []},
        )
        each["small_talk" if talk else "questions"].append(row["text"])
        if row["cites"] == talk:
            each["wrongly_cited" if talk else "wrongly_silent"].append(row["text"])
    return found


def silence_table(found: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    heading = ["language", "small talk that cites nothing", "questions that find something"]
    lines = [
        [language, _share(each["small_talk"], each["wrongly_cited"]), _share(each["questions"], each["wrongly_silent"])]
        for language, each in found.items()
    ]
    return columns([heading, *lines])


def _share(asked: Sequence[str], wrong: Sequence[str]) -> str:
    return f"{len(asked) - len(wrong)} of {len(asked)}" if asked else "none asked"


def speed_table(cells: Sequence[Mapping[str, float]]) -> str:
    heading = ["passages", "collections", "find() p50", "p95", "passages found", "web-like process", "Chroma"]
    lines = [
        [
            f"{cell['passages']:,.0f}",
            f"{cell['collections']:.0f}",
            f"{cell['p50']:.1f} ms",
            f"{cell['p95']:.1f} ms",
            f"{cell['hits']:.1f}",
            f"{cell['pss']:.0f} MiB",
            f"{cell['chroma_pss']:.0f} MiB",
        ]
        for cell in cells
    ]
    return columns([heading, *lines])


def ingest_table(runs: Sequence[Mapping[str, float]]) -> str:
    """Shares of the whole that each part takes when it is done alone; the rest is the database's, and splitting."""
    names = ("extraction", "embedding", "store", "keywords")
    rows = [["files", "passages", "MB of text", "seconds", "passages/s", "s/MB", *names, "rest", "peak", "grown by"]]
    for found in runs:
        shares = [found[name] / found["seconds"] for name in names]
        megabytes = found["characters"] / 1e6
        counts = [f"{found['documents']:,}", f"{found['passages']:,}", f"{megabytes:.2f}", f"{found['seconds']:.0f}"]
        speeds = [f"{found['passages'] / found['seconds']:.1f}", f"{found['seconds'] / megabytes:.0f}"]
        memory = [f"{found['peak']:.0f} MiB", f"{found['grown']:.0f} MiB"]
        rows.append([*counts, *speeds, *(f"{x:.1%}" for x in [*shares, max(0.0, 1 - sum(shares))]), *memory])
    return columns(rows)
