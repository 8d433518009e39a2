"""Pure: the seam for a model that reads question and passage together and orders what was found anew.

None is built in. An app hands one over in its `ready()`: `reranking.use(MyReranker())`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from langai_site.sensitivity import Sensitivity
from search.types import Hit

logger = logging.getLogger(__name__)

# Hits that are read for it: more than are shown, so that it can bring some forward.
DEPTH = 30


class Reranker(Protocol):
    """Safe to share between threads; called in one that may wait."""

    @property
    def ceiling(self) -> Sensitivity:
        """The highest label of a question or passage that it may be given."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """How well each text answers, 0 to 1 each. Whatever it raises, the passages keep the order they had."""


_chosen: list[Reranker] = []


def use(reranker: Reranker | None) -> None:
    """Let this one order what is found from now on; None: none."""
    _chosen[:] = [reranker] if reranker else []


def depth(limit: int) -> int:
    """How many hits are to be found where `limit` are shown."""
    return max(limit, DEPTH) if _chosen else limit


def reordered(question: str, label: Sensitivity, hits: Sequence[Hit]) -> list[Hit]:
    """The hits, best first by the reranker that is in use; as they are where there is none, or it may not see one."""
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
