"""Metrics of the shared packages, and helpers: each app keeps its own in its `measures.py` and registers them."""

from django.db.models import Max
from django.utils import timezone
from prometheus_client import Counter, Histogram

from langai_site.models import Heartbeat
from langai_site.registry import Gauge
from langai_site.telemetry import health

# Seconds: a page takes milliseconds, an answer up to minutes.
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


def counter(name: str, words: str, *labels: str) -> Counter:
    """Return a counter; it is exported as `<name>_total`."""
    return Counter(name, words, labels, registry=None)


def histogram(name: str, words: str, *labels: str, buckets: tuple[float, ...] = QUICK) -> Histogram:
    """Return a histogram; it is exported as `<name>_bucket`, `<name>_sum` and `<name>_count`."""
    return Histogram(name, words, labels, registry=None, buckets=buckets)


def _worker_age() -> dict[tuple[str, ...], float]:
    """Return the age of the last heartbeat; nothing if there are none (they are deleted after a day)."""
    last = Heartbeat.objects.aggregate(at=Max("beat_at"))["at"]
    return {(): max(0.0, (timezone.now() - last).total_seconds())} if last else {}


def _workers() -> float:
    return Heartbeat.objects.filter(beat_at__gte=timezone.now() - health.HEARTBEAT_FRESH).count()


def _checks() -> dict[tuple[str, ...], float]:
    return {(name,): float(status == "ok") for name, status in health.state.checks.items() if status != "off"}


WORKERS = Gauge("langai_workers", "Workers that wrote lately that they live", _workers)
WORKER_AGE = Gauge("langai_worker_heartbeat_age_seconds", "Time since a worker wrote that it lives", _worker_age)
CHECKS = Gauge("langai_check_ok", "1 where the last look at a part found it well, as in /health", _checks, ("check",))
