"""How many replies are being written for one person, counted from their rows: in every process the same."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from chat.models import Conversation
from langai_site.errors import Conflict, TooMany

# A person's replies that are being written, each by whether it is in that conversation. By the index of live replies,
# which SQLite would not take for a join: most people have more conversations than there are live replies.
_LIVE = """
    SELECT conversation_id = %s FROM chat_message WHERE status = 'streaming' AND lease_until > %s
    AND (SELECT owner_id FROM chat_conversation WHERE id = conversation_id) = %s
"""
# Those that are kept in no conversation have no row but what is held for them, and no lease: one that has lost its
# process counts for so long.
KEPT_NOWHERE = timedelta(minutes=10)
_KEPT_NOWHERE = """
    UNION ALL SELECT 1 = 0 FROM usage_reservation held
    WHERE held.status = 'held' AND held.created_at > %s AND held.user_id = %s
    AND NOT EXISTS (SELECT 1 FROM chat_message WHERE chat_message.id = held.reply)
"""
_LOCK = "SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE"
# What a reply takes, roughly.
IN_FLIGHT_SECONDS = 10


def refuse_while_live(conversation: Conversation) -> None:
    """Raises Conflict while a reply is written in the conversation, TooMany while as many are as its owner may have.

    In the transaction that would begin another: on SQLite it is the only one, elsewhere the owner's row is locked.
    """
    live = _live(conversation.owner_id, conversation.id)
    if any(live):
        raise Conflict("An answer is still being written here. Stop it, or wait until it is complete.")
    _refuse_more_than(live)


def refuse_too_many(user_id: int) -> None:
    """The same for an answer that is kept in no conversation."""
    _refuse_more_than(_live(user_id, None))


def _refuse_more_than(live: Sequence[bool]) -> None:
    if settings.REPLIES_IN_FLIGHT and len(live) >= settings.REPLIES_IN_FLIGHT:
        raise TooMany(
            f"You can have {settings.REPLIES_IN_FLIGHT} answers running at once. "
            "Wait until one is complete, or stop one.",
            retry_after=IN_FLIGHT_SECONDS,
        )


def _live(user_id: int, conversation_id: UUID | None) -> list[bool]:
    """The person's live replies, each by whether it is in that conversation."""
    with connection.cursor() as cursor:
        if settings.REPLIES_IN_FLIGHT and connection.features.has_select_for_update:
            cursor.execute(_LOCK, [user_id])
        here = Conversation._meta.pk.get_db_prep_value(conversation_id, connection)
        now = timezone.now()
        lately, live = map(connection.ops.adapt_datetimefield_value, (now - KEPT_NOWHERE, now))
        cursor.execute(_LIVE + _KEPT_NOWHERE, [here, live, user_id, lately, user_id])
        return [bool(is_here) for (is_here,) in cursor.fetchall()]
