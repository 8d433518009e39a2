"""What apps say about their stored rows, for backups, moves to another database, and downloads of a person's data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SealedChain:
    """What backups have to know about a chain of sealed rows.

    `tables` hold the seals of the chain, each with columns `sequence` and `hash`. `problem(sequence, hash)` returns
    what is wrong with the chain, such as that it has never had this seal; "" if it is whole.
    """

    tables: Sequence[str]
    problem: Callable[[int, str], str]


Counts = Mapping[str, int]


def nothing_to_hand_over(user: Any, heir: Any) -> None:  # noqa: ANN401 - users, whose class is not known here
    """Hand over nothing: what an app holds for a person goes with them."""


@dataclass(frozen=True)
class Leaving:
    """What an app does when a person's account is deleted.

    `count(user_id)` returns what there is, in words. `hand_over(user, heir)` gives another person what they can take,
    and raises a LangAIError if that is not possible. `remove(user_id, pseudonym)` removes the rest and returns what it
    was; it may be called again after it was interrupted, and returns None if it has to wait.
    """

    count: Callable[[int], Counts]
    remove: Callable[[int, str], Counts | None]
    hand_over: Callable[[Any, Any], None] = nothing_to_hand_over


leavings: dict[str, Leaving] = {}
# One entry, under "ledger".
sealed_chains: dict[str, SealedChain] = {}
# Models, as in "search.PassageKeywords", whose rows the worker makes again from others: no move copies them.
derived_models: list[str] = []
# The path by which rows lead to a person where no column of theirs does, by the model.
personal_paths: dict[str, str] = {}
# Functions that return why admin pages must not delete a row; "" if they may.
refusals: list[Callable[[Any], str]] = []
# Stores besides the database and its files: their names, functions that return for all that they hold the store, the
# place and a mark such as “vector 12”, and functions that return why one cannot be searched.
other_store_names: list[str] = []
other_stores: list[Callable[[], Iterable[tuple[str, str, str]]]] = []
unreachable_stores: list[Callable[[], Mapping[str, str]]] = []
# Functions that return the files in a person's own collections: for each its place in a download, and where it is.
personal_files: list[Callable[[int], Iterable[tuple[str, Path]]]] = []
