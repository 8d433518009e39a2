"""Search by words: one analyser, and the index of tokens that each database keeps with its passages.

Rows are written and removed in the transaction that writes and removes the passages, so the two never differ:
`add` for new passages, `remove` when a newer version goes live. Deleting a passage deletes its row.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from django.db import connection

from search.keywords.ranking import KeywordHit
from search.keywords.types import KeywordScope, KeywordText

__all__ = ["KeywordHit", "KeywordIndex", "KeywordScope", "KeywordText", "get_index"]


class KeywordIndex(Protocol):
    """An index in the database that Django is connected to. It holds what `add` was given, live or not."""

    def add(self, rows: Iterable[KeywordText]) -> None:
        """Index passages. Replaces rows with the same ids."""

    def remove(self, passage_ids: Collection[int]) -> None:
        """Take passages out; unknown ids are ignored."""

    def scope(self, collections: Sequence[int]) -> KeywordScope:
        """Return what a query reads about these collections first, so that several texts need it once."""

    def query(self, text: str, collections: Sequence[int] | KeywordScope, limit: int) -> list[KeywordHit]:
        """Return the passages of these collections that match `text` best by its words, best first.

        A score compares passages for one text only; a hit's coverage tells whether it matches well enough at all.
        """

    def ids(self, collection_id: int) -> set[int]:
        """Return the passages indexed with the current version of the analyser; others must be added again."""

    def count(self, collections: Sequence[int]) -> dict[int, int]:
        """Return how many passages are indexed, by collection."""

    def clear(self) -> None: ...


def get_index() -> KeywordIndex:
    if connection.vendor == "postgresql":
        from search.keywords.postgres import PostgresIndex

        return PostgresIndex()
    from search.keywords.sqlite import SqliteIndex

    return SqliteIndex()
