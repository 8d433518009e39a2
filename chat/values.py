"""Pure: values that rows, rules and pages share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from langai_site.outbound.types import ModelRole


class Level(StrEnum):
    """How demanding a question is."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


@dataclass(frozen=True)
class Thinking:
    """A model's thoughts before its answer, and their seconds. Never part of the answer."""

    text: str
    seconds: float = 0


LOCAL: Literal["local"] = "local"
Use = ModelRole | Literal["local"]
# The kinds of models that a routing rule can ask for, as receipts and admin call them.
USES: dict[Use, str] = {
    ModelRole.SIMPLE: "cheap",
    ModelRole.BALANCED: "balanced",
    ModelRole.STRONG: "strong",
    ModelRole.LONG_CONTEXT: "long context",
    LOCAL: "local",
}
