"""What may answer a question, from every search that may be asked: ids with scores. Synchronous."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.embeddings import Embedder, EmbedderUnavailable
from search.fusion import Ranking, fused
from search.indexes import MEANING_OFF, Index, queried
from search.queries import Asked, language_of
from search.vectors import BrokenCollection, StoreUnavailable, get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

MEANING_DOWN = (
    "Search by meaning is not answering, so some documents were searched by their words alone. Try again in a minute."
)

# How much a ranking by meaning counts beside one by words where the embedder was not made for the language.
FOREIGN = 0.0

# They wait for the store; what they do themselves is little.
_store_threads = ThreadPoolExecutor(8, thread_name_prefix="store")


@dataclass(frozen=True)
class Found:
    """What one search found for one text. `complete`: it has no more that would count. `failed`: nor was it asked."""

    scores: Mapping[int, float]
    complete: bool = True
    failed: bool = False


@dataclass(frozen=True)
class Candidates:
    """Scores by id, best first. `complete`: no search has more. `notice`: what could not be searched."""

    scores: Mapping[int, float]
    complete: bool
    notice: str = ""


@dataclass(frozen=True)
class Meaning:
    """A text as one embedder understands it, with the indexes where its like may be."""

    vector: "np.ndarray"
    indexes: tuple[Index, ...]
    weight: float


@dataclass(frozen=True)
class Question:
    """All that is worked out once of a question, however many candidates are asked for."""

    asked: Asked
    collections: tuple[int, ...]
    meanings: tuple[Meaning, ...]
    notice: str


def understood(asked: Asked, collections: Sequence[int], label: Sensitivity, caller: Caller) -> Question:
    """The question with its vectors, by each embedder that may see it and knows its language."""
    searchable = queried(collections, label)
    by_embedder: dict[str, list[Index]] = {}
    for index in searchable.indexes:
        by_embedder.setdefault(index.embedder.fingerprint, []).append(index)
    meanings: list[Meaning] = []
    notice = searchable.notice if get_store() else MEANING_OFF
    for indexes in by_embedder.values() if get_store() else ():
        try:
            meanings += _meanings(asked, tuple(indexes), label, caller)
        except EmbedderUnavailable as error:
            logger.warning("A question was not embedded: %s", error)
            notice = MEANING_DOWN
    return Question(asked, tuple(collections), tuple(meanings), notice)


def _meanings(asked: Asked, indexes: tuple[Index, ...], label: Sensitivity, caller: Caller) -> Iterable[Meaning]:
    embedder = indexes[0].embedder
    known = [(text, weight * trust(embedder, text)) for text, weight in asked.texts]
    texts = [(text, weight) for text, weight in known if weight]
    vectors = embedder.embed([text for text, _weight in texts], label, caller=caller) if texts else ()
    return [Meaning(vector, indexes, weight) for vector, (_text, weight) in zip(vectors, texts, strict=True)]


def trust(embedder: Embedder, text: str) -> float:
    """How far the embedder's ranking of this text is to be trusted: 1 in a language that it was made for."""
    if embedder.languages is None or language_of(text) in (*embedder.languages, ""):
        return 1.0
    return FOREIGN


def candidates(question: Question, depth: int) -> Candidates:
    """The best `depth` of each search, fused. The stores are asked while words are looked up here."""
    waiting = [(meaning, _ask_stores(meaning, depth)) for meaning in question.meanings]
    answers = [(_merged(future.result() for future in futures), meaning.weight) for meaning, futures in waiting]
    failed = any(found.failed for found, _weight in answers)
    return Candidates(
        fused([Ranking(found.scores, weight) for found, weight in answers]),
        all(found.complete for found, _weight in answers),
        MEANING_DOWN if failed else question.notice,
    )


def _ask_stores(meaning: Meaning, depth: int) -> "list[Future[Found]]":
    return [_store_threads.submit(_nearest, meaning.vector, index, depth) for index in meaning.indexes]


def _nearest(vector: "np.ndarray", index: Index, depth: int) -> Found:
    """The passages of an index above the line that its embedder draws."""
    store = get_store()
    try:
        answer = store.query(index.name, vector, depth) if store else []
    except (StoreUnavailable, BrokenCollection) as error:
        logger.warning("Collection %s was not searched by meaning: %s", index.collection_id, error)
        return Found({}, failed=True)
    counting = {pk: score for pk, score in answer if score >= index.embedder.min_score}
    return Found(counting, complete=len(counting) < depth)


def _merged(answers: Iterable[Found]) -> Found:
    """Those of one embedder's indexes as one: their scores can be compared."""
    found = list(answers)
    scores = {pk: score for each in found for pk, score in each.scores.items()}
    return Found(scores, all(each.complete for each in found), any(each.failed for each in found))
