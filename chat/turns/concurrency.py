"""Limits how many replies are written for one person at once, counted from rows, so that all processes agree."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Conversation, Message, ReviewCell, ReviewTable
from langai_site.accounts.models import User
from langai_site.errors import ConflictError, TooManyError
from langai_site.usage.spending import reservations

# A person's replies that are being written. The subquery makes SQLite use the index of live
# replies, which it would not use for a join: most people have more conversations than there are live replies.
_LIVE = """
    SELECT id FROM chat_message WHERE status = 'streaming' AND lease_until > %s
    AND (SELECT owner_id FROM chat_conversation WHERE id = conversation_id) = %s
"""
# An answer outside any conversation has no row except its reservation, and no lease. If its process dies, it still
# counts for this long.
KEPT_NOWHERE = timedelta(minutes=10)
# Roughly how long a reply takes; sent as Retry-After.
IN_FLIGHT_SECONDS = 10


def refuse_while_live(conversation: Conversation) -> None:
    """Refuse another reply while one is written at the end of the branch that is shown; on other branches they go on.

    Also refuse it while the owner has reached their limit. Raises ConflictError and TooManyError. Call it in the
    transaction that would start the reply: SQLite runs one such transaction at a time, and elsewhere the owner's row
    is locked.
    """
    _lock(conversation.owner_id)
    live = _live(conversation.owner_id)
    if conversation.current_leaf_id in live:
        raise ConflictError(_("An answer is still being written here. Stop it, or wait until it is complete."))
    _refuse_too_many(conversation.owner_id, live)


def refuse_too_many(user_id: int) -> None:
    """Refuse another answer while the person has reached their limit. Raises TooManyError."""
    _lock(user_id)
    _refuse_too_many(user_id, _live(user_id))


def _refuse_too_many(user_id: int, live: Collection[UUID]) -> None:
    limit = settings.REPLIES_IN_FLIGHT
    if limit and len(live) + _kept_nowhere(user_id, live) >= limit:
        words = ngettext(
            "You can have %(count)s answer running at once. Wait until one is complete, or stop one.",
            "You can have %(count)s answers running at once. Wait until one is complete, or stop one.",
            limit,
        )
        raise TooManyError(words % {"count": limit}, retry_after=IN_FLIGHT_SECONDS)


def _lock(user_id: int) -> None:
    if settings.REPLIES_IN_FLIGHT and connection.features.has_select_for_update:
        list(User.objects.select_for_update(no_key=True).filter(pk=user_id).order_by().values_list("pk"))


def _live(user_id: int) -> set[UUID]:
    """Return the person's live replies."""
    convert = Message._meta.pk.to_python
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [connection.ops.adapt_datetimefield_value(timezone.now()), user_id])
        return {convert(reply) for (reply,) in cursor.fetchall()}


def _kept_nowhere(user_id: int, live: Collection[UUID]) -> int:
    """Count the answers that are being written for the person outside any conversation."""
    held = reservations.held_since(user_id, timezone.now() - KEPT_NOWHERE) - set(live)
    if held:
        # The worker fills review tables, a few cells at once: nobody waits for these answers.
        held -= set(ReviewCell.objects.filter(attempt__in=held).values_list("attempt", flat=True))
        held -= set(ReviewTable.objects.of(user_id).filter(hold__in=held).values_list("hold", flat=True))
    return len(held) - Message.objects.filter(pk__in=held).count() if held else 0
