"""Reads the messages that come before a question. Synchronous."""

import json
from uuid import UUID

from django.db import connection

from chat.models import Message, text_of
from langai_site.outbound.types import ChatMessage

# More messages than a prompt has room for.
EARLIER = 200
# Characters of them, with thoughts. No prompt has room for more, and an imported message can have 32 MB.
MOST_CHARS = 2_000_000
# Reads only the ancestors of a message, however many messages and versions the conversation has.
_EARLIER = """
    WITH RECURSIVE earlier(parent, role, parts, back, size) AS (
        SELECT parent_id, role, parts, 1, length(CAST(parts AS TEXT)) FROM chat_message WHERE id = %s
        UNION ALL
        SELECT before.parent_id, before.role, before.parts, back + 1, size + length(CAST(before.parts AS TEXT))
        FROM chat_message before JOIN earlier ON before.id = earlier.parent WHERE back < %s AND size <= %s
    )
    SELECT role, parts FROM earlier WHERE size <= %s ORDER BY back DESC
"""


def history(leaf: UUID | None) -> tuple[ChatMessage, ...]:
    """Return the latest messages up to `leaf`. For a new conversation that is none, without a query."""
    if leaf is None:
        return ()
    with connection.cursor() as cursor:
        key = Message._meta.pk.get_db_prep_value(leaf, connection)
        cursor.execute(_EARLIER, [key, EARLIER, MOST_CHARS, MOST_CHARS])
        messages = [ChatMessage.of(role, text_of(json.loads(parts))) for role, parts in cursor.fetchall()]
    return tuple(message for message in messages if message.text)
