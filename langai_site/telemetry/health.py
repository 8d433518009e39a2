"""The health of the parts, checked in the background: strangers see one word for each, people a sentence."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from langai_site import registry
from langai_site.models import Heartbeat
from langai_site.registry import Status

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Separate threads: a check must not wait while the process's shared ones load a model.
_threads = ThreadPoolExecutor(3, thread_name_prefix="health")

CHECK_SECONDS, RECHECK_SECONDS = 20.0, 5.0
CHECK_TIMEOUT = 10.0
STALE_AFTER = 60.0
HEARTBEAT_FRESH = timedelta(seconds=30)
# A single failure is often a process that is restarting; people see only failures that last.
FAILURES_TOLD = 2
SENTENCES = {
    "vector_store": gettext_lazy("Documents can't be searched by meaning right now; answers may go without them."),
    "cache": gettext_lazy(
        "The shared cache is not answering: answers may appear all at once, and models are asked every time."
    ),
    "worker": gettext_lazy("The worker is not running: uploaded documents wait until it is back."),
}


class Health:
    """The results of the last round of checks."""

    def __init__(self) -> None:
        self.checks: dict[str, Status] = {}
        self.failures: dict[str, int] = {}
        self.checked_at = datetime.min.replace(tzinfo=UTC)
        self._clock = float("-inf")

    @property
    def stale(self) -> bool:
        return time.monotonic() - self._clock > STALE_AFTER

    async def refresh(self) -> None:
        names = list(registry.health_checks)
        found = await asyncio.gather(*(_checked(name) for name in names))
        self.checks = dict(zip(names, found, strict=True))
        self.failures = {name: self.failures.get(name, 0) + 1 for name in names if self.checks[name] == "fail"}
        self.checked_at, self._clock = timezone.now(), time.monotonic()

    def report(self) -> dict[str, object]:
        degraded = "fail" in self.checks.values()
        return {
            "status": "degraded" if degraded else "healthy",
            "checks": dict(sorted(self.checks.items())),
            "timestamp": self.checked_at.isoformat(timespec="seconds"),
        }


state = Health()


async def _checked(name: str) -> Status:
    try:
        return await asyncio.wait_for(registry.health_checks[name](), CHECK_TIMEOUT)
    except Exception as error:
        # The cause is for the operator; strangers see one word.
        logger.warning("Health check %s: %s: %s", name, type(error).__name__, error)
        return "fail"


async def watch() -> None:
    """Check for as long as the web process runs, more often while something fails."""
    while True:
        await state.refresh()
        await asyncio.sleep(RECHECK_SECONDS if state.failures else CHECK_SECONDS)


def problems() -> list[str]:
    """Return sentences for people about what has been failing for a while; costs nothing."""
    return [str(text) for name, text in SENTENCES.items() if state.failures.get(name, 0) >= FAILURES_TOLD]


@never_cache
@login_not_required
async def health(request: HttpRequest) -> JsonResponse:
    """Answer from memory; check again only if no background check has run lately."""
    if state.stale:
        await state.refresh()
    return JsonResponse(state.report())


def _database_answers() -> Status:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok"
    finally:
        connection.close()


def worker_lives() -> bool:
    """Return whether a worker wrote its heartbeat lately."""
    return Heartbeat.objects.filter(beat_at__gte=timezone.now() - HEARTBEAT_FRESH).exists()


def _worker_beats() -> Status:
    try:
        return "ok" if worker_lives() else "fail"
    finally:
        connection.close()


def _cache_keeps() -> Status:
    # Not the default one: it hides that Redis is unavailable.
    cache, value = caches["live"], time.time()
    cache.set("health", value, 60)
    return "ok" if cache.get("health") == value else "fail"


async def in_thread(check: Callable[[], T]) -> T:
    """Run `check` on one of the threads reserved for checks."""
    return await asyncio.get_running_loop().run_in_executor(_threads, check)


async def database() -> Status:
    return await in_thread(_database_answers)


async def worker() -> Status:
    return await in_thread(_worker_beats)


async def shared_cache() -> Status:
    return await in_thread(_cache_keeps)
