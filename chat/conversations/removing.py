"""Removes conversations and branches for good, a few messages at a time, so that others write in between.

Synchronous: the worker calls it.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chat.conversations import attachments, deletion_receipts
from chat.conversations.access import UNDO_FOR
from chat.models import Conversation, Message
from langai_site.accounts import holds
from langai_site.database.pauses import let_others_write

# Conversations handled at once, and messages deleted in one transaction.
PURGED_AT_ONCE, MESSAGES_AT_ONCE = 200, 200


def purge_deleted() -> None:
    """Remove for good what was deleted longer than UNDO_FOR ago: conversations with their files, and branches.

    What a legal hold keeps stays out of sight, and goes after the hold.
    """
    long_ago = timezone.now() - UNDO_FOR
    gone = Conversation.objects.filter(deleted_at__lt=long_ago).exclude(owner__in=holds.people())
    while ids := list(gone.order_by().values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        files = attachments.documents_of(ids)
        deletion_receipts.keep(ids)
        # Again with the condition: an import may have brought one back meanwhile.
        empty(gone.filter(pk__in=ids))
        gone.filter(pk__in=ids).delete()
        # If the process is killed here, `attachments.sweep` does it.
        attachments.release(files)
    branches = Message.objects.filter(deleted_at__lt=long_ago).exclude(conversation__owner__in=holds.people())
    files = attachments.documents_of(branches.values_list("conversation", flat=True))
    while _deleted_some(branches):
        let_others_write()
    attachments.release(files)


def empty(found: QuerySet[Conversation]) -> None:
    """Delete all messages of these conversations. One that leaves `found` meanwhile keeps what it still has."""
    while _emptied_some(found):
        let_others_write()


@transaction.atomic
def _emptied_some(found: QuerySet[Conversation]) -> bool:
    ids = list(found.select_for_update(of=("self",)).order_by().values_list("pk", flat=True))
    return _deleted_some(Message.objects.filter(conversation__in=ids))


@transaction.atomic
def _deleted_some(messages: QuerySet[Message]) -> bool:
    """Delete some of the messages; False if there were none. Without its parent, a message does not go with it."""
    some: Collection[UUID] = list(messages.order_by().values_list("pk", flat=True)[:MESSAGES_AT_ONCE])
    messages.filter(parent__in=some).update(parent=None)
    Message.objects.filter(pk__in=some).delete()
    return bool(some)
