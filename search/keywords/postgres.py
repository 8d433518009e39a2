"""The keyword index in PostgreSQL: the tokens of a passage as a tsvector, in a GIN index."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection
from django.db.models import Count

from search.keywords.analyser import VERSION
from search.keywords.ranking import Candidate, Clause, KeywordQuestion
from search.keywords.rows import KeywordRow, RowIndex, expression, fetched, mark
from search.keywords.types import KeywordScope
from search.models import PassageKeywords

# Ranking takes about 10 µs for each row.
ROWS, MOST_ROWS = 1_000, 3_000
# A tsvector's limits: the highest position, and positions of one token.
POSITIONS, REPEATS = 16_383, 255
# A smaller index is counted exactly; for a larger one, statistics of at most this age say what is frequent.
SMALL, SECONDS = 5_000, 300.0
# The minimum share that collections are assumed to have.
LEAST_SHARE = 0.001
# Clauses by which candidates are sorted before they are scored.
RANKED = 16

# From one language to the next by the index, so that the passages of each are not read.
_LANGUAGES = """WITH RECURSIVE known AS (
    SELECT min(language) AS language FROM search_passagekeywords
    UNION ALL
    SELECT (SELECT min(language) FROM search_passagekeywords WHERE language > known.language)
    FROM known WHERE known.language IS NOT NULL)
    SELECT language FROM known WHERE EXISTS (
        SELECT FROM search_passagekeywords AS found
        WHERE found.language = known.language AND found.collection_id = ANY(%s))"""
_FREQUENT = """SELECT token, share FROM pg_stats,
    unnest(most_common_elems::text::text[], most_common_elem_freqs) AS found (token, share)
    WHERE schemaname = current_schema() AND tablename = 'search_passagekeywords' AND attname = 'tokens'
    AND token IS NOT NULL"""
_COUNT = """SELECT token, (SELECT count(*) FROM (
    SELECT FROM search_passagekeywords WHERE tokens @@ query::tsquery LIMIT %s) AS found)
    FROM unnest(%s::text[], %s::text[]) AS asked (token, query)"""
_IN_ALL = """SELECT count(*) FROM (
    SELECT FROM search_passagekeywords WHERE collection_id = ANY(%s) LIMIT %s) AS found"""
# `others` fills what `first` leaves of the limit. A UNION ALL under one LIMIT would not do: parallel workers read its
# parts in any order.
_BEST = """WITH first AS MATERIALIZED (
        SELECT passage_id, tokens FROM search_passagekeywords WHERE tokens @@ %s::tsquery LIMIT %s),
    others AS MATERIALIZED (
        SELECT passage_id, tokens FROM search_passagekeywords WHERE tokens @@ %s::tsquery
        LIMIT %s - (SELECT count(*) FROM first)),
    found AS (SELECT * FROM first UNION ALL SELECT * FROM others)
    SELECT passage_id, tokens::text FROM found ORDER BY {rank} DESC, passage_id LIMIT %s"""


@dataclass(frozen=True)
class Statistics:
    """Statistics of a large index, some minutes old: passages by collection, and the share with a frequent token."""

    collections: Mapping[int, int]
    shares: Mapping[str, float]


class PostgresIndex(RowIndex):
    rows = ROWS

    def _write(self, rows: Sequence[KeywordRow]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                """INSERT INTO search_passagekeywords (passage_id, collection_id, language, version, tokens)
                   VALUES (%s, %s, %s, %s, %s::tsvector)""",
                [(row.passage_id, row.collection_id, row.language, VERSION, _tsvector(row)) for row in rows],
            )

    def _scope(self, collections: Sequence[int]) -> KeywordScope:
        passages = _passages()
        languages = [language for (language,) in fetched(_LANGUAGES, ([*collections],))]
        if passages < SMALL or not collections:
            return KeywordScope(collections, passages, 1.0 if passages and collections else 0.0, languages)
        return KeywordScope(collections, passages, max(_share(collections), LEAST_SHARE), languages)

    def _counts(self, tokens: Sequence[str], scope: KeywordScope) -> Mapping[str, int]:
        shares = _statistics().shares if scope.passages >= SMALL else {}
        frequent = {token: round(shares[token] * scope.passages) for token in tokens if token in shares}
        rare = [token for token in tokens if token not in frequent]
        return frequent | dict(fetched(_COUNT, (MOST_ROWS, rare, [*map(_quoted, rare)])))

    def _candidates(
        self, question: KeywordQuestion, wanted: Sequence[Clause], scope: KeywordScope, limit: int
    ) -> Iterable[Candidate]:
        first, others = (match and f"{_within(scope)} & {match}" for match in _matches(wanted))
        best = sorted(wanted, key=lambda clause: -clause.says)[:RANKED]
        rank = " + ".join(["%s * ts_rank_cd(tokens, %s::tsquery)"] * len(best))
        values = [value for clause in best for value in (clause.says, _expression([clause]))]
        statement = _BEST.format(rank=rank)
        found = fetched(statement, (first, MOST_ROWS, others, MOST_ROWS, *values, limit))
        pattern = re.compile(rf"(?:^| )'({'|'.join(map(re.escape, question.counts))})':([\d,]+)")
        for passage_id, tokens in found:
            counts = {token: 1 + places.count(",") for token, places in pattern.findall(tokens)}
            yield Candidate(passage_id, tokens.count(" ") + tokens.count(","), counts)


def _passages() -> int:
    """Return the number of passages in the index; for a large one, an estimate."""
    [(about,)] = fetched("SELECT reltuples FROM pg_class WHERE oid = 'search_passagekeywords'::regclass")
    return int(about) if about >= SMALL else PassageKeywords.objects.count()


def _statistics() -> Statistics:
    return _statistics_in(int(time.monotonic() / SECONDS))


@lru_cache(maxsize=1)
def _statistics_in(_period: int) -> Statistics:
    counted = PassageKeywords.objects.order_by().values_list("collection").annotate(Count("pk"))
    return Statistics(dict(counted), dict(fetched(_FREQUENT)))


def _share(collections: Sequence[int]) -> float:
    """Return the share of all passages in these collections. Collections newer than the statistics are counted."""
    known = _statistics().collections
    [(new,)] = fetched(_IN_ALL, ([pk for pk in collections if pk not in known], SMALL))
    inside: int = new + sum(known.get(pk, 0) for pk in collections)
    everywhere: int = new + sum(known.values())
    return inside / max(1, everywhere)


def _matches(wanted: Sequence[Clause]) -> tuple[str, str]:
    """Return the expression to look up first, and the one for what it leaves of the limit.

    The second one has the most frequent clause: how many rows that has is an estimate, and all of them may not fit.
    It is empty, and finds nothing, if there is one clause only.
    """
    *others, most = sorted(wanted, key=lambda clause: (clause.rows, -len(clause.groups)))
    if not others:
        return _expression(wanted), ""
    return _expression(others), f"{_expression([most])} & !{_expression(others)}"


def _within(scope: KeywordScope) -> str:
    return f"({' | '.join(_quoted(mark(collection_id)) for collection_id in scope.collections)})"


def _expression(wanted: Iterable[Clause]) -> str:
    return expression(wanted, _quoted, either=" | ", both=" & ")


def _tsvector(row: KeywordRow) -> str:
    """Return the tokens with their positions in PostgreSQL's notation, with the collection as one more token."""
    places: dict[str, list[int]] = {}
    for position, token in enumerate(row.tokens[:POSITIONS], 1):
        places.setdefault(token, []).append(position)
    words = (f"{_quoted(token)}:{','.join(map(str, found[:REPEATS]))}" for token, found in places.items())
    return " ".join((_quoted(mark(row.collection_id)), *words))


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
