"""Says what a cosine of a local embedder means: how near a passage is, whatever its language and the question's.

The levels differ: multilingual-e5-small puts unrelated Chinese texts at 0.83, and a German question beside the English
passage that answers it at 0.82. `strength` makes them comparable.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from search.embeddings import local, multilingual

_NAMES = {local.FINGERPRINT: "minilm", multilingual.FINGERPRINT: "e5"}
_OTHER = "other"


class Calibration(NamedTuple):
    """The cosines of unrelated pairs, of right ones, and the one under which nothing counts."""

    level: float
    right: float
    line: float

    def strength(self, cosine: float) -> float:
        """Return 0 for an unrelated pair, 1 for a typical right one; more and less are possible."""
        return (cosine - self.level) / (self.right - self.level)


def is_calibrated(fingerprint: str) -> bool:
    return fingerprint in _NAMES


@lru_cache(maxsize=4096)
def calibration(fingerprint: str, question: str, passage: str) -> Calibration:
    """Return the calibration of a local embedder for two languages, as codes; "" is one that is not clear."""
    known = _known()[_NAMES[fingerprint]]
    if "cross" not in known:
        return next(iter(known["same"].values()))
    if not passage or question == passage:
        return known["same"].get(question, known["same"][_OTHER])
    return known["cross"].get(f"{question}-{passage}", known["cross"][_OTHER])


@lru_cache(maxsize=256)
def lowest_line(fingerprint: str, question: str) -> float:
    """Return the lowest line of all languages of passages for a question in this language."""
    known = _known()[_NAMES[fingerprint]]
    cross = [value.line for pair, value in known.get("cross", {}).items() if pair.startswith((f"{question}-", _OTHER))]
    return min(calibration(fingerprint, question, question).line, *cross, 1.0)


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Mapping[str, Mapping[str, Calibration]]]:
    with (Path(__file__).parent / "calibrations.toml").open("rb") as file:
        found = tomllib.load(file)
    return {
        name: {kind: {pair: Calibration(*values) for pair, values in pairs.items()} for kind, pairs in kinds.items()}
        for name, kinds in found.items()
    }
