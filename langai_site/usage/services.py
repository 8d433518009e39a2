"""Money is settled twice: reserved before a call, and closed with what it really took."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from langai_site.usage import measures
from langai_site.usage.models import Reservation, UsageEntry
from langai_site.usage.types import Entry


def reserve(*, reply: UUID, user_id: int, amount: Decimal | None) -> None:
    """Hold `amount` (None: not priced) for a reply; a reply that is tried again is held again."""
    held = Reservation(reply=reply, user_id=user_id, amount=amount)
    renewed = ["user", "amount", "status", "closed_at"]
    Reservation.objects.bulk_create([held], update_conflicts=True, unique_fields=["reply"], update_fields=renewed)


@transaction.atomic
def close(reply: UUID, entries: Sequence[Entry]) -> bool:
    """Settle the reply's reservation with `entries`, or release it where nothing was used.

    Entries are written once: False where it was settled before. One that was released, because its process was
    taken for dead, is still settled when the process tells what it used.
    """
    status = Reservation.Status.SETTLED if entries else Reservation.Status.RELEASED
    before = [Reservation.Status.HELD, Reservation.Status.RELEASED] if entries else [Reservation.Status.HELD]
    still_open = Reservation.objects.filter(reply=reply, status__in=before)
    if not still_open.update(status=status, closed_at=timezone.now()):
        return False
    record(entries)
    return True


def record(entries: Sequence[Entry]) -> None:
    """Append `entries` to the ledger: calls that no reply was waiting for are told of here."""
    UsageEntry.objects.bulk_create([_row(entry) for entry in entries])
    transaction.on_commit(partial(measures.count, entries))


def _row(entry: Entry) -> UsageEntry:
    values = {**asdict(entry.caller), **asdict(entry.usage)}
    plain = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name not in ("caller", "usage")}
    return UsageEntry(**values, **plain)
