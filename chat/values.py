"""Pure: values that rows, rules and pages share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from langai_site.outbound import tokens
from langai_site.outbound.types import ModelRole

FOLDER_HEADING = "The person's own instructions for the conversations of a folder. The rules above stay in force."
ASSISTANT_HEADING = "Instructions by the maker of the assistant that answers here. The rules above stay in force."


class Level(StrEnum):
    """How demanding a question is."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"

    @property
    def label(self) -> str:
        """Return the name that people choose by."""
        return str(_LEVELS[self])


# The levels as they stand inside a sentence.
LEVEL_WORDS: dict[Level, Promise] = {
    Level.SIMPLE: _("simple"),
    Level.MODERATE: _("moderate"),
    Level.COMPLEX: _("complex"),
}


@dataclass(frozen=True)
class ThinkingText:
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


@dataclass(frozen=True)
class VerifiedBy:
    """Which verified answer was shown: its id and version, the name of who verified it, and the day as an ISO date."""

    answer: str
    version: int
    name: str
    day: str


# Who answers from now on, as a form says it: an assistant's id, empty for nobody, None for the same as before.
ChosenAssistant = UUID | Literal[""] | None

_LEVELS: dict[Level, Promise] = {
    Level.SIMPLE: _("Simple"),
    Level.MODERATE: _("Moderate"),
    Level.COMPLEX: _("Complex"),
}
LOCAL: Literal["local"] = "local"
Use = ModelRole | Literal["local"]
# The kinds of models that a routing rule can ask for, as receipts and admin call them.
USES: dict[Use, str | Promise] = {
    ModelRole.SIMPLE: _("cheap"),
    ModelRole.BALANCED: _("balanced"),
    ModelRole.STRONG: _("strong"),
    ModelRole.LONG_CONTEXT: _("long context"),
    LOCAL: _("local"),
}
