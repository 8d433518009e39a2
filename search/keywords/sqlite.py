"""The keyword index in SQLite: an FTS5 table of tokens beside the rows of indexed passages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from search.keywords.analyser import VERSION
from search.keywords.ranking import Candidate, Clause, Question
from search.keywords.rows import Row, RowIndex, Scope, expression, fetched, mark
from search.models import PassageKeywords

# About 1.5 µs for each row that is ranked.
ROWS, MOST_ROWS = 4_000, 20_000

# The best rowids first, and only then their tokens: sorting would read the tokens of every match.
_BEST = """SELECT rowid, words FROM search_keywordtokens WHERE rowid IN (
    SELECT rowid FROM search_keywordtokens WHERE search_keywordtokens MATCH %s AND rowid >= %s
    ORDER BY bm25(search_keywordtokens, 0.0, 1.0) LIMIT %s)"""


class SqliteIndex(RowIndex):
    rows = ROWS

    def _write(self, rows: Sequence[Row]) -> None:
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
                "INSERT INTO search_keywordtokens (rowid, collection, words) VALUES (%s, %s, %s)",
                [(row.passage_id, mark(row.collection_id), " ".join(row.tokens)) for row in rows],
            )

    def _scope(self, collections: Sequence[int]) -> Scope:
        readable = set(collections)
        passages = inside = 0
        languages: Counter[str] = Counter()
        for collection_id, language, count in fetched("SELECT * FROM search_keywordcounts WHERE passages > 0"):
            passages += count
            if collection_id in readable:
                inside += count
                languages[language] += count
        frequent = [language for language, _count in languages.most_common() if language]
        return Scope(collections, passages, inside / passages if passages else 0.0, frequent)

    def _counts(self, tokens: Sequence[str], _scope: Scope) -> Mapping[str, int]:
        places = ", ".join(["%s"] * len(tokens))
        return dict(fetched(f"SELECT term, doc FROM search_keywordterms WHERE term IN ({places})", tokens))  # noqa: S608

    def _candidates(
        self, question: Question, wanted: Sequence[Clause], scope: Scope, limit: int
    ) -> Iterable[Candidate]:
        match = f"words : {expression(wanted, _quoted, either=' OR ', both=' AND ')}"
        found = fetched(_BEST, (_within(match, scope), _oldest(question, wanted, scope), limit))
        tokens = question.counts.keys()
        for passage_id, words in found:
            counts = Counter(words.split(" "))
            yield Candidate(passage_id, counts.total(), {token: counts[token] for token in tokens & counts.keys()})


def _within(match: str, scope: Scope) -> str:
    """The match in the readable collections. Few of them are joined to it, of many the others are taken away."""
    others = fetched("SELECT DISTINCT collection_id FROM search_keywordcounts WHERE passages > 0")
    unreadable = sorted({collection_id for (collection_id,) in others} - set(scope.collections))
    if not unreadable:
        return match
    if scope.share <= 1 / 2:
        return f"collection : ({_either(scope.collections)}) AND {match}"
    return f"({match}) NOT collection : ({_either(unreadable)})"


def _either(collections: Iterable[int]) -> str:
    return " OR ".join(_quoted(mark(collection_id)) for collection_id in collections)


def _oldest(question: Question, wanted: Sequence[Clause], scope: Scope) -> int:
    """The first passage to look at: of a word that is almost everywhere, only the newest passages are ranked."""
    rows = scope.share * max(sum(question.counts[token] for token in group) for clause in wanted for group in clause)
    if rows <= MOST_ROWS:
        return 0
    [(first, last)] = fetched("SELECT min(passage_id), max(passage_id) FROM search_passagekeywords")
    return int(last - (last - first) * MOST_ROWS / rows)


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
