"""Settles money in two steps: reserves it before a call, and closes the reservation with the actual cost."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langai_site.errors import ConflictError
from langai_site.usage import measures
from langai_site.usage.models import Reservation, UsageEntry
from langai_site.usage.spending import budgets
from langai_site.usage.types import Entry, Held

# A reply that takes longer has lost its process; if it ends after all, it is settled then.
STALE = timedelta(hours=1)
FREE = Decimal(0)
# The literals allow the index of held rows: databases use it only if the condition is in the text of the statement.
_HELD = "SELECT reply FROM usage_reservation WHERE status = 'held' AND created_at > %s AND user_id = %s"


def held_since(user_id: int, since: datetime) -> set[UUID]:
    """Return the replies for which something is held for the person, begun after `since`."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [connection.ops.adapt_datetimefield_value(since), user_id])
        to_uuid = Reservation._meta.get_field("reply").to_python
        return {to_uuid(reply) for (reply,) in cursor.fetchall()}


def reserve(*, reply: UUID, user_id: int, team: str = "", amount: Decimal | None = FREE) -> Held:
    """Hold `amount` for a reply; a retried reply is held again. `team` is the one that pays.

    None: not priced. FREE while no model is chosen; `raise_to` follows then. Raises OverBudgetError.
    """
    reservation = Reservation(reply=reply, user_id=user_id, team=team, amount=FREE)
    if amount == FREE:
        _open(reservation)
        return Held(reply, amount)
    with transaction.atomic():
        _open(reservation)
        return raise_to(reply, amount)


def _open(reservation: Reservation) -> None:
    # Without the amount: if some is still held, exactly that amount must be given back.
    renewed = ["user", "team", "status", "created_at", "closed_at"]
    Reservation.objects.bulk_create(
        [reservation], update_conflicts=True, unique_fields=["reply"], update_fields=renewed
    )


@transaction.atomic
def raise_to(reply: UUID, amount: Decimal | None) -> Held:
    """Hold `amount` for the reply instead of what it holds, before the call that may cost it.

    Raises OverBudgetError if a hard budget has no room for it, ConflictError if the reply was given up: in either
    case the call must not be made.
    """
    reservation = Reservation.objects.select_for_update().filter(reply=reply, status=Reservation.Status.HELD).first()
    if reservation is None:
        raise ConflictError(_("This answer was given up meanwhile, and nothing was sent. Ask again."))
    if budgets.exist():
        budgets.hold(reservation, amount)
    reservation.amount = amount
    reservation.save(update_fields=["amount"])
    return Held(reply, amount)


@transaction.atomic
def close(reply: UUID, entries: Sequence[Entry]) -> bool:
    """Settle the reply's reservation with `entries`, or release it if nothing was used.

    Entries are written once: returns False if it was settled before. A reservation that was released, because its
    process was assumed dead, is still settled when the process reports what it used.
    """
    status = Reservation.Status.SETTLED if entries else Reservation.Status.RELEASED
    before = [Reservation.Status.HELD, Reservation.Status.RELEASED] if entries else [Reservation.Status.HELD]
    still_open = Reservation.objects.filter(reply=reply, status__in=before)
    if not still_open.update(status=status, closed_at=timezone.now()):
        return False
    if budgets.exist():
        _settle(Reservation.objects.get(reply=reply), entries)
    else:
        _insert(entries)
    return True


def _settle(reservation: Reservation, entries: Sequence[Entry]) -> None:
    periods = budgets.locked(reservation.user_id, reservation.team, reservation)
    budgets.release(reservation)
    _insert(entries)
    budgets.spend(periods, [entry.cost for entry in entries])


def record(entries: Sequence[Entry]) -> None:
    """Append `entries` to the ledger; used for calls that no reply was waiting for."""
    if budgets.exist():
        for _, paid in groupby(sorted(entries, key=_payer), key=_payer):
            _record_paid(list(paid))
    else:
        _insert(entries)


def _payer(entry: Entry) -> tuple[int, str]:
    return entry.caller.user_id or 0, entry.caller.team


@transaction.atomic
def _record_paid(entries: Sequence[Entry]) -> None:
    """Record the entries of one payer, so that nobody locks the counters of two."""
    payer = entries[0].caller
    periods = budgets.locked(payer.user_id, payer.team)
    _insert(entries)
    budgets.spend(periods, [entry.cost for entry in entries])


def expire() -> int:
    """Release what is held for replies whose process died long ago; return how many."""
    stale = Reservation.objects.filter(status=Reservation.Status.HELD, created_at__lt=timezone.now() - STALE)
    return sum(close(reply, []) for reply in list(stale.values_list("reply", flat=True)))


def _insert(entries: Sequence[Entry]) -> None:
    UsageEntry.objects.bulk_create([_row(entry) for entry in entries])
    transaction.on_commit(partial(measures.count, entries), robust=True)


def _row(entry: Entry) -> UsageEntry:
    values = {**asdict(entry.caller), **asdict(entry.usage)}
    # Among the output's: a receipt tells them apart, the ledger does not.
    del values["reasoning_tokens"]
    kept = (name for name in Entry.__dataclass_fields__ if name not in ("caller", "usage", "detail"))
    plain = {name: getattr(entry, name) for name in kept}
    return UsageEntry(**values, **plain | {"route": entry.route[:200], "documents": " ".join(entry.documents)})
