"""Decides every statement of the set, and puts the results into a table."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from chat.grounding.deciding import Decision, SentenceVerdict, decide
from tests.grounding import INFERENCE, LANGUAGES, LITERAL, NAMES, Statement, statements


class Decided(NamedTuple):
    statement: Statement
    decision: Decision


class Rates(NamedTuple):
    """`precision` of "says otherwise"; shares of false statements noticed, of true ones called not in these words."""

    precision: float
    noticed: float
    contradicted: float
    reworded: float
    reworded_literal: float
    reworded_inference: float


@cache
def decided() -> tuple[Decided, ...]:
    return tuple(Decided(each, decide(each.text, ((1, each.passage),), each.language)) for each in statements())


def rates(results: Iterable[Decided]) -> Rates:
    every = list(results)
    otherwise = [each for each in every if each.decision.verdict == SentenceVerdict.OTHERWISE]
    true, false = ([each for each in every if each.statement.is_true is truth] for truth in (True, False))
    kinds = ([each for each in true if each.statement.kind == kind] for kind in (LITERAL, INFERENCE))
    return Rates(
        _share(otherwise, lambda each: not each.statement.is_true),
        _share(false, lambda each: each.decision.verdict != SentenceVerdict.STANDS),
        _share(false, lambda each: each.decision.verdict == SentenceVerdict.OTHERWISE),
        _share(true, _is_reworded),
        *(_share(kind, _is_reworded) for kind in kinds),
    )


def _is_reworded(each: Decided) -> bool:
    return each.decision.verdict == SentenceVerdict.REWORDED


def _share(results: Sequence[Decided], holds: Callable[[Decided], bool]) -> float:
    return sum(map(holds, results)) / len(results) if results else 1.0


def table(results: Sequence[Decided]) -> str:
    lines = [
        "| | statements | “says otherwise” is right | false: noticed | false: “says otherwise” "
        "| true: “not in these words” | in its words | by inference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for held, name in ((False, "rules were made on"), (True, "held out")):
        part = [each for each in results if each.statement.is_held_out is held]
        rows = [
            (NAMES[language], [each for each in part if each.statement.language == language]) for language in LANGUAGES
        ]
        lines += [_row(f"{label}, {name}", row) for label, row in (*rows, ("All", part))]
    return "\n".join(lines)


def _row(label: str, results: Sequence[Decided]) -> str:
    return f"| {label} | {len(results)} | " + " | ".join(f"{rate:.2f}" for rate in rates(results)) + " |"


def wrong(results: Iterable[Decided]) -> list[str]:
    """Return a line for each statement that was decided wrongly, without those that are held out."""
    lines = []
    for statement, decision in results:
        good = {SentenceVerdict.STANDS} if statement.is_true else {SentenceVerdict.OTHERWISE, SentenceVerdict.REWORDED}
        if not statement.is_held_out and decision.verdict not in good:
            reasons = "; ".join(f"{each.kind} {each.said!r} {each.found!r}" for each in decision.conflicts)
            words = ", ".join(decision.words)
            lines.append(
                f"{statement.language} {statement.kind}: {decision.verdict}: {statement.text} [{words}] {reasons}"
            )
    return lines
