"""What apps say about their stored rows, for backups, moves to another database, and downloads of a person's data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SealedChain:
    """What backups have to know about a chain of sealed rows.

    `end` is a statement that returns sequence and hash of the last seal in `table`. `problem(sequence, hash)` returns
    what is wrong with the chain, such as that it has never had this seal; "" if it is whole.
    """

    table: str
    end: str
    problem: Callable[[int, str], str]


# One entry, under "ledger".
sealed_chains: dict[str, SealedChain] = {}
# Models, as in "search.PassageKeywords", whose rows the worker makes again from others: no move copies them.
derived_models: list[str] = []
# The path by which rows lead to a person where no column of theirs does, by the model.
personal_paths: dict[str, str] = {}
# Functions that return the files in a person's own collections: for each its place in a download, and where it is.
personal_files: list[Callable[[int], Iterable[tuple[str, Path]]]] = []
