"""Labels: how sensitive a text is, and the highest of several."""

from django.db.models import IntegerChoices


class Sensitivity(IntegerChoices):
    """Ordered: a label only rises. Confidential text never leaves for a hosted model."""

    PUBLIC = 0, "Public"
    INTERNAL = 10, "Internal"
    CONFIDENTIAL = 20, "Confidential"

    @property
    def slug(self) -> str:
        return self.name.lower()


# What a hosted model may see at the most, whatever an admin says.
HIGHEST_FOR_HOSTED = Sensitivity.INTERNAL


def highest(*labels: int) -> Sensitivity:
    """The highest of `labels`; public where there is none."""
    return Sensitivity(max(labels, default=Sensitivity.PUBLIC))
