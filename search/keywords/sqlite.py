"""The keyword index in SQLite: an FTS5 table of tokens beside the rows of indexed passages."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from django.db import connection

from search.keywords.analyser import VERSION
from search.keywords.ranking import Candidate, Clause, KeywordQuestion
from search.keywords.rows import KeywordRow, RowIndex, expression, fetched, mark
from search.keywords.types import KeywordScope
from search.models import PassageKeywords

# Rows to look up, at about 0.5 µs each; and up to how many FTS5 ranks itself, at 2 µs each.
ROWS, RANKED = 8_000, 3000
# If a clause matches more passages than this, only the newest are considered.
MOST_ROWS = 15_000
# How much more a passage is worth that repeats the word.
AGAIN = 0.4
# Repetition does not need to tell apart the passages of a word that is rarer than this.
FEW = 100
# A token in at least FREQUENT passages is counted once in SECONDS: counting reads the ids of all its passages.
FREQUENT, SECONDS = 1_000, 300.0

# Select the best rowids first, then only their tokens: sorting would read the tokens of every match.
_TOKENS = "SELECT rowid, words FROM search_keywordtokens WHERE rowid IN"
_RANKED = """(SELECT rowid FROM search_keywordtokens WHERE search_keywordtokens MATCH %s
    ORDER BY bm25(search_keywordtokens, 0.0, 1.0, 0.0) LIMIT %s)"""
_ADDED = "(SELECT rowid FROM ({clauses}) GROUP BY rowid ORDER BY sum(says) DESC, rowid DESC LIMIT %s)"
_CLAUSE = """SELECT * FROM (SELECT rowid, %s AS says FROM search_keywordtokens
    WHERE search_keywordtokens MATCH %s ORDER BY rowid DESC LIMIT %s)"""


class SqliteIndex(RowIndex):
    rows = ROWS

    def _write(self, rows: Sequence[KeywordRow]) -> None:
        PassageKeywords.objects.bulk_create(
            (
                PassageKeywords(
                    passage_id=row.passage_id, collection_id=row.collection_id, language=row.language, version=VERSION
                )
                for row in rows
            ),
            batch_size=200,
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO search_keywordtokens (rowid, collection, words, again) VALUES (%s, %s, %s, %s)",
                [(row.passage_id, mark(row.collection_id), " ".join(row.tokens), _again(row.tokens)) for row in rows],
            )

    def _scope(self, collections: Sequence[int]) -> KeywordScope:
        readable = set(collections)
        others: set[int] = set()
        passages = inside = 0
        languages: Counter[str] = Counter()
        for collection_id, language, count in fetched("SELECT * FROM search_keywordcounts WHERE passages > 0"):
            passages += count
            if collection_id in readable:
                inside += count
                languages[language] += count
            else:
                others.add(collection_id)
        frequent = [language for language, _count in languages.most_common()]
        return KeywordScope(collections, passages, inside / passages if passages else 0.0, frequent, sorted(others))

    def _counts(self, tokens: Sequence[str], scope: KeywordScope) -> Mapping[str, int]:
        known = _frequent(int(time.monotonic() / SECONDS), scope.passages.bit_length())
        others = [token for token in tokens if token not in known]
        places = ", ".join(["%s"] * len(others))
        counted = dict(fetched(f"SELECT term, doc FROM search_keywordterms WHERE term IN ({places})", others))  # noqa: S608
        known.update((token, count) for token, count in counted.items() if count >= FREQUENT)
        return {token: known.get(token) or counted.get(token, 0) for token in tokens}

    def _candidates(
        self, question: KeywordQuestion, wanted: Sequence[Clause], scope: KeywordScope, limit: int
    ) -> Iterable[Candidate]:
        if scope.share * sum(clause.rows for clause in wanted) <= RANKED:
            found = fetched(f"{_TOKENS} {_RANKED}", (_Match(scope).of("words", wanted), limit))
        else:
            found = _most_promising(wanted, scope, limit)
        tokens = question.counts.keys()
        for passage_id, words in found:
            counts = Counter(words.split(" "))
            yield Candidate(passage_id, counts.total(), {token: counts[token] for token in tokens & counts.keys()})


@lru_cache(maxsize=1)
def _frequent(_period: int, _size: int) -> dict[str, int]:
    """Return a cache of how many passages have each frequent token; it is filled as tokens are looked up.

    A new period starts a new cache, as does an index that has doubled or halved: then the old counts are useless.
    """
    return {}


def _again(tokens: Sequence[str]) -> str:
    """Return the tokens that a passage has more than once."""
    return " ".join(token for token, count in Counter(tokens).items() if count > 1)


def _most_promising(wanted: Sequence[Clause], scope: KeywordScope, limit: int) -> list[tuple[int, str]]:
    """Return passages by the sum of what their clauses say, more if a word is repeated. bm25() would take longer."""
    match, selects = _Match(scope), []
    values: list[object] = []
    for clause in wanted:
        for column, says in {"words": clause.says, "again": AGAIN * clause.says}.items():
            if column == "words" or clause.rows > FEW:
                selects.append(_CLAUSE)
                values += (says, match.of(column, [clause]), MOST_ROWS)
    statement = _ADDED.format(clauses=" UNION ALL ".join(selects))
    return fetched(f"{_TOKENS} {statement}", (*values, limit))


class _Match:
    """Matches in the readable collections: joins them if they are few, otherwise excludes the unreadable ones."""

    def __init__(self, scope: KeywordScope) -> None:
        self._joined = scope.share <= 1 / 2
        marks = sorted(map(mark, scope.collections if self._joined else scope.others))
        self._collections = " OR ".join(map(_quoted, marks))

    def of(self, column: str, wanted: Iterable[Clause]) -> str:
        match = f"{column} : {expression(wanted, _quoted, either=' OR ', both=' AND ')}"
        if not self._collections:
            return match
        if self._joined:
            return f"collection : ({self._collections}) AND {match}"
        return f"({match}) NOT collection : ({self._collections})"


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
