"""Pure: combines several rankings of the same passages into one, by their scores.

Each search's scores are stretched to 0 to 1 for the question at hand and added, each with its weight. Ranks would be
simpler, but they lose what the scores say: of sixty invoices that share all words but the number, fifty-nine share
the second rank, close behind the one that was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum


@dataclass(frozen=True)
class Ranking:
    """The results of one search: scores by id, higher is better.

    `low` and `high` are the scores that count as 0 and as 1; without them, 0 and the best score. Scores outside count
    as the nearer of the two. `weight`, from 0, is how much the search is trusted; `weights` has the passages for which
    it is trusted more or less, such as those in another language than the question's.
    """

    scores: Mapping[int, float]
    weight: float = 1.0
    low: float = 0.0
    high: float | None = None
    weights: Mapping[int, float] = field(default_factory=dict)

    def weight_of(self, pk: int) -> float:
        return self.weights.get(pk, self.weight)


def shares(ranking: Ranking) -> dict[int, float]:
    """Return the scores from 0 to 1; 1 for each if no score is above `low`: there is nothing to tell apart."""
    high = max(ranking.scores.values(), default=0.0) if ranking.high is None else ranking.high
    span = high - ranking.low
    if span <= 0:
        return dict.fromkeys(ranking.scores, 1.0)
    return {pk: min(1.0, max(0.0, (score - ranking.low) / span)) for pk, score in ranking.scores.items()}


def fused(rankings: Sequence[Ranking]) -> dict[int, float]:
    """Return scores from 0 to 1 by id, best first; 1 is best in every ranking. Ties go to the lower id.

    A ranking of weight 0 for a passage adds nothing to it; one that is found by no other ranking is not returned.
    """
    found: dict[int, list[float]] = {}
    most: dict[int, float] = {}
    for ranking in rankings:
        for pk, share in shares(ranking).items():
            if (weight := ranking.weight_of(pk)) > 0:
                found.setdefault(pk, []).append(weight * share)
    for pk in found:
        most[pk] = fsum(ranking.weight_of(pk) for ranking in rankings)
    top = max(most.values(), default=1.0)
    scores = {pk: fsum(parts) / top for pk, parts in found.items()}
    return {pk: scores[pk] for pk in sorted(found, key=lambda pk: (-scores[pk], pk))}
