"""Pure: judges offline how demanding a message is, from its form and words. For the accuracy see docs/routing.md."""

import math
from dataclasses import dataclass

from chat.routing.complexity.causes import causes_of
from chat.routing.complexity.features import counted
from chat.routing.complexity.weights import BASE, WEIGHTS
from chat.values import Level

# The lowest score of each level.
MODERATE_FROM, COMPLEX_FROM = 1.0, 2.0


@dataclass(frozen=True)
class Complexity:
    """How demanding a message is. `score` is below 1 for simple and at least 2 for complex.

    Each of the `causes` is a few words long, the main one first.
    """

    level: Level
    score: float
    causes: tuple[str, ...]


def score(text: str, *, passages: int = 0, history: int = 0) -> Complexity:
    """Score `text` with that many passages attached and that many earlier messages in its conversation."""
    counts = counted(text, passages=max(passages, 0), history=max(history, 0))
    shares = {name: weight * doublings(counts[name]) for name, weight in WEIGHTS.items()}
    points = round(BASE + math.fsum(shares.values()), 2)
    level = level_of(points)
    return Complexity(level, points, causes_of(counts, shares, is_simple=level is Level.SIMPLE))


def doublings(count: int) -> float:
    """Return the factor for a weight: 0 for none, 1 for one, 2 for three, 3 for seven."""
    return math.log2(1 + count)


def level_of(points: float) -> Level:
    if points < MODERATE_FROM:
        return Level.SIMPLE
    return Level.MODERATE if points < COMPLEX_FROM else Level.COMPLEX
