"""How long a new conversation may stay, and when a temporary one ends. Synchronous."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Conversation
from chat.models.keeping import LIFETIMES, ORDER, Keeping, KeepingRule
from langai_site.accounts.models import Team
from langai_site.errors import ForbiddenError, InvalidError


@dataclass(frozen=True)
class KeepingChoice:
    """What a person can choose for a new conversation, from the longest to the shortest, and what is chosen so far."""

    offered: tuple[Keeping, ...] = ORDER
    chosen: Keeping = Keeping.KEPT


def choice(user_id: int, wanted: str = "") -> KeepingChoice:
    """Return the person's choice, by the rules of their teams; `wanted` is what a form that was refused said.

    The strictest rule that is enforced counts. A team's rule decides where people start rather than everyone's.
    """
    mine = KeepingRule.objects.filter(Q(team=None) | Q(team__in=Team.objects.of(user_id).values("pk")))
    rules = list(mine.order_by())
    longest = _shortest(rule.keeping for rule in rules if rule.enforced)
    offered = ORDER[ORDER.index(longest) :]
    of_teams = [rule.keeping for rule in rules if rule.team_id] or [rule.keeping for rule in rules]
    start = max(_shortest(of_teams), longest, key=ORDER.index)
    return KeepingChoice(offered, Keeping(wanted) if wanted in offered else start)


def _shortest(names: Iterable[str]) -> Keeping:
    return max(map(Keeping, names), key=ORDER.index, default=Keeping.KEPT)


def chosen(user_id: int, wanted: str) -> Keeping:
    """Return how long a new conversation stays; `wanted` is empty for the usual.

    Raises InvalidError if it is not known, and ForbiddenError if an admin allows only less.
    """
    if wanted and wanted not in Keeping.values:
        raise InvalidError(
            _("A conversation can be kept as %(names)s. Choose one of these.") % {"names": ", ".join(Keeping.values)}
        )
    possible = choice(user_id, wanted)
    if wanted and wanted not in possible.offered:
        longest = possible.offered[0].words
        raise ForbiddenError(
            _("Your admins allow only temporary chats, %(longest)s. Choose one and send again.") % {"longest": longest}
        )
    return possible.chosen


def end_of(keeping: str, began: datetime) -> datetime | None:
    """Return when a conversation ends that began, or was used last, at `began`; None if it is kept."""
    lifetime = LIFETIMES.get(Keeping(keeping))
    return began + lifetime if lifetime else None


def renew(conversation: Conversation) -> None:
    """Let a conversation that ends some time after its last use begin that time again. The caller saves it."""
    if conversation.keeping == Keeping.HOUR:
        conversation.expires_at = end_of(conversation.keeping, timezone.now())
