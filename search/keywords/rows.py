"""The shared part of both databases' indexes: the rows of indexed passages, and the steps of a query."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from search.keywords.analyser import VERSION, analyse, question
from search.keywords.ranking import Candidate, Clause, Group, KeywordHit, KeywordQuestion, clauses, ranked
from search.keywords.scripts import language_of_text
from search.keywords.types import KeywordScope, KeywordText
from search.models import PassageKeywords

# Ids in one statement; old versions of SQLite accept at most 999 values.
BATCH = 500
# How many times the wanted number of passages is scored, and the minimum that is scored.
TIMES, CANDIDATES = 2, 60


@dataclass(frozen=True)
class KeywordRow:
    """An analysed passage."""

    passage_id: int
    collection_id: int
    language: str
    tokens: Sequence[str]


class RowIndex(ABC):
    """A KeywordIndex whose rows are those of PassageKeywords; each database keeps the tokens in its own way."""

    # The approximate number of rows in which candidates may be looked up.
    rows: int

    @transaction.atomic
    def add(self, rows: Iterable[KeywordText]) -> None:
        new = [
            KeywordRow(
                row.passage_id, row.collection_id, language_of_text(row.text), analyse(row.text, row.names).tokens
            )
            for row in rows
        ]
        self.remove([row.passage_id for row in new])
        self._write(new)

    def remove(self, passage_ids: Collection[int]) -> None:
        ids = list(passage_ids)
        for first in range(0, len(ids), BATCH):
            PassageKeywords.objects.filter(pk__in=ids[first : first + BATCH]).delete()

    def scope(self, collections: Sequence[int]) -> KeywordScope:
        return self._scope(sorted(set(collections)))

    def query(self, text: str, collections: Sequence[int] | KeywordScope, limit: int) -> list[KeywordHit]:
        scope = collections if isinstance(collections, KeywordScope) else self.scope(collections)
        terms = question(text, [each for each in scope.languages if each]) if scope.share else []
        if not terms:
            return []
        tokens = sorted(frozenset().union(*(term.tokens for term in terms)))
        weighted = KeywordQuestion(terms, scope.passages, {**dict.fromkeys(tokens, 0), **self._counts(tokens, scope)})
        wanted = clauses(weighted, self.rows / scope.share)
        found = self._candidates(weighted, wanted, scope, max(TIMES * limit, CANDIDATES)) if wanted else ()
        return ranked(weighted, found, limit)

    def ids(self, collection_id: int) -> set[int]:
        rows = PassageKeywords.objects.filter(collection=collection_id, version=VERSION)
        return set(rows.values_list("pk", flat=True))

    def count(self, collections: Sequence[int]) -> dict[int, int]:
        rows = PassageKeywords.objects.filter(collection__in=collections).order_by()
        return dict.fromkeys(collections, 0) | dict(rows.values_list("collection").annotate(Count("pk")))

    def clear(self) -> None:
        PassageKeywords.objects.all().delete()

    @abstractmethod
    def _write(self, rows: Sequence[KeywordRow]) -> None:
        """Write new rows with their tokens."""

    @abstractmethod
    def _scope(self, collections: Sequence[int]) -> KeywordScope: ...

    @abstractmethod
    def _counts(self, tokens: Sequence[str], scope: KeywordScope) -> Mapping[str, int]:
        """Return in how many passages each token occurs, without the tokens that occur in none."""

    @abstractmethod
    def _candidates(
        self, question: KeywordQuestion, wanted: Sequence[Clause], scope: KeywordScope, limit: int
    ) -> Iterable[Candidate]:
        """Return the most promising passages in scope that match a clause, each with its counts."""


def fetched(statement: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def mark(collection_id: int) -> str:
    """Return the token that marks a collection; no token of the analyser begins like this."""
    return f"={collection_id}"


def expression(wanted: Iterable[Clause], quoted: Callable[[str], str], *, either: str, both: str) -> str:
    """Return the clauses as an expression in the database's matching syntax."""

    def group(tokens: Group) -> str:
        return f"({either.join(map(quoted, sorted(tokens)))})"

    return f"({either.join(f'({both.join(map(group, clause.groups))})' for clause in wanted)})"
