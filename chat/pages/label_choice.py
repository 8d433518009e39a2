"""Pure: lets the composer's choice of a label follow what the detectors see in the text."""

from collections.abc import Mapping
from dataclasses import dataclass

from langai_site.sensitivity import Sensitivity
from langai_site.web.stated_labels import highest_stated

# Fields of the composer: the label that was set for the person because of what was found, and their own choice.
FOUND, OWN = "found", "own"


@dataclass(frozen=True)
class LabelChoice:
    """What the choice shows. `own` is what the person chose, or the least that they can choose."""

    shown: Sensitivity
    own: Sensitivity

    @property
    def is_found(self) -> bool:
        """Return whether what was found raised it above the person's own choice."""
        return self.shown > self.own


def following(form: Mapping[str, str], least: Sensitivity, found: Sensitivity) -> LabelChoice | None:
    """Return how the choice changes once detectors found text labelled `found`; None if it stays.

    It is never lower than what the person chose, and returns to that once the sensitive text is gone. `least` is the
    conversation's label. Raises InvalidError for a label that is not known.
    """
    posted = _label(form, "label", least)
    before = LabelChoice(posted, posted)
    if FOUND in form and _label(form, FOUND, least) == posted:
        before = LabelChoice(posted, min(posted, _label(form, OWN, least)))
    after = LabelChoice(max(before.own, found), before.own)
    return after if after != before else None


def _label(form: Mapping[str, str], name: str, least: Sensitivity) -> Sensitivity:
    return max(least, highest_stated(form.get(name, "")) or least)
