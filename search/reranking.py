"""Pure: the seam for a model that reads question and passage together and reorders the results.

None is built in. An app registers one in its `ready()`: `reranking.use(MyReranker())`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from langai_site.sensitivity import Sensitivity
from search.types import Hit

logger = logging.getLogger(__name__)

# Hits that are read for the reranker: more than are shown, so that it can move some forward.
DEPTH = 30


class Reranker(Protocol):
    """Scores passages. Thread-safe; called in a thread that may block."""

    @property
    def ceiling(self) -> Sensitivity:
        """Return the highest label of a question or passage that it may be given."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return how well each text answers, 0 to 1 each. If it raises anything, the passages keep their order."""


_chosen: list[Reranker] = []


def use(reranker: Reranker | None) -> None:
    """Use this reranker for all searches from now on; None: none."""
    _chosen[:] = [reranker] if reranker else []


def depth(limit: int) -> int:
    """Return how many hits to find if `limit` are shown."""
    return max(limit, DEPTH) if _chosen else limit


def reordered(question: str, label: Sensitivity, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits, best first by the reranker; unchanged if there is none or it may not see one of them."""
    if not _chosen or not hits:
        return list(hits)
    reranker = _chosen[0]
    if max(label, *(hit.label for hit in hits)) > reranker.ceiling:
        return list(hits)
    try:
        scores = reranker.scores(question, [hit.text for hit in hits])
        scored = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
    except Exception:
        logger.exception("Reranking failed")
        return list(hits)
    return sorted(scored, key=lambda hit: -hit.score)
