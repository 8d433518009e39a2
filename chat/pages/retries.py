"""Pure: the buttons that have a message answered again, in the same way or in another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.routing.route import AUTO
from chat.turns.costs import Offer

OVER_BUDGET = "over_budget"
PASSAGES_ABOVE_CEILING = "passages_above_ceiling"
# Codes of errors after which nothing was sent because of the label.
ABOVE_CEILING = ("above_ceiling", PASSAGES_ABOVE_CEILING, "local_only")
# Codes of errors after which nothing was sent, so that other words may get through.
REFUSED = (*ABOVE_CEILING, OVER_BUDGET, "too_long", "unable", "no_model", "unreachable")


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


QUOTES = Retry("Ask quotes, which stays here", {"model": "quotes"})
AGAIN = Retry("Answer again", is_small=True)
# What the menu beside it offers. The model is the one that is chosen in the composer.
OTHERWISE = (
    Retry("With the model chosen below", with_model=True),
    Retry("Shorter", {"length": "shorter"}),
    Retry("Longer", {"length": "longer"}),
    Retry("Without documents", {"documents": "none"}),
    Retry("With all documents", {"documents": "all"}),
)


def after_failure(error_code: str, model: str, offers: Sequence[Offer] = ()) -> tuple[Retry, ...]:
    """Return what to offer for an answer that did not come to its end, which `model` was to write.

    `offers` are what a budget that refused it allowed then.
    """
    found = [Retry("Retry", with_model=True)]
    if error_code == OVER_BUDGET:
        return (*found, *map(_of_offer, offers), QUOTES)
    if error_code not in ABOVE_CEILING:
        return tuple(found)
    if error_code == PASSAGES_ABOVE_CEILING:
        found.append(Retry("Answer without those passages", {"model": model, "passages": "allowed"}))
    if model != AUTO:
        found.append(Retry("Ask a local model", {"model": AUTO, "models": "local"}))
    return (*found, QUOTES)


def _of_offer(offer: Offer) -> Retry:
    if offer.max_tokens is None:
        return Retry(f"Ask {offer.name}", {"model": offer.model})
    words = f"Ask {offer.name} for a shorter answer, of at most {offer.max_tokens:,} tokens"
    return Retry(words, {"model": offer.model, "max_tokens": str(offer.max_tokens)})
