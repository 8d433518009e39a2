"""Labels: how sensitive a text is, and the highest of several."""

from django.db.models import IntegerChoices


class Sensitivity(IntegerChoices):
    """Ordered: a label only rises. Confidential text is never sent to a hosted model."""

    PUBLIC = 0, "Public"
    INTERNAL = 10, "Internal"
    CONFIDENTIAL = 20, "Confidential"

    @property
    def slug(self) -> str:
        return self.name.lower()


# The most that a hosted model may see, whatever an admin sets.
HIGHEST_FOR_HOSTED = Sensitivity.INTERNAL


def highest(*labels: int) -> Sensitivity:
    """Return the highest of `labels`; public if there are none."""
    return Sensitivity(max(labels, default=Sensitivity.PUBLIC))
