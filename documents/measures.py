"""The metrics of document reading for /metrics, with what it reads from the queue."""

import time
from collections.abc import Callable

from django.db.models import Count, Min
from django.utils import timezone

from documents.models import Document
from langai_site.registry import Gauge
from langai_site.telemetry.metrics import SLOW, counter, histogram

Status = Document.Status
NOT_READY = (Status.QUEUED, Status.WORKING, Status.FAILED)

READ = counter("langai_documents_read", "Documents that a worker is done with, by how it went", "outcome")
STAGE_SECONDS = histogram("langai_ingestion_stage_seconds", "Time that a stage of reading took", "stage", buckets=SLOW)
ALL = (READ, STAGE_SECONDS)


def timed(report: Callable[[str, float], None]) -> Callable[[str, float], None]:
    """Wrap `report`, which is called with each stage: the time of a stage is counted when the next one begins.

    The stage "" ends the last one, and is not passed on.
    """
    stage, began = "", 0.0

    def timed_report(name: str, fraction: float) -> None:
        nonlocal stage, began
        if name != stage:
            now = time.monotonic()
            if stage:
                STAGE_SECONDS.labels(stage).observe(now - began)
            stage, began = name, now
        if name:
            report(name, fraction)

    return timed_report


def _unread() -> dict[tuple[str, ...], float]:
    # Ready documents are the majority, and nobody waits for them.
    rows = Document.objects.filter(status__in=NOT_READY).order_by().values_list("status").annotate(Count("pk"))
    found = dict(rows)
    return {(status.value,): found.get(status.value, 0) for status in NOT_READY}


def _oldest() -> float:
    """Return the seconds that the oldest queued document has waited; 0 if none is queued."""
    since = Document.objects.filter(status=Status.QUEUED).aggregate(since=Min("uploaded_at"))["since"]
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0


UNREAD = Gauge("langai_documents", "Documents that wait, are being read, or could not be", _unread, ("status",))
OLDEST = Gauge("langai_documents_oldest_queued_seconds", "How long the document that waits longest has waited", _oldest)
