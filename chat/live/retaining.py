"""Deletes what is older than the rules of retention allow, with everything that was stored of it. A nightly job."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.conversations import retention
from chat.live import expiring
from chat.models import Conversation, Message, Share
from langai_site.accounts import holds
from langai_site.database.pauses import let_others_write

logger = logging.getLogger(__name__)


def run() -> None:
    """Delete what is due. One in which an answer is being written waits for the next night."""
    retention.give_notice()
    conversations, shares = 0, 0
    while some := _retired_some():
        expiring.delete(some)
        conversations += len(some)
    while number := _shares_deleted():
        shares += number
        let_others_write()
    if conversations or shares:
        logger.info("Retention deleted %s conversations and %s shared links", conversations, shares)


@transaction.atomic
def _retired_some() -> Sequence[UUID]:
    """Return some that are due, and take them away from their owners: nobody asks in one that is half gone."""
    now = timezone.now()
    condition = retention.due(retention.Kind.CONVERSATIONS, now)
    if condition is None:
        return ()
    live = Message.objects.live().values("conversation")
    # Those that were deleted before as well: a killed process may have left one, and their owner has had their time.
    noticed = Conversation.objects.filter(condition, noticed_at__lte=now - retention.NOTICE)
    due = noticed.exclude(pk__in=live).exclude(owner__in=holds.people()).order_by("updated_at")
    ids = list(due.select_for_update(of=("self",)).values_list("pk", flat=True)[: expiring.AT_ONCE])
    Conversation.objects.filter(pk__in=ids).update(deleted_at=now)
    return ids


@transaction.atomic
def _shares_deleted() -> int:
    condition = retention.due(retention.Kind.SHARES, timezone.now())
    if condition is None:
        return 0
    due = Share.objects.filter(condition).exclude(owner__in=holds.people()).order_by("updated_at")
    ids = list(due.select_for_update(of=("self",)).values_list("pk", flat=True)[: expiring.AT_ONCE])
    Share.objects.filter(pk__in=ids).delete()
    return len(ids)
