"""How well conflicting figures are told from those that only look so, on pairs that were written by hand."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chat.conflicts.statements import Context, differ, is_same_case, statements_of

DATA = Path(__file__).parent / "data"
# Those that were written before the rules, and those that were written after them and on which none is tuned.
BEFORE, HELD_OUT = "pairs", "held_out"


@dataclass(frozen=True)
class Pair:
    """Two passages, each with its document's title and its heading. `kind` is what they are about."""

    language: str
    kind: str
    one: tuple[str, str, str]
    other: tuple[str, str, str]
    is_conflict: bool

    def is_found(self) -> bool:
        """Return whether the rules call the pair a conflict."""
        return any(self._conflicts())

    def _conflicts(self) -> Iterator[bool]:
        (title, heading, text), (title2, heading2, text2) = self.one, self.other
        around = Context(self.language, title, heading), Context(self.language, title2, heading2)
        theirs = list(statements_of(text2, heading2, self.language))
        for mine in statements_of(text, heading, self.language):
            for its in theirs:
                same = mine.key == its.key and is_same_case(text[mine.start : mine.end], *around)
                yield same and differ(mine.readings, its.readings)


@cache
def pairs(name: str) -> tuple[Pair, ...]:
    """Return the pairs of a file, BEFORE or HELD_OUT."""
    found = tomllib.loads((DATA / f"{name}.toml").read_text()).items()
    return tuple(
        Pair(language, kind, tuple(texts[:3]), tuple(texts[3:]), kind_of_list == "conflict")
        for language, lists in found
        for kind_of_list, rows in lists.items()
        for kind, *texts in rows
    )
