"""Which conversations stand in which list of their owner. Synchronous."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from chat.models import Conversation

# The sidebar's list of days. What is in a folder, pinned or archived is found there instead.
UNSORTED = Q(folder=None, pinned_at=None, archived_at=None)
OPEN, ARCHIVED = Q(archived_at=None), Q(archived_at__isnull=False)
# Conversations that can be pinned: they are all shown above the others.
PINS_MAX = 50


def in_folder(folder_id: UUID) -> Q:
    """Return the condition for the conversations that a folder's page lists."""
    return Q(folder=folder_id, archived_at=None)


def narrowed(*, folder: UUID | None = None, pinned: bool | None = None, archived: bool | None = None) -> Q:
    """Return the condition for those in a folder, and those that are pinned or archived, or are not; None: any."""
    among = Q(folder=folder) if folder else Q()
    if pinned is not None:
        among &= Q(pinned_at__isnull=not pinned)
    return among if archived is None else among & Q(archived_at__isnull=not archived)


def pinned(user_id: int) -> Sequence[Conversation]:
    """Return a person's pinned conversations, the last pinned first."""
    mine = Conversation.objects.of(user_id).alive()
    return list(mine.filter(pinned_at__isnull=False, archived_at=None).order_by("-pinned_at")[:PINS_MAX])
