"""Says which answers were shown as verified, and whether they still are. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.models import Message, VerifiedAnswer
from chat.values import VerifiedBy
from search.access import library_collections


@dataclass(frozen=True)
class VerifiedState:
    """What is left of a verified answer that was shown: whether its reader may open it, and whether it is in force."""

    by: VerifiedBy
    is_current: bool
    is_readable: bool


def verified_by(message: Message) -> VerifiedBy | None:
    """Return which verified answer a reply shows. One that its person corrected says something else."""
    row = message.receipt.get("verified")
    return VerifiedBy(**row) if row and message.original is None else None


def attach(reader: int, messages: Sequence[Message]) -> None:
    """Set `verified_state` of the replies that showed a verified answer. Costs nothing if there are none."""
    shown = [(message, by) for message in messages if (by := verified_by(message))]
    if not shown:
        return
    rows = VerifiedAnswer.objects.filter(pk__in={by.answer for _message, by in shown})
    readable = rows.covered().filter(collection__in=library_collections(reader))
    known = {str(pk) for pk in readable.values_list("pk", flat=True)}
    current = {(str(pk), version) for pk, version in readable.current().values_list("pk", "version")}
    for message, by in shown:
        message.verified_state = VerifiedState(by, (by.answer, by.version) in current, by.answer in known)
