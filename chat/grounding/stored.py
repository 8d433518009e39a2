"""Reads the checks that are stored with a reply, and counts them in words."""

from collections.abc import Sequence

from chat.grounding.checking import SentenceCheck, counted
from chat.grounding.deciding import Verdict
from chat.models import Message

_COUNTED = {
    Verdict.STANDS: ("{} stands there", "{} stand there"),
    Verdict.REWORDED: ("{} not in these words", "{} not in these words"),
    Verdict.OTHERWISE: ("{} says otherwise", "{} say otherwise"),
    Verdict.NO_SOURCE: ("{} without a source", "{} without a source"),
}


def checks_of_reply(reply: Message) -> tuple[SentenceCheck, ...]:
    """Return the checks of a reply's sentences. A corrected reply has none: they are about the model's words."""
    if reply.original is not None:
        return ()
    return tuple(map(SentenceCheck.read, reply.receipt.get("checks") or ()))


def summary(checks: Sequence[SentenceCheck]) -> str:
    """Return how many sentences stand there and so on; empty if none cites anything."""
    found = counted(checks)
    if set(found) <= {Verdict.NO_SOURCE}:
        return ""
    return ", ".join(_COUNTED[verdict][count != 1].format(count) for verdict, count in found.items())
