"""Pure: how demanding a message is, judged offline from what it looks like. How well: docs/routing.md."""

import math
from dataclasses import dataclass

from chat.routing.complexity.causes import told
from chat.routing.complexity.features import counted
from chat.routing.complexity.weights import BASE, WEIGHTS
from chat.values import Level

# Scores from which on a message is that.
MODERATE_FROM, COMPLEX_FROM = 1.0, 2.0


@dataclass(frozen=True)
class Complexity:
    """`score` is below 1 for simple and from 2 on for complex; `causes` are a few words each, the weightiest first."""

    level: Level
    score: float
    causes: tuple[str, ...]


def score(text: str, *, passages: int = 0, history: int = 0) -> Complexity:
    """How demanding `text` is, with so many passages attached, after so many messages of its conversation."""
    counts = counted(text, passages=max(passages, 0), history=max(history, 0))
    shares = {name: weight * doublings(counts[name]) for name, weight in WEIGHTS.items()}
    points = round(BASE + math.fsum(shares.values()), 2)
    level = level_of(points)
    return Complexity(level, points, told(counts, shares, is_simple=level is Level.SIMPLE))


def doublings(count: int) -> float:
    """What a weight is multiplied by: 0 for none, 1 for one, 2 for three, 3 for seven."""
    return math.log2(1 + count)


def level_of(points: float) -> Level:
    if points < MODERATE_FROM:
        return Level.SIMPLE
    return Level.MODERATE if points < COMPLEX_FROM else Level.COMPLEX
