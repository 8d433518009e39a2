"""Reads the checks that are stored with a reply, and counts them in words."""

from collections.abc import Sequence

from django.utils.translation import ngettext, ngettext_lazy

from chat.grounding.checking import SecondOpinion, SentenceCheck, counted
from chat.grounding.deciding import SentenceVerdict
from chat.models import Message

_COUNTED = {
    SentenceVerdict.STANDS: ngettext_lazy("%(count)s in the source", "%(count)s in the source", "count"),
    SentenceVerdict.REWORDED: ngettext_lazy("%(count)s not in these words", "%(count)s not in these words", "count"),
    SentenceVerdict.OTHERWISE: ngettext_lazy("%(count)s says otherwise", "%(count)s say otherwise", "count"),
    SentenceVerdict.NO_SOURCE: ngettext_lazy("%(count)s without a source", "%(count)s without a source", "count"),
}


def checks_of_reply(reply: Message) -> tuple[SentenceCheck, ...]:
    """Return the checks of a reply's sentences. A corrected reply has none: they are about the model's words."""
    if reply.original is not None:
        return ()
    return tuple(map(SentenceCheck.read, reply.receipt.get("checks") or ()))


def summary(checks: Sequence[SentenceCheck]) -> str:
    """Return how many sentences are in the source and so on; empty if none cites anything."""
    found = counted(checks)
    if set(found) <= {SentenceVerdict.NO_SOURCE}:
        return ""
    return ", ".join(_COUNTED[verdict] % {"count": count} for verdict, count in found.items())


def opinions(checks: Sequence[SentenceCheck]) -> str:
    """Return in a sentence what a local model thinks of those that are not in these words; empty if none was asked."""
    given = [check.opinion for check in checks if check.opinion]
    if not given:
        return ""
    words = ngettext(
        "A local model thinks that the source supports %(yes)s of %(count)s sentence not in its words.",
        "A local model thinks that the source supports %(yes)s of %(count)s sentences not in its words.",
        len(given),
    )
    return words % {"yes": given.count(SecondOpinion.SUPPORTS), "count": len(given)}
