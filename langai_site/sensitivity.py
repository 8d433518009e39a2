"""Labels: how sensitive a text is, and the highest of several. Pure."""

from enum import IntEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from langai_site.sentences import sentence


class Sensitivity(IntEnum):
    """Ordered: a label only rises. Confidential text is never sent to a hosted model."""

    PUBLIC = 0
    INTERNAL = 10
    CONFIDENTIAL = 20

    @property
    def label(self) -> str:
        """Return the name that people see, in the language of the page."""
        return str(_NAMES[self])

    @property
    def in_text(self) -> str:
        """Return the name as it stands within a sentence."""
        return str(_WITHIN[self])

    @property
    def stored_name(self) -> str:
        """Return the name that receipts store and programs read."""
        return self.name.capitalize()

    @property
    def word(self) -> str:
        """Return the name within a sentence that is drawn."""
        return _WORDS[self]

    @property
    def slug(self) -> str:
        return self.name.lower()


_NAMES: dict[int, Promise] = {
    Sensitivity.PUBLIC: _("Public"),
    Sensitivity.INTERNAL: _("Internal"),
    Sensitivity.CONFIDENTIAL: _("Confidential"),
}
_WITHIN: dict[int, Promise] = {
    Sensitivity.PUBLIC: _("public"),
    Sensitivity.INTERNAL: _("internal"),
    Sensitivity.CONFIDENTIAL: _("confidential"),
}
_WORDS = {
    Sensitivity.PUBLIC: sentence("word.public", "public")(),
    Sensitivity.INTERNAL: sentence("word.internal", "internal")(),
    Sensitivity.CONFIDENTIAL: sentence("word.confidential", "confidential")(),
}
# For fields of models and forms: each value with the name that people see.
LABEL_CHOICES = [(label.value, _NAMES[label]) for label in Sensitivity]
# The most that a hosted model may see, whatever an admin sets.
HIGHEST_FOR_HOSTED = Sensitivity.INTERNAL


def highest(*labels: int) -> Sensitivity:
    """Return the highest of `labels`; public if there are none."""
    return Sensitivity(max(labels, default=Sensitivity.PUBLIC))
