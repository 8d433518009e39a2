"""Pure: words that rows, rules and pages share."""

from enum import StrEnum
from typing import Literal

from langai_site.outbound.types import ModelRole


class Level(StrEnum):
    """How demanding a question is."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


LOCAL: Literal["local"] = "local"
Use = ModelRole | Literal["local"]
# What a routing rule asks for, as receipts and admin call it.
USES: dict[Use, str] = {
    ModelRole.SIMPLE: "cheap",
    ModelRole.BALANCED: "balanced",
    ModelRole.STRONG: "strong",
    ModelRole.LONG_CONTEXT: "long context",
    LOCAL: "local",
}
