"""How many replies are being written for one person, counted from their rows: in every process the same."""

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
_LOCK = "SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE"
# What a reply takes, roughly.
IN_FLIGHT_SECONDS = 10


def refuse_while_live(conversation: Conversation) -> None:
    """Raises Conflict while a reply is written in the conversation, TooMany while as many are as its owner may have.

    In the transaction that would begin another: on SQLite it is the only one, elsewhere the owner's row is locked.
    """
    live = _live(conversation)
    if any(live):
        raise Conflict("An answer is still being written here. Stop it, or wait until it is complete.")
    if settings.REPLIES_IN_FLIGHT and len(live) >= settings.REPLIES_IN_FLIGHT:
        raise TooMany(
            f"Only {settings.REPLIES_IN_FLIGHT} of your answers can be written at the same time. "
            "Wait until one is complete, or stop one.",
            retry_after=IN_FLIGHT_SECONDS,
        )


def _live(conversation: Conversation) -> list[bool]:
    """The live replies of the conversation's owner, each by whether it is in this conversation."""
    with connection.cursor() as cursor:
        if settings.REPLIES_IN_FLIGHT and connection.features.has_select_for_update:
            cursor.execute(_LOCK, [conversation.owner_id])
        here = Conversation._meta.pk.get_db_prep_value(conversation.id, connection)
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(_LIVE, [here, now, conversation.owner_id])
        return [bool(is_here) for (is_here,) in cursor.fetchall()]
