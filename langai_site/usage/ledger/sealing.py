"""The worker's job that puts entries into the chain, and closes months that are over."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from langai_site.usage.ledger import chain
from langai_site.usage.models import ChainHead, MonthClose, Seal, UsageEntry
from langai_site.usage.months import month_of, next_month

BATCH = 200
# No transaction that writes an entry is open for as long as this.
SETTLED = timedelta(hours=1)


def seal() -> int:
    """Seal what is entered and not sealed yet, by id; returns how many. Several workers may do so at once.

    The chain has numbers of its own, for on PostgreSQL a lower id may be committed after a higher one. Who is that
    late comes next. An entry with an id below what was sealed an hour ago is none of ours, and stays unsealed:
    `verification` tells of it.
    """
    after, sealed = settled_up_to(), 0
    while batch := _seal_batch(after):
        after, sealed = batch[-1].entry, sealed + len(batch)
    return sealed


def settled_up_to() -> int:
    """The id up to which no more entries can come."""
    long_ago = Seal.objects.filter(sealed_at__lt=timezone.now() - SETTLED).order_by("-sequence")
    return long_ago.values_list("entry", flat=True).first() or 0


def unsealed() -> QuerySet[UsageEntry]:
    return UsageEntry.objects.filter(~Exists(Seal.objects.filter(entry=OuterRef("id")))).order_by("id")


def locked_head() -> ChainHead:
    """Where the chain ends. Until the transaction is over nobody else gets it."""
    ChainHead.objects.get_or_create(pk=1, defaults={"hash": chain.GENESIS})
    return ChainHead.objects.select_for_update().get(pk=1)


def first_open_month() -> date | None:
    """The month after the last that is closed; None where none is."""
    closed = MonthClose.objects.values_list("month", flat=True).first()
    return next_month(closed) if closed else None


@transaction.atomic
def _seal_batch(after: int) -> Sequence[Seal]:
    head = locked_head()
    first_open = first_open_month()
    seals = [_next_seal(head, entry, first_open) for entry in unsealed().filter(id__gt=after)[:BATCH]]
    if seals:
        Seal.objects.bulk_create(seals)
        head.save()
    return seals


def _next_seal(head: ChainHead, entry: UsageEntry, first_open: date | None) -> Seal:
    """Seal the entry, and move `head` to it. One of a closed month is in the books of the first that is open."""
    month = max(month_of(entry.at), first_open or date.min)
    sequence, previous = head.sequence + 1, head.hash
    head.sequence = sequence
    head.hash = chain.seal_hash(sequence=sequence, month=month, previous=previous, entry=entry)
    return Seal(sequence=sequence, entry=entry.pk, month=month, previous=previous, hash=head.hash)
