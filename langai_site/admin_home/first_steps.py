"""The first steps of a new LangAI, each with a check of what is there; an admin may skip them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langai_site import registry
from langai_site.registry import FirstStep

# In a person's preferences: they do not want to see the steps on their home any more.
SKIPPED = "first_steps_skipped"
_ORDER = ("model", "people", "documents")


@dataclass(frozen=True)
class CheckedStep:
    """A step, and whether it is done now."""

    step: FirstStep
    is_done: bool


def steps_for(person: Any) -> list[CheckedStep]:  # noqa: ANN401 - a user, whose class belongs to another room
    """Return the steps that this person has the rights to take, each checked now."""
    known = [registry.first_steps[name] for name in _ORDER if name in registry.first_steps]
    steps = [step for step in known if person.has_perm(step.permission)]
    return [CheckedStep(step, step.is_done()) for step in steps]


def are_offered(person: Any, steps: Sequence[CheckedStep]) -> bool:  # noqa: ANN401 - as above
    """Return whether the home shows the steps: some are open, and the person has not skipped them."""
    return any(not step.is_done for step in steps) and not person.preferences.get(SKIPPED)


def skip(person: Any) -> None:  # noqa: ANN401 - as above
    person.preferences = {**person.preferences, SKIPPED: True}
    person.save(update_fields=["preferences"])
