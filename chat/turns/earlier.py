"""Reads the messages that come before a question. Synchronous."""

import json
from uuid import UUID

from django.db import connection

from chat.models import Message, text_of
from langai_site.outbound.types import ChatMessage

# More messages than a prompt has room for.
EARLIER = 200
# Reads only the ancestors of a message, however many messages and versions the conversation has.
_EARLIER = """
    WITH RECURSIVE earlier(parent, role, parts, back) AS (
        SELECT parent_id, role, parts, 1 FROM chat_message WHERE id = %s
        UNION ALL
        SELECT before.parent_id, before.role, before.parts, back + 1
        FROM chat_message before JOIN earlier ON before.id = earlier.parent WHERE back < %s
    )
    SELECT role, parts FROM earlier ORDER BY back DESC
"""


def history(leaf: UUID | None) -> tuple[ChatMessage, ...]:
    """Return the messages up to `leaf`. For a new conversation that is none, without a query."""
    if leaf is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [Message._meta.pk.get_db_prep_value(leaf, connection), EARLIER])
        messages = [ChatMessage.of(role, text_of(json.loads(parts))) for role, parts in cursor.fetchall()]
    return tuple(message for message in messages if message.text)
