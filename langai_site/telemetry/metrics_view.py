"""/metrics: the figures of every process of this deployment, from whichever web process is asked.

Each process counts for itself, and every few seconds writes its figures into a folder of DATA_DIR, which all of
them see. A scrape reads the folder, so that it finds the worker and the other web processes as well, and names each
by a label: a restarted process starts new series, which rates need. Nothing is written while nobody scrapes.
"""

import asyncio
import json
import logging
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import Metric

from langai_site import registry
from langai_site.errors import LangAIError

logger = logging.getLogger(__name__)

EVERY = 10.0
# A file that was not written for this long belongs to a process that has ended.
FRESH_SECONDS = 60
# A scraper comes more often than this.
ASKED_SECONDS = 600
KEPT_SECONDS = 3600
# A proxy on this machine connects from loopback, too, but names the client in such headers.
FORWARDED = re.compile("HTTP_(X_FORWARDED_|FORWARDED$|X_REAL_IP$|VIA$)")

_thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
_of_this_process = ProcessCollector(registry=None)
disable_created_metrics()


class MetricsRefusedError(LangAIError):
    code, status = "forbidden", 403


def folder() -> Path:
    return Path(settings.DATA_DIR) / "metrics"


def process_name(role: str) -> str:
    """Return a name that identifies this process in the deployment, such as `web:host:4711`."""
    return f"{role}:{socket.gethostname()[:80]}:{os.getpid()}"


def own() -> list[Metric]:
    """Return what this process has counted, and its current state."""
    counted = [family for measure in registry.measures for family in measure.collect()]
    return [*counted, *_read(registry.gauges.values()), *_of_this_process.collect()]


def _read(gauges: Iterable[registry.Gauge]) -> Iterator[Metric]:
    for gauge in gauges:
        try:
            found = gauge.read()
        except Exception as error:
            logger.warning("%s cannot be read: %s", gauge.name, type(error).__name__)
            continue
        family = Metric(gauge.name, gauge.words, "gauge")
        for values, number in (found if isinstance(found, Mapping) else {(): found}).items():
            family.add_sample(gauge.name, dict(zip(gauge.labels, values, strict=True)), number)
        yield family


def publish(role: str) -> Path:
    """Write this process's figures, in one step, to where every other process finds them."""
    name = process_name(role)
    path = folder() / f"{name}.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps([_written(family, name) for family in own()]))
    draft.replace(path)
    return path


def _written(family: Metric, process: str) -> dict[str, Any]:
    samples = [(sample.name, {**sample.labels, "process": process}, sample.value) for sample in family.samples]
    return {"name": family.name, "words": family.documentation, "type": family.type, "samples": samples}


def publish_if_asked(role: str) -> None:
    try:
        asked = (folder() / "asked").stat().st_mtime
    except FileNotFoundError:
        return
    if time.time() - asked < ASKED_SECONDS:
        publish(role)


async def keep_published() -> None:
    """Publish for as long as the web process runs, because another process may be asked."""
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.get_running_loop().run_in_executor(_thread, publish_if_asked, "web")


def publish_worker() -> None:
    publish_if_asked("worker")


def gathered(role: str = "web") -> bytes:
    """Return the figures of all processes and of what they share, in Prometheus's text format."""
    folder().mkdir(mode=0o700, exist_ok=True)
    (folder() / "asked").touch()
    # Written before it is read, so that no later scrape of another process has smaller figures of this one.
    now = publish(role).stat().st_mtime
    families: dict[str, Metric] = {}
    for path in sorted(folder().glob("*.json")):
        for told in _fresh(path, now):
            family = families.setdefault(told["name"], Metric(told["name"], told["words"], told["type"]))
            for name, labels, value in told["samples"]:
                family.add_sample(name, labels, value)
    return generate_latest(_Families([*families.values(), *_read(registry.shared_gauges.values())]))


def _fresh(path: Path, now: float) -> list[dict[str, Any]]:
    """Return the figures in a file if its process still writes. Uses file system times: hosts' clocks may differ."""
    try:
        age = now - path.stat().st_mtime
        if age > KEPT_SECONDS:
            path.unlink()
        return json.loads(path.read_text()) if age <= FRESH_SECONDS else []
    except (OSError, ValueError):
        # Another process that is scraped at the same time removed it.
        return []


class _Families:
    """The part of a registry's interface that the text format needs."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def may_read(request: HttpRequest) -> bool:
    """Return whether the request shows METRICS_TOKEN, or comes directly from this machine, not through a proxy."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(map(FORWARDED.match, request.META))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


@never_cache
@require_safe
@login_not_required
async def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        raise MetricsRefusedError(
            "Figures are for monitoring: show METRICS_TOKEN as a bearer token, or ask from this machine."
        )
    told = await asyncio.get_running_loop().run_in_executor(_thread, _gathered)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def _gathered() -> bytes:
    try:
        return gathered()
    finally:
        connection.close()
