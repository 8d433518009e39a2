"""The worker's jobs that pass events on: in the order of the chain, at least once, from where the last run ended.

Ids of events can be committed out of order, so the cursor counts places in the chain, which has no gaps. One worker at
a time holds a cursor; if it is killed, the next one goes on after the lease, from the last event that was confirmed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from langai_site import registry
from langai_site.audit.models import AuditEvent, FeedCursor
from langai_site.outbound.event_feed import sending
from langai_site.outbound.event_feed.formats import SealedEvent
from langai_site.outbound.event_feed.sending import FeedError
from langai_site.registry import DoctorFinding
from langai_site.usage.audit_pages.exporting import COLUMNS
from langai_site.usage.ledger import sealing, verification
from langai_site.usage.models import EventSeal

logger = logging.getLogger(__name__)

Send = Callable[[Sequence[SealedEvent]], Iterator[SealedEvent]]

EVERY = 5.0
BATCH = 50
# Longer than any batch takes: `sending` limits that.
LEASE = timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
LATE = timedelta(minutes=5)
SENDERS: dict[str, tuple[str, Send]] = {
    "syslog": ("AUDIT_SYSLOG", sending.by_syslog),
    "webhook": ("AUDIT_WEBHOOK", sending.by_webhook),
}


def register() -> None:
    for name, (setting, _send) in SENDERS.items():
        advice = f"Check {setting} and its receiver; the worker tries again by itself, and loses nothing."
        registry.worker_job(f"audit {name}", seconds=EVERY, run=partial(pass_on, name))
        registry.doctor_check(f"audit {name}", partial(finding, name), advice=advice)


def pass_on(name: str) -> bool:
    """Pass a batch of events on; return whether there are more."""
    if not _is_on(name):
        return False
    sealing.seal_events()
    cursor = _claim(name)
    if cursor is None:
        return False
    batch = _after(cursor.sequence)
    passed, problem = cursor.sequence, ""
    try:
        for event in SENDERS[name][1](batch):
            passed = event.sequence
    except FeedError as error:
        problem = str(error)[:200]
    _release(cursor, passed, problem)
    return bool(batch) and not problem


def finding(name: str) -> DoctorFinding:
    """Return the finding for doctor: how many events wait to be passed on, since when and why."""
    setting = SENDERS[name][0]
    if not _is_on(name):
        return DoctorFinding("off", f"{setting} is not set")
    cursor = FeedCursor.objects.filter(name=name).first()
    if cursor is None:
        return DoctorFinding("warn", "nothing was passed on yet", "Start a worker.")
    sealed = _seals_after(cursor.sequence)
    behind = sealed.count() + sealing.unsealed_events().filter(id__gt=sealing.settled_events()).count()
    oldest = sealed.order_by("sequence").values_list("sealed_at", flat=True).first()
    since = f" since {timezone.localtime(oldest):%Y-%m-%d %H:%M}" if oldest else ""
    if cursor.problem:
        advice = f"Check {setting} and its receiver. The next try is at {timezone.localtime(cursor.retry_at):%H:%M:%S}."
        return DoctorFinding("fail", f"{behind} events behind{since}: {cursor.problem}", advice)
    if oldest and timezone.now() - oldest > LATE:
        return DoctorFinding("warn", f"{behind} events behind{since}", "Start a worker.")
    return DoctorFinding("ok", f"{behind} events behind")


def _is_on(name: str) -> bool:
    return bool(getattr(settings, SENDERS[name][0]))


def _claim(name: str) -> FeedCursor | None:
    """Return the cursor if there are events for it, and this run may move it now. A new one begins at the end."""
    now = timezone.now()
    cursor, _made = FeedCursor.objects.get_or_create(name=name, defaults={"sequence": verification.head().sequence})
    if not _seals_after(cursor.sequence).exists():
        return None
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    if not FeedCursor.objects.filter(free, name=name, retry_at__lte=now).update(leased_until=now + LEASE):
        return None
    return FeedCursor.objects.get(name=name)


def _release(cursor: FeedCursor, passed: int, problem: str) -> None:
    """Write what was confirmed, unless the lease has run out and another worker holds the cursor."""
    failures = cursor.failures + 1 if problem else 0
    values = {"sequence": passed, "problem": problem, "failures": failures, "retry_at": _next_try(failures)}
    mine = FeedCursor.objects.filter(name=cursor.name, leased_until=cursor.leased_until)
    mine.update(leased_until=None, **values)
    if problem and failures == 1:
        logger.warning("Events cannot be passed on by %s: %s", cursor.name, problem)
    elif cursor.failures and not problem:
        logger.info("Events are passed on by %s again", cursor.name)


def _next_try(failures: int) -> datetime:
    # The exponent is limited, because a receiver may be away for weeks.
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE) if failures else timedelta()
    return timezone.now() + pause


def _after(sequence: int) -> list[SealedEvent]:
    """Return the next events."""
    seals = list(_seals_after(sequence).order_by("sequence")[:BATCH])
    events = AuditEvent.objects.in_bulk([seal.event for seal in seals])
    return [_sealed(seal, events[seal.event]) for seal in seals if seal.event in events]


def _seals_after(sequence: int) -> QuerySet[EventSeal]:
    """Return the seals of what is still to be passed on. A deleted event is left to `manage.py verify_ledger`."""
    there = AuditEvent.objects.filter(pk=OuterRef("event"))
    return EventSeal.objects.filter(Exists(there), sequence__gt=sequence)


def _sealed(seal: EventSeal, event: AuditEvent) -> SealedEvent:
    values = {name: getattr(event, name) for name in COLUMNS}
    return SealedEvent(seal.sequence, seal.hash, event.at, event.action, values)
