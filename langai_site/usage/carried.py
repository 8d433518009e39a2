"""Which conversations were given passages of a document, as the ledger knows it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from langai_site.usage.models import UsageEntry

# Entries read in one step.
CHUNK = 5000


@dataclass(frozen=True)
class Part:
    """A part of the ledger: the conversations in it that were given a document, and where the next part begins."""

    conversations: frozenset[UUID]
    last_entry: int
    is_last: bool


def conversations_given(documents: Collection[UUID], *, after: int = 0) -> Part:
    """Return the conversations for which one of `documents` went along with a call, in the part `after` an entry."""
    wanted = {str(document) for document in documents}
    rows = UsageEntry.objects.exclude(documents="").filter(pk__gt=after, conversation__isnull=False).order_by("pk")
    part = list(rows.values_list("pk", "conversation", "documents")[:CHUNK])
    found = (conversation for _pk, conversation, carried in part if wanted & set(carried.split()))
    return Part(frozenset(filter(None, found)), part[-1][0] if part else after, len(part) < CHUNK)
