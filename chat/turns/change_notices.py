"""Tells people that documents changed which their answers cite. Synchronous.

A notice says nothing by itself: what it is about is read when it is shown, as far as the person may still read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils import timezone

from chat.conversations import passage_changes
from chat.conversations.passage_changes import ShownChange
from chat.models import ChangeNotice, Message
from langai_site.accounts.models import User
from langai_site.database.compiled_queries import CompiledQuery

# Notices that are read at once; there are more only if nobody looks at them.
MOST = 50
_UNSEEN = CompiledQuery(
    lambda user: (
        ChangeNotice.objects.filter(user=user, seen_at=None).order_by("-created_at", "-pk").values_list("reply")[:MOST]
    ),
    user=-982451653,
)


@dataclass(frozen=True)
class ShownNotice:
    """An answer whose passages changed, with the changes that its person may read."""

    reply: UUID
    conversation: UUID
    conversation_title: str
    asked_at: datetime
    answer: str
    changes: Sequence[ShownChange]


def unseen(user: User) -> list[ShownNotice]:
    """Return what the person was not told yet, the newest first. One cheap query if that is nothing, as usual."""
    ids = list(dict.fromkeys(reply for (reply,) in _UNSEEN.rows(user=user.pk)))
    if not ids:
        return []
    replies = Message.objects.of(user.pk).select_related("conversation").in_bulk(ids)
    messages = [replies[key] for key in ids if key in replies]
    prefetch_related_objects(messages, passage_changes.WITH_CHANGES)
    return [_shown(message) for message in passage_changes.attach(user.pk, messages) if message.passage_changes]


def _shown(reply: Message) -> ShownNotice:
    conversation = reply.conversation
    return ShownNotice(
        reply.pk, conversation.pk, conversation.title, reply.created_at, reply.text, reply.passage_changes
    )


def mark_seen(user: User) -> None:
    """Remember that the person was told."""
    ChangeNotice.objects.filter(user=user, seen_at=None).update(seen_at=timezone.now())
