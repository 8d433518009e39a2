"""Pure: the buttons that have a message answered again, in the same way or in another."""

import json
from dataclasses import dataclass, field

from chat.routing.route import AUTO

PASSAGES_ABOVE_CEILING = "passages_above_ceiling"
# Codes of errors after which nothing was sent because of the label.
ABOVE_CEILING = ("above_ceiling", PASSAGES_ABOVE_CEILING, "local_only")


@dataclass(frozen=True)
class Retry:
    """A button that posts `fields`; `with_model` adds the model that is chosen in the composer.

    `is_small`: it has an icon, and its words are for screen readers and as a hint.
    """

    words: str
    fields: dict[str, str] = field(default_factory=dict)
    with_model: bool = False
    is_small: bool = False

    @property
    def json(self) -> str:
        """Return the fields as the menu's script reads them."""
        return json.dumps(self.fields)


AGAIN = Retry("Answer again", is_small=True)
# What the menu beside it offers. The model is the one that is chosen in the composer.
OTHERWISE = (
    Retry("With the model chosen below", with_model=True),
    Retry("Shorter", {"length": "shorter"}),
    Retry("Longer", {"length": "longer"}),
    Retry("Without documents", {"documents": "none"}),
    Retry("With all documents", {"documents": "all"}),
)


def after_failure(error_code: str, model: str) -> tuple[Retry, ...]:
    """Return what to offer for an answer that did not come to its end, which `model` was to write."""
    found = [Retry("Retry", with_model=True)]
    if error_code not in ABOVE_CEILING:
        return tuple(found)
    if error_code == PASSAGES_ABOVE_CEILING:
        found.append(Retry("Answer without those passages", {"model": model, "passages": "allowed"}))
    if model != AUTO:
        found.append(Retry("Ask a local model", {"model": AUTO, "models": "local"}))
    return (*found, Retry("Ask quotes, which stays here", {"model": "quotes"}))
