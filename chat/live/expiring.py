"""Deletes temporary conversations whose time is over, with everything that was stored of them. For the worker."""

from collections.abc import Sequence
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from chat.conversations import attachments, labels, removing
from chat.live import snapshots
from chat.models import Conversation, LabelChange, Message, SentMessage
from langai_site.accounts import holds

# Conversations deleted in one transaction.
AT_ONCE = 50


def purge() -> int:
    """Delete what has expired, unless an answer is still being written in it; return how many conversations.

    The ledger's entries stay: they have no text. Recorded changes of labels stay without titles and reasons.
    """
    _hide_held()
    count = 0
    while some := _purge_some():
        count += len(some)
    return count


def _purge_some() -> Sequence[UUID]:
    ids = _ended()
    if ids:
        delete(ids)
    return ids


def _hide_held() -> None:
    """Put what has expired and a legal hold keeps out of sight: it goes after the hold."""
    now = timezone.now()
    held = Conversation.objects.filter(expires_at__lt=now, deleted_at=None).filter(owner__in=holds.people())
    held.exclude(pk__in=Message.objects.live().values("conversation")).update(deleted_at=now)


@transaction.atomic
def _ended() -> Sequence[UUID]:
    """Return some that have expired, and take them away from their owners: nobody asks in one that is half gone."""
    now, live = timezone.now(), Message.objects.live().values("conversation")
    expired = Conversation.objects.filter(expires_at__lt=now).exclude(pk__in=live).exclude(owner__in=holds.people())
    first = expired.order_by("expires_at").select_for_update(of=("self",))
    ids = list(first.values_list("pk", flat=True)[:AT_ONCE])
    Conversation.objects.filter(pk__in=ids).update(deleted_at=now)
    return ids


def delete(ids: Sequence[UUID]) -> None:
    """Delete these conversations with everything that was stored of them. No answer may be written in one."""
    found = Conversation.objects.filter(pk__in=ids)
    replies = list(Message.objects.replies().filter(conversation__in=ids).values_list("pk", flat=True))
    async_to_sync(_forget)(replies)
    files = attachments.documents_of(ids)
    removing.empty(found)
    with transaction.atomic():
        _silence(ids)
        # Their hashes would still tell whether a guessed message is the one that was sent.
        SentMessage.objects.filter(conversation__in=ids).delete()
        found.delete()
    # If the process is killed before, `attachments.sweep` does it.
    attachments.release(files)


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
