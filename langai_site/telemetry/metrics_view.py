"""/metrics: what every process of this deployment counted, told by whichever web process is asked.

Each process keeps its figures to itself, and every few seconds writes them into a folder of DATA_DIR, which all of
them see. A scrape reads the folder, so that it finds the worker and the other web processes as well, and names each
by a label: a process that starts anew starts new series, which is what rates are worked out from. Nothing is written
while nobody asks.
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
# What was not written for so long is of a process that has ended.
FRESH_SECONDS = 60
# Who asks at all asks more often than this.
ASKED_SECONDS = 600
KEPT_SECONDS = 3600
# A proxy on this machine connects from loopback, too, but says for whom.
FORWARDED = re.compile("HTTP_(X_FORWARDED_|FORWARDED$|X_REAL_IP$|VIA$)")

_thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
_of_this_process = ProcessCollector(registry=None)
disable_created_metrics()


class Refused(LangAIError):
    code, status = "forbidden", 403


def folder() -> Path:
    return Path(settings.DATA_DIR) / "metrics"


def process_name(role: str) -> str:
    """What tells this process from all others of the deployment, such as `web:host:4711`."""
    return f"{role}:{socket.gethostname()[:80]}:{os.getpid()}"


def own() -> list[Metric]:
    """What this process counted, and how it is now."""
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
    """Write what this process counted to where every other one finds it, in one step."""
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
    """Publish for as long as the web process lives: another one may be asked."""
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.get_running_loop().run_in_executor(_thread, publish_if_asked, "web")


def publish_worker() -> None:
    publish_if_asked("worker")


def gathered(role: str = "web") -> bytes:
    """The figures of all processes and of what they share, in Prometheus's text format."""
    folder().mkdir(mode=0o700, exist_ok=True)
    (folder() / "asked").touch()
    # Written before it is read, so that another process never tells less of this one than was told before.
    now = publish(role).stat().st_mtime
    families: dict[str, Metric] = {}
    for path in sorted(folder().glob("*.json")):
        for told in _fresh(path, now):
            family = families.setdefault(told["name"], Metric(told["name"], told["words"], told["type"]))
            for name, labels, value in told["samples"]:
                family.add_sample(name, labels, value)
    return generate_latest(_Told([*families.values(), *_read(registry.shared_gauges.values())]))


def _fresh(path: Path, now: float) -> list[dict[str, Any]]:
    """What is written there if its process still writes. Times are the file system's: hosts' clocks may differ."""
    try:
        age = now - path.stat().st_mtime
        if age > KEPT_SECONDS:
            path.unlink()
        return json.loads(path.read_text()) if age <= FRESH_SECONDS else []
    except (OSError, ValueError):
        # Removed by another process that is asked at this moment.
        return []


class _Told:
    """As much of a registry as the text format asks for."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def may_read(request: HttpRequest) -> bool:
    """Whether the request shows METRICS_TOKEN, or comes from this very machine and for nobody else."""
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
        raise Refused("Figures are for monitoring: show METRICS_TOKEN as a bearer token, or ask from this machine.")
    told = await asyncio.get_running_loop().run_in_executor(_thread, _gathered)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def _gathered() -> bytes:
    try:
        return gathered()
    finally:
        connection.close()
