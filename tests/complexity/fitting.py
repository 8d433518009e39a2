"""Finds the weights: an ordinal logistic regression, whose two thresholds are then made 1 and 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chat.routing.complexity import doublings
from chat.routing.complexity.causes import PHRASES
from chat.routing.complexity.features import counted
from tests.complexity.prompts import LEVELS, Prompt

FEATURES = tuple(PHRASES)
STRUCTURE = {"words", "passages", "history", "material", "code", "questions", "items", "clauses"}
# What makes a message easier; everything else may only make it harder. So every cause means what it says.
LOWERING = {"small_talk", "fact", "edit", "brief"}
# Fitting finds next to nothing in some, for search adds passages to any question, and what has many questions or points
# has many words. But more of them is never easier, and what is asked for is told, so it counts.
LEAST = {"passages": 0.05, "history": 0.03, "material": 0.02, "questions": 0.05, "items": 0.05}
LEAST |= {name: 0.1 for name in FEATURES if name not in STRUCTURE | LOWERING}
# Chosen by cross-validation among the prompts that are not held out.
RIDGE = 0.3
STEPS, RATE = 4000, 0.01
FOLDS = 9


@dataclass(frozen=True)
class Fit:
    base: float
    weights: dict[str, float]

    def points(self, prompt: Prompt) -> float:
        return self.base + float(measured(prompt) @ [self.weights[name] for name in FEATURES])


def measured(prompt: Prompt) -> np.ndarray:
    counts = counted(prompt.text, passages=prompt.passages, history=prompt.history)
    return np.array([doublings(counts[name]) for name in FEATURES])


def fitted(prompts: Sequence[Prompt], ridge: float = RIDGE) -> Fit:
    """The most likely weights, rounded to two places. The same for the same prompts: nothing is left to chance."""
    features = np.array([measured(prompt) for prompt in prompts])
    ranks = np.array([LEVELS.index(prompt.level) for prompt in prompts])
    signs = np.array([-1.0 if name in LOWERING else 1.0 for name in FEATURES])
    least = np.array([LEAST.get(name, 0.0) for name in FEATURES])
    weights, cuts = np.zeros(len(FEATURES)), np.array([2.0, 4.0])
    momentum = [np.zeros_like(weights), np.zeros_like(cuts)]
    for _ in range(STEPS):
        for at, slope in enumerate(_slopes(features, ranks, weights, cuts, ridge)):
            momentum[at] = 0.9 * momentum[at] - RATE * slope
        weights = signs * np.maximum(signs * (weights + momentum[0]), least * np.ptp(cuts))
        cuts = cuts + momentum[1]
    width = cuts[1] - cuts[0]
    scaled = {name: round(float(weight / width), 2) for name, weight in zip(FEATURES, weights, strict=True)}
    return Fit(round(float(1 - cuts[0] / width), 2), scaled)


def _slopes(
    features: np.ndarray, ranks: np.ndarray, weights: np.ndarray, cuts: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """How the loss of a prompt, on average, changes with the weights and with the thresholds.

    Each threshold is a logistic regression of its own, of whether a prompt lies above it, with the same weights.
    """
    above = 1 / (1 + np.exp(cuts - (features @ weights)[:, None]))
    excess = above - (ranks[:, None] > np.arange(len(cuts)))
    count = len(ranks)
    return (features.T @ excess.sum(axis=1) + ridge * weights) / count, -excess.sum(axis=0) / count


def cross_validated(prompts: Sequence[Prompt], ridge: float = RIDGE) -> list[tuple[Prompt, float]]:
    """Each prompt with the points that weights give it which were fitted without it and those of its fold."""
    found = []
    for fold in range(FOLDS):
        rest = [prompt for place, prompt in enumerate(prompts) if place % FOLDS != fold]
        fit = fitted(rest, ridge)
        found += [(prompt, fit.points(prompt)) for prompt in prompts[fold::FOLDS]]
    return found
