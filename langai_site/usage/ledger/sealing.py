"""The worker's job that adds entries of the ledger and events of the audit log to the chain."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from langai_site.audit.models import AuditEvent
from langai_site.usage.ledger import chain
from langai_site.usage.models import ChainHead, EventSeal, MonthClose, Seal, UsageEntry
from langai_site.usage.months import month_of, next_month

BATCH = 200
# No transaction that writes an entry is open for as long as this.
SETTLED = timedelta(hours=1)


def seal() -> int:
    """Seal the entries that are not sealed yet, by id; return how many. Several workers may do so at once.

    The chain has its own numbers, because on PostgreSQL a lower id may be committed after a higher one. An entry that
    is late in this way gets the next number. An entry with an id below those that were sealed an hour ago was not
    written by LangAI and stays unsealed; `verification` reports it.
    """
    after, sealed = settled_up_to(), 0
    while batch := _seal_batch(after):
        after, sealed = batch[-1].entry, sealed + len(batch)
    return sealed


def seal_events() -> int:
    """Seal the events of the audit log that are not sealed yet, in the same way; return how many."""
    after, sealed = settled_events(), 0
    while batch := _seal_event_batch(after):
        after, sealed = batch[-1].event, sealed + len(batch)
    return sealed


def settled_events() -> int:
    """Return the id up to which no more events can come."""
    long_ago = EventSeal.objects.filter(sealed_at__lt=timezone.now() - SETTLED).order_by("-sequence")
    return long_ago.values_list("event", flat=True).first() or 0


def unsealed_events() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(~Exists(EventSeal.objects.filter(event=OuterRef("id")))).order_by("id")


def settled_up_to() -> int:
    """Return the id up to which no more entries can come."""
    long_ago = Seal.objects.filter(sealed_at__lt=timezone.now() - SETTLED).order_by("-sequence")
    return long_ago.values_list("entry", flat=True).first() or 0


def unsealed() -> QuerySet[UsageEntry]:
    return UsageEntry.objects.filter(~Exists(Seal.objects.filter(entry=OuterRef("id")))).order_by("id")


def locked_head() -> ChainHead:
    """Return the end of the chain, locked until the transaction ends."""
    ChainHead.objects.get_or_create(pk=1, defaults={"hash": chain.GENESIS})
    return ChainHead.objects.select_for_update().get(pk=1)


def first_open_month() -> date | None:
    """Return the month after the last closed one; None if none is closed."""
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


@transaction.atomic
def _seal_event_batch(after: int) -> Sequence[EventSeal]:
    head = locked_head()
    seals = [_next_event_seal(head, event) for event in unsealed_events().filter(id__gt=after)[:BATCH]]
    if seals:
        EventSeal.objects.bulk_create(seals)
        head.save()
    return seals


def _next_event_seal(head: ChainHead, event: AuditEvent) -> EventSeal:
    """Seal the event, and move `head` to it."""
    month, sequence, previous = month_of(event.at), head.sequence + 1, head.hash
    head.sequence = sequence
    head.hash = chain.seal_hash(sequence=sequence, month=month, previous=previous, entry=event)
    return EventSeal(sequence=sequence, event=event.pk, month=month, previous=previous, hash=head.hash)


def _next_seal(head: ChainHead, entry: UsageEntry, first_open: date | None) -> Seal:
    """Seal the entry, and move `head` to it. An entry of a closed month goes into the first open month."""
    month = max(month_of(entry.at), first_open or date.min)
    sequence, previous = head.sequence + 1, head.hash
    head.sequence = sequence
    head.hash = chain.seal_hash(sequence=sequence, month=month, previous=previous, entry=entry)
    return Seal(sequence=sequence, entry=entry.pk, month=month, previous=previous, hash=head.hash)
