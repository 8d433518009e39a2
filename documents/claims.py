"""Assigns documents to workers: the row is the queue entry, claimed by a conditional update and held by a lease."""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import F, QuerySet
from django.utils import timezone

from documents import measures
from documents.lanes import ANY, Lane, takeable
from documents.models import Document
from documents.sentences import said, stored
from langai_site.request_id import carried
from langai_site.words import gettext_noop

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEW_SECONDS = 10.0
MAX_ATTEMPTS = 3

# Where each stage starts and ends, in per cent, by the time it takes.
STAGES = {"reading": (0, 15), "splitting": (15, 20), "embedding": (20, 99)}
GIVEN_UP = {
    "reading": gettext_noop(
        "The worker stopped %(attempts)s times while reading this file. It may be too large for this machine."
    ),
    "splitting": gettext_noop(
        "The worker stopped %(attempts)s times while splitting this file. It may be too large for this machine."
    ),
    "embedding": gettext_noop(
        "The worker stopped %(attempts)s times while embedding this file. It may be too large for this machine."
    ),
}

Status = Document.Status


class ClaimLostError(Exception):
    """The document was deleted, or its lease expired and another worker has it."""


class Claim:
    """One worker's claim on one document. Every change goes through `update`, which fails once the claim is lost."""

    def __init__(self, document: Document, holder: str) -> None:
        self.document = document
        self.document_id = document.pk
        self.request_id = document.request_id
        self.holder = holder
        self.lost = threading.Event()

    def row(self) -> QuerySet[Document]:
        return Document.objects.filter(pk=self.document_id, status=Status.WORKING, claimed_by=self.holder)

    def update(self, **values: Any) -> None:  # noqa: ANN401
        if self.lost.is_set() or not self.row().update(**values):
            self.lost.set()
            raise ClaimLostError

    def finish(self, status: Document.Status, **values: Any) -> None:  # noqa: ANN401
        self.update(status=status, lease_until=None, claimed_by="", **values)

    def give_back(self) -> None:
        """Leave the document to another worker: an orderly stop does not count as a failed attempt."""
        self.finish(Status.QUEUED, stage="", progress=0, attempts=F("attempts") - 1)

    def put_behind(self) -> None:
        """Leave the document for later, when it may take its time; this does not count as a failed attempt either."""
        self.finish(Status.QUEUED, stage="", progress=0, attempts=F("attempts") - 1, slow=True)


def claim(worker: str, lane: Lane = ANY, beside: Document | None = None) -> Claim | None:
    """Claim the next document of this lane; one that should not wait for `beside`, if that is given."""
    for document in lane.waiting_beside(beside) if beside else lane.waiting():
        if document.attempts >= MAX_ATTEMPTS:
            _give_up(document)
            continue
        # A different name for each claim, so that a worker cannot mistake a later claim for the one it lost.
        taken = Claim(document, f"{worker[:80]}#{uuid.uuid4().hex[:12]}")
        if _same_moment(document).update(
            status=Status.WORKING,
            claimed_by=taken.holder,
            attempts=F("attempts") + 1,
            taken_at=timezone.now(),
            lease_until=timezone.now() + LEASE,
            stage="reading",
            progress=0,
            error="",
        ):
            return taken
    return None


def _same_moment(document: Document) -> QuerySet[Document]:
    """Return the row, if nobody has changed it since `document` was read."""
    return Document.objects.filter(
        takeable(timezone.now()), pk=document.pk, claimed_by=document.claimed_by, attempts=document.attempts
    )


def _give_up(document: Document) -> None:
    reason = said(GIVEN_UP.get(document.stage, GIVEN_UP["reading"]), attempts=MAX_ATTEMPTS)
    _same_moment(document).update(
        status=Status.FAILED, lease_until=None, claimed_by="", error=str(reason), error_sentence=stored(reason)
    )
    measures.READ.labels(Status.FAILED.value).inc()
    logger.error("Document %s: given up after %d attempts", document.pk, document.attempts)


class Lease:
    """Renews a claim from a separate thread for as long as the `with` block runs."""

    def __init__(self, held: Claim, every: float = RENEW_SECONDS) -> None:
        self._claim = held
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=carried(self._renew), name="document-lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._done.wait(self._every):
            try:
                self._claim.update(lease_until=timezone.now() + LEASE)
            except ClaimLostError:
                return
            except DatabaseError as error:
                logger.warning("A lease could not be renewed (%s); trying again", type(error).__name__)
            finally:
                connection.close()


def progress_of(held: Claim) -> Callable[[str, float], None]:
    """Return a function that writes stage and per cent to the row when either changes; it may raise ClaimLostError."""
    shown: list[tuple[str, int]] = []

    def report(stage: str, fraction: float) -> None:
        if held.lost.is_set():
            raise ClaimLostError
        start, end = STAGES.get(stage, (0, 100))
        percent = int(start + (end - start) * min(max(fraction, 0.0), 1.0))
        if shown[-1:] != [(stage, percent)]:
            shown[:] = [(stage, percent)]
            held.update(stage=stage, progress=percent)

    return report
