"""What is compared: the product's search, and each of its two parts alone, made of the product's own functions.

All are asked alike: with the turns before a follow-up, in all collections that the person may read.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from tests.search_quality.beir import Question

if TYPE_CHECKING:
    from search.fusion import Ranking
    from search.types import Hit, Reader

Search = Callable[[Question, "Reader"], "Awaitable[list[Hit]]"]
# A text with what it counts for, in what a reader may see.
Rankings = Callable[[str, float, "Reader"], "list[Ranking]"]

# Deeper than the metrics look, since articles in several pieces count once.
LIMIT = 20
DEPTH = 50
# As much as a prompt of the chat takes.
BUDGET_CHARS = 12_000


async def hybrid(question: Question, reader: "Reader") -> "list[Hit]":
    """As the search page asks."""
    from langai_site.sensitivity import Sensitivity
    from search.services import find

    found = await find(question.text, reader, label=Sensitivity.PUBLIC, history=question.history, limit=LIMIT)
    return list(found.hits)


async def for_prompt(question: Question, reader: "Reader") -> "list[Hit]":
    """As the chat asks: what an answer may cite."""
    from langai_site.sensitivity import Sensitivity
    from search.services import find_for_prompt

    asked = {"label": Sensitivity.PUBLIC, "history": question.history, "budget_chars": BUDGET_CHARS}
    found = await find_for_prompt(question.text, reader, **asked)
    return list(found.hits)


async def keywords(question: Question, reader: "Reader") -> "list[Hit]":
    """By words alone: what has any of them, however few."""
    return await sync_to_async(_by_rankings)(question, reader, _by_words)


async def vectors(question: Question, reader: "Reader") -> "list[Hit]":
    """By meaning alone: the nearest whatever their distance, and in languages that the embedder was not made for."""
    return await sync_to_async(_by_rankings)(question, reader, _by_meaning)


def _by_rankings(question: Question, reader: "Reader", rankings: Rankings) -> "list[Hit]":
    from search.fusion import fused
    from search.questions.queries import asked
    from search.services import passages

    texts = asked(question.text, question.history).texts
    found = fused([ranking for text, weight in texts for ranking in rankings(text, weight, reader)])
    return passages.hits(found, reader, limit=LIMIT)


def _by_words(text: str, weight: float, reader: "Reader") -> "list[Ranking]":
    from search.fusion import Ranking
    from search.keywords import get_index

    hits = get_index().query(text, reader.collections, DEPTH)
    return [Ranking({hit.passage_id: hit.score for hit in hits}, weight)]


def _by_meaning(text: str, weight: float, reader: "Reader") -> "list[Ranking]":
    """One ranking for each embedder: the scores of two cannot be compared."""
    from langai_site.sensitivity import Sensitivity
    from search.fusion import Ranking
    from search.indexes import queried
    from search.vectors import get_store

    store = get_store()
    if store is None:
        raise RuntimeError("There is no vector store to measure.")
    indexes = queried(reader.collections, Sensitivity.PUBLIC).indexes
    rankings = []
    for embedder in {index.embedder.fingerprint: index.embedder for index in indexes}.values():
        vector = embedder.embed([text], Sensitivity.PUBLIC)[0]
        names = [index.name for index in indexes if index.embedder is embedder]
        scores = {pk: score for name in names for pk, score in store.query(name, vector, DEPTH)}
        rankings.append(Ranking(scores, weight))
    return rankings


SEARCHES: dict[str, Search] = {"keywords": keywords, "vectors": vectors, "hybrid": hybrid}
