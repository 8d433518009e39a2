"""Pure: combines several rankings of the same passages into one, by weighted reciprocal rank fusion.

Scores of different searches (a cosine, a BM25) cannot be compared, but their ranks can: each search adds
`weight / (K + rank)` to each passage that it found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

# How quickly a rank loses value. Low enough that a passage which two searches rank far down does not come before one
# that a single search ranks first.
K = 10


@dataclass(frozen=True)
class Ranking:
    """The results of one search: scores by id, higher is better.

    `weight`, from 0, is how much the search is trusted.
    """

    scores: Mapping[int, float]
    weight: float = 1.0


def ranks(scores: Mapping[int, float]) -> dict[int, int]:
    """Return the rank of each id, from 1. Equal scores share a rank, so that no order among them is invented."""
    order = sorted(scores, key=lambda pk: -scores[pk])
    out: dict[int, int] = {}
    for place, pk in enumerate(order, 1):
        before = order[place - 2] if place > 1 else None
        out[pk] = out[before] if before is not None and scores[before] == scores[pk] else place
    return out


def fused(rankings: Sequence[Ranking], k: int = K) -> dict[int, float]:
    """Return scores above 0 and up to 1 by id, best first; 1 is first in every ranking. Ties go to the lower id.

    A ranking of weight 0 adds nothing, not even its ids.
    """
    counted = [(ranking.weight, ranks(ranking.scores)) for ranking in rankings if ranking.weight > 0]
    most = fsum(weight for weight, _ranks in counted) / (k + 1)
    found = {pk for _weight, places in counted for pk in places}
    scores = {pk: fsum(w / (k + places[pk]) for w, places in counted if pk in places) / most for pk in found}
    return {pk: scores[pk] for pk in sorted(found, key=lambda pk: (-scores[pk], pk))}
