"""Asks the vector store for what is nearest to a question, in all indexes that may hold it. Synchronous.

A query takes the store a few milliseconds, however small the index. With many indexes, what their answers hold takes as
long again, so that each is asked for few passages first, and for more only if all of these few may be among the best.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langai_site.request_id import carried
from search.embeddings import TextEmbedder
from search.embeddings.calibrations import is_calibrated, lowest_line
from search.indexes import Index
from search.services import comparing
from search.vectors import BrokenCollectionError, StoreUnavailableError, VectorStore, get_store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

# Of many indexes, each is asked for so many times its even share of the passages that are wanted, and for FEW at least.
SHARES, FEW = 3, 10

# These threads mostly wait for the store; they compute little.
_store_threads = ThreadPoolExecutor(8, thread_name_prefix="store")


@dataclass(frozen=True)
class FoundCandidates:
    """The results of one search for one text.

    `complete`: no further result would count. `failed`: the store could not be searched. `low`: the lowest score among
    the best, whether it counts or not; known once those that do not count are left out.
    """

    scores: Mapping[int, float]
    complete: bool = True
    failed: bool = False
    low: float = 1.0


@dataclass(frozen=True)
class Meaning:
    """A text as one embedder understands it, with the indexes that may hold similar texts."""

    text: str
    weight: float
    vector: "np.ndarray"
    indexes: tuple[Index, ...]
    language: str = ""
    deeper: int = 1

    @property
    def embedder(self) -> TextEmbedder:
        return self.indexes[0].embedder

    def ranked(self, scores: Mapping[int, float], languages: Mapping[int, str]) -> dict[int, float]:
        """Return the scores of the passages in languages that the embedder ranks."""
        alone = not all(index.partial for index in self.indexes)
        return {
            pk: score
            for pk, score in scores.items()
            if comparing.ranks(self.embedder, self.language, languages.get(pk, ""), alone=alone)
        }

    @property
    def line(self) -> float:
        """Return the cosine under which nothing counts, whatever the language of the passage."""
        fingerprint = self.embedder.fingerprint
        if is_calibrated(fingerprint):
            return lowest_line(fingerprint, self.language or "en")
        return self.embedder.min_score


@dataclass(frozen=True)
class _Answer:
    """What one index returned, nearest first, when it was asked for `asked` passages."""

    index: Index
    asked: int
    nearest: Sequence[tuple[int, float]] = ()
    failed: bool = False

    @property
    def worst(self) -> float:
        """Return the score that everything else in the index has at most."""
        return self.nearest[-1][1] if len(self.nearest) >= self.asked else float("-inf")


class Asking:
    """The question to the store about one meaning, sent when this is made: up to `depth` passages are wanted."""

    def __init__(self, meaning: Meaning, depth: int) -> None:
        self._meaning, self._limit = meaning, depth * meaning.deeper
        share = -(-SHARES * self._limit // len(meaning.indexes))
        self._waiting = self._sent(meaning.indexes, min(self._limit, max(FEW, share)))

    def _sent(self, indexes: Iterable[Index], limit: int) -> "list[Future[_Answer]]":
        store = get_store()
        return [_store_threads.submit(carried(_asked), store, self._meaning, index, limit) for index in indexes]

    def found(self) -> FoundCandidates:
        """Return the nearest of all indexes: as many as one index with all of their passages would give."""
        answers = [each.result() for each in self._waiting]
        last = self._last_of_best(answers)
        more = [each for each in answers if each.asked < self._limit and each.worst >= last]
        kept = [each for each in answers if each not in more]
        again = self._sent((each.index for each in more), self._limit)
        return self._best([*kept, *(each.result() for each in again)])

    def _last_of_best(self, answers: Iterable[_Answer]) -> float:
        """Return the lowest score that is certain to be among the best."""
        scores = sorted((score for each in answers for _pk, score in each.nearest), reverse=True)
        return scores[self._limit - 1] if len(scores) >= self._limit else float("-inf")

    def _best(self, answers: Sequence[_Answer]) -> FoundCandidates:
        line = self._meaning.line
        ranked = sorted((-score, pk) for each in answers for pk, score in each.nearest)
        complete = all(each.worst < line for each in answers)
        if len(ranked) > self._limit:
            complete = complete and -ranked[self._limit][0] < line
        scores = {pk: -score for score, pk in ranked[: self._limit]}
        return FoundCandidates(scores, complete, any(each.failed for each in answers))


def _asked(store: VectorStore | None, meaning: Meaning, index: Index, limit: int) -> _Answer:
    try:
        return _Answer(index, limit, store.query(index.name, meaning.vector, limit) if store else ())
    except (StoreUnavailableError, BrokenCollectionError) as error:
        logger.warning("Collection %s was not searched by meaning: %s", index.collection_id, error)
        return _Answer(index, limit, failed=True)
