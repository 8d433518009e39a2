"""Deletes temporary conversations whose time is over, with everything that was stored of them. For the worker."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from chat.conversations import attachments, labels
from chat.live import snapshots
from chat.models import Conversation, LabelChange, Message, SentMessage

# Conversations deleted in one transaction.
AT_ONCE = 50


def purge() -> int:
    """Delete what has expired, unless an answer is still being written in it; return how many conversations.

    The ledger's entries stay: they have no text. Recorded changes of labels stay without titles and reasons.
    """
    count = 0
    while some := _purge_some():
        count += len(some)
    return count


@transaction.atomic
def _purge_some() -> Sequence[UUID]:
    now, live = timezone.now(), Message.objects.live().values("conversation")
    expired = Conversation.objects.filter(expires_at__lt=now).exclude(pk__in=live).order_by("expires_at")
    # Locked, so that nobody asks something in it meanwhile.
    ids = list(expired.select_for_update(of=("self",)).values_list("pk", flat=True)[:AT_ONCE])
    if ids:
        delete(ids)
    return ids


@transaction.atomic
def delete(ids: Sequence[UUID]) -> None:
    """Delete these conversations with everything that was stored of them. No answer may be written in one."""
    replies = list(Message.objects.replies().filter(conversation__in=ids).values_list("pk", flat=True))
    async_to_sync(_forget)(replies)
    _silence(ids)
    files = attachments.documents_of(ids)
    # Their hashes would still tell whether a guessed message is the one that was sent.
    SentMessage.objects.filter(conversation__in=ids).delete()
    Conversation.objects.filter(pk__in=ids).delete()
    # If the process is killed before, `attachments.sweep` does it.
    transaction.on_commit(partial(attachments.release, files))


async def _forget(replies: Sequence[UUID]) -> None:
    """Remove what caches may still have of answers whose process died."""
    for reply in replies:
        await snapshots.forget(reply)


def _silence(ids: Sequence[UUID]) -> None:
    """Take titles of documents and people's reasons out of what is recorded of the conversations' labels."""
    changes = list(LabelChange.objects.filter(conversation__in=ids))
    for change in changes:
        change.cause = labels.unquoted(change.cause)
    LabelChange.objects.bulk_update(changes, ["cause"])
