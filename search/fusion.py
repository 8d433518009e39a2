"""Pure: several rankings of the same passages -> one, by weighted reciprocal rank fusion.

Scores of different searches cannot be compared (a cosine, a BM25), their ranks can: each search adds
`weight / (K + rank)` to what it found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

# How quickly a rank loses worth: what two searches find far down should not come before what one finds first.
K = 10


@dataclass(frozen=True)
class Ranking:
    """What one search found: scores by id, higher is better. `weight` is how far it is to be trusted, from 0."""

    scores: Mapping[int, float]
    weight: float = 1.0


def ranks(scores: Mapping[int, float]) -> dict[int, int]:
    """The rank of each id, from 1. Equal scores share one, so that no order among them is made up."""
    order = sorted(scores, key=lambda pk: -scores[pk])
    out: dict[int, int] = {}
    for place, pk in enumerate(order, 1):
        before = order[place - 2] if place > 1 else None
        out[pk] = out[before] if before is not None and scores[before] == scores[pk] else place
    return out


def fused(rankings: Sequence[Ranking], k: int = K) -> dict[int, float]:
    """Scores from above 0 to 1 by id, best first; 1 is first in every ranking. Of equals the lower id comes first.

    A ranking of no weight adds nothing, not even its ids.
    """
    counted = [(ranking.weight, ranks(ranking.scores)) for ranking in rankings if ranking.weight > 0]
    most = fsum(weight for weight, _ranks in counted) / (k + 1)
    found = {pk for _weight, places in counted for pk in places}
    scores = {pk: fsum(w / (k + places[pk]) for w, places in counted if pk in places) / most for pk in found}
    return {pk: scores[pk] for pk in sorted(found, key=lambda pk: (-scores[pk], pk))}
