"""Records which documents a reply was given passages of: before they are sent, and for Continue and label rises."""

from collections.abc import Collection
from uuid import UUID

from chat.models import GivenDocument


def keep(reply: UUID, documents: Collection[UUID]) -> None:
    """Record that passages of `documents` go to a model for `reply`, in the transaction that reads their labels."""
    GivenDocument.objects.bulk_create(
        [GivenDocument(reply_id=reply, document=document) for document in sorted(set(documents))], ignore_conflicts=True
    )


def of_reply(reply: UUID) -> tuple[UUID, ...]:
    """Return the documents that the text of `reply` may come from."""
    return tuple(GivenDocument.objects.filter(reply=reply).order_by("document").values_list("document", flat=True))
