"""Pure: the buttons that have a message answered again, in the same way or in another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.routing.route import AUTO
from chat.turns.costs import Offer
from langai_site.numbers import grouped

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

    words: "str | Promise"
    fields: dict[str, str] = field(default_factory=dict)
    with_model: bool = False
    is_small: bool = False

    @property
    def json(self) -> str:
        """Return the fields as the menu's script reads them."""
        return json.dumps(self.fields)


QUOTES = Retry(_("Ask quotes, which stays here"), {"model": "quotes"})
AGAIN = Retry(_("Answer again"), is_small=True)
# What the menu beside it offers. The model is the one that is chosen in the composer.
OTHERWISE = (
    Retry(_("With the model chosen below"), with_model=True),
    Retry(_("Shorter"), {"length": "shorter"}),
    Retry(_("Longer"), {"length": "longer"}),
    Retry(_("Without documents"), {"documents": "none"}),
    Retry(_("With all documents"), {"documents": "all"}),
)


def after_failure(error_code: str, model: str, offers: Sequence[Offer] = ()) -> tuple[Retry, ...]:
    """Return what to offer for an answer that did not come to its end, which `model` was to write.

    `offers` are what a budget that refused it allowed then.
    """
    found = [Retry(_("Retry"), with_model=True)]
    if error_code == OVER_BUDGET:
        return (*found, *map(_of_offer, offers), QUOTES)
    if error_code not in ABOVE_CEILING:
        return tuple(found)
    if error_code == PASSAGES_ABOVE_CEILING:
        found.append(Retry(_("Answer without those passages"), {"model": model, "passages": "allowed"}))
    if model != AUTO:
        found.append(Retry(_("Ask a local model"), {"model": AUTO, "models": "local"}))
    return (*found, QUOTES)


def _of_offer(offer: Offer) -> Retry:
    if offer.max_tokens is None:
        return Retry(gettext("Ask %(model)s") % {"model": offer.name}, {"model": offer.model})
    words = gettext("Ask %(model)s for a shorter answer, of at most %(most)s tokens")
    words %= {"model": offer.name, "most": grouped(offer.max_tokens)}
    return Retry(words, {"model": offer.model, "max_tokens": str(offer.max_tokens)})
