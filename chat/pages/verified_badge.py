"""The line above a verified answer: who verified it, when, and whether that still holds."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat.models import Message
from chat.values import VerifiedBy


@dataclass(frozen=True)
class VerifiedBadge:
    """What is said of a verified answer; `url` leads to it, empty if its reader may not open it any more."""

    words: str
    is_current: bool
    url: str


def badge_of(message: Message) -> VerifiedBadge | None:
    """Return the badge of a reply that was read with its state; None if it showed no verified answer."""
    state = message.verified_state
    if state is None:
        return None
    url = reverse("chat:verified", args=[state.by.answer]) if state.is_readable else ""
    return VerifiedBadge(words_of(state.by), state.is_current, url)


def words_of(by: VerifiedBy) -> str:
    """Return who verified an answer, and when."""
    day = date_format(date.fromisoformat(by.day), _("j F Y"))
    return _("by %(name)s, %(day)s") % {"name": by.name, "day": day} if by.name else day
