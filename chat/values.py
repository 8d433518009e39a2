"""Pure: values that rows, rules and pages share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from langai_site.outbound import tokens
from langai_site.outbound.types import ModelRole

FOLDER_HEADING = "The person's own instructions for the conversations of a folder. The rules above stay in force."
ASSISTANT_HEADING = "Instructions by the maker of the assistant that answers here. The rules above stay in force."


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


@dataclass(frozen=True)
class AssistantInUse:
    """The assistant of a turn: its version, its name as people see it, and its maker's instructions."""

    id: UUID
    version: int
    name: str
    instructions: str = ""

    @property
    def prompt(self) -> str:
        """Return the part of the prompt. It says whose instructions they are, and that ours come first."""
        return f"{ASSISTANT_HEADING}\n\n{self.instructions}" if self.instructions else ""

    @property
    def tokens(self) -> int:
        """Return about how many tokens its instructions take in the prompt."""
        return tokens.about(tokens.size(self.prompt)) if self.instructions else 0


# Who answers from now on, as a form says it: an assistant's id, empty for nobody, None for the same as before.
ChosenAssistant = UUID | Literal[""] | None

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
