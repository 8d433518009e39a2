"""Pure: values that rows, rules and pages share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from langai_site.outbound import tokens
from langai_site.outbound.types import ModelRole

FOLDER_HEADING = "The person's own instructions for the conversations of a folder. The rules above stay in force."


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


@dataclass(frozen=True)
class FolderInstructions:
    """What a person wrote for the answers in the conversations of a folder; `folder` is its name."""

    folder: str
    text: str

    @property
    def prompt(self) -> str:
        """Return the part of the prompt. It says whose instructions they are, and that ours come first."""
        return f"{FOLDER_HEADING}\n\n{self.text}"

    @property
    def tokens(self) -> int:
        """Return about how many tokens they take in the prompt."""
        return tokens.about(tokens.size(self.prompt))


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
