"""Pure: how good a ranking is, and whether one search is better than another or only luckier.

A ranking is passage ids, best first, each at most once; judgements are grades by id, above 0 where it is relevant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

Judgements = Mapping[str, int]
Metric = Callable[[Sequence[str], Judgements], float]

RESAMPLES = 10_000
CONFIDENCE = 0.95


def ndcg(ranked: Sequence[str], relevant: Judgements, k: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains, as trec_eval and BEIR compute it. 0 to 1."""
    ideal = _discounted(sorted((grade for grade in relevant.values() if grade > 0), reverse=True)[:k])
    return _discounted([relevant.get(pid, 0) for pid in ranked[:k]]) / ideal if ideal else 0.0


def _discounted(grades: Sequence[int]) -> float:
    return sum(max(0, grade) / log2(rank + 1) for rank, grade in enumerate(grades, 1))


def recall(ranked: Sequence[str], relevant: Judgements, k: int = 5) -> float:
    """The share of what is relevant that is among the first `k`."""
    wanted = {pid for pid, grade in relevant.items() if grade > 0}
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Judgements, k: int = 10) -> float:
    """1 / the rank of the first relevant one; 0 where none is among the first `k`."""
    return next((1 / rank for rank, pid in enumerate(ranked[:k], 1) if relevant.get(pid, 0) > 0), 0.0)


METRICS: dict[str, Metric] = {"nDCG@10": ndcg, "recall@5": recall, "MRR@10": reciprocal_rank}


@dataclass(frozen=True)
class Difference:
    """A mean difference, with the interval that holds it in 95 of 100 sets of questions like this one."""

    mean: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        return self.low <= 0 <= self.high


def difference(
    one: Sequence[float], other: Sequence[float], *, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """`one` minus `other`, two searches' values for the same questions, by the paired bootstrap.

    Raises ValueError unless both have a value for each question.
    """
    if len(one) != len(other) or not one:
        raise ValueError("Both searches need a value for each of the same questions.")
    differences = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    picks = np.random.default_rng(seed).integers(0, len(differences), (resamples, len(differences)))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(differences[picks].mean(axis=1), [tail, 100 - tail])
    return Difference(float(differences.mean()), float(low), float(high))
