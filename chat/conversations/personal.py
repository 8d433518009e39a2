"""Pure: a person's own instructions, as a turn sends them."""

from dataclasses import dataclass

from chat.conversations import labels
from chat.conversations.labels import Cause
from langai_site.sensitivity import Sensitivity

ABOUT = "The person you answer says about themselves:"
ANSWERS = "How they would like to be answered, as far as the rules above allow:"


@dataclass(frozen=True)
class Personal:
    """What a person says about themselves and how to answer them; `causes` give it its label. False without texts."""

    about: str = ""
    answers: str = ""
    causes: tuple[Cause, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.about or self.answers)

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)

    @property
    def prompt(self) -> str:
        """Return the text that follows our own instructions; empty if there is nothing to say."""
        said = ((ABOUT, self.about), (ANSWERS, self.answers))
        return "\n\n".join(f"{heading}\n{text}" for heading, text in said if text)


NONE = Personal()
