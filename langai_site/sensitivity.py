"""Labels: how sensitive a text is, and the highest of several. Pure."""

from enum import IntEnum


class Sensitivity(IntEnum):
    """Ordered: a label only rises. Confidential text is never sent to a hosted model."""

    PUBLIC = 0
    INTERNAL = 10
    CONFIDENTIAL = 20

    @property
    def label(self) -> str:
        """Return the name that people see."""
        return self.name.capitalize()

    @property
    def slug(self) -> str:
        return self.name.lower()


# For fields of models and forms: each value with the name that people see.
LABEL_CHOICES = [(label.value, label.label) for label in Sensitivity]
# The most that a hosted model may see, whatever an admin sets.
HIGHEST_FOR_HOSTED = Sensitivity.INTERNAL


def highest(*labels: int) -> Sensitivity:
    """Return the highest of `labels`; public if there are none."""
    return Sensitivity(max(labels, default=Sensitivity.PUBLIC))
