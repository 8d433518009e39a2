"""Assigns exports and imports to workers: the row is the queue entry, claimed by a conditional update for a while."""

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from chat.models import Transfer
from langai_site.processes import worker

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
# Seconds between two renewals of a lease, which also write the progress.
BEAT_SECONDS = 2.0
MAX_ATTEMPTS = 3
# Stored in English and translated when it is shown, so the number of attempts stands in it.
GIVEN_UP = gettext_noop(
    "The worker stopped 3 times during this. It may be too large for this machine: "
    "split the file, or choose fewer conversations."
)

Status = Transfer.Status


class TransferLostError(Exception):
    """The row was deleted, or its lease expired and another worker has it."""


class TransferStoppingError(Exception):
    """The worker is about to end; the next one resumes."""


class TransferClaim:
    """One worker's claim on one transfer. Every change fails with ClaimLostError once the claim is lost."""

    def __init__(self, transfer: Transfer, holder: str) -> None:
        self.transfer = transfer
        self.holder = holder
        self._next_beat = 0.0

    def update(self, **values: Any) -> None:  # noqa: ANN401
        mine = Transfer.objects.filter(pk=self.transfer.pk, status=Status.WORKING, claimed_by=self.holder)
        if not mine.update(**values):
            raise TransferLostError

    def beat(self, done: int | None = None, total: int | None = None) -> None:
        """Renew the lease, and write the progress, every BEAT_SECONDS at most: call it often.

        Raises StoppingError if the process is about to end.
        """
        self.transfer.done = self.transfer.done if done is None else done
        self.transfer.total = self.transfer.total if total is None else total
        if worker.stopping.is_set():
            raise TransferStoppingError
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + BEAT_SECONDS
            progress = {"done": self.transfer.done, "total": self.transfer.total}
            self.update(lease_until=timezone.now() + LEASE, **progress)

    def finish(self, status: Transfer.Status, **values: Any) -> None:  # noqa: ANN401
        progress = {"done": self.transfer.done, "total": self.transfer.total}
        self.update(status=status, lease_until=None, claimed_by="", ended_at=timezone.now(), **progress, **values)

    def give_back(self) -> None:
        """Leave it to another worker: an orderly stop does not count as a failed attempt."""
        self.update(status=Status.QUEUED, lease_until=None, claimed_by="", attempts=F("attempts") - 1)


def claim(name: str) -> TransferClaim | None:
    """Claim the oldest transfer that waits, or whose worker died; None if there is none."""
    for row in _takeable().order_by("created_at")[:10]:
        if row.attempts >= MAX_ATTEMPTS:
            _give_up(row)
            continue
        # A different name for each claim, so that a worker cannot mistake a later claim for the one it lost.
        taken = TransferClaim(row, f"{name[:80]}#{uuid.uuid4().hex[:12]}")
        if _unchanged(row).update(
            status=Status.WORKING,
            claimed_by=taken.holder,
            attempts=F("attempts") + 1,
            lease_until=timezone.now() + LEASE,
        ):
            return taken
    return None


def _takeable() -> QuerySet[Transfer]:
    died = Q(status=Status.WORKING, lease_until__lt=timezone.now())
    return Transfer.objects.filter(Q(status=Status.QUEUED) | died)


def _unchanged(row: Transfer) -> QuerySet[Transfer]:
    return _takeable().filter(pk=row.pk, claimed_by=row.claimed_by, attempts=row.attempts)


def _give_up(row: Transfer) -> None:
    values = {"status": Status.FAILED, "error": GIVEN_UP, "claimed_by": "", "lease_until": None}
    _unchanged(row).update(ended_at=timezone.now(), **values)
    logger.error("Transfer %s: given up after %d attempts", row.pk, row.attempts)
