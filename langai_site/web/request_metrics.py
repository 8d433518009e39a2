"""Gives every request and socket an id, counts and times it, and measures the delay of the event loop."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Gauge

from langai_site import request_id as trail
from langai_site.origin import ADMIN, API, PAGE, Origin
from langai_site.telemetry import tracing
from langai_site.telemetry.metrics import counter, histogram
from langai_site.web.addresses import visitor_address
from langai_site.web.async_middleware import InLoop
from langai_site.web.sockets import Application

logger = logging.getLogger(__name__)

REQUESTS = counter("langai_requests", "RequestMetrics answered", "route", "method", "status")
REQUEST_SECONDS = histogram("langai_request_seconds", "From a request to the head of its answer", "route", "method")
SOCKETS = Gauge("langai_open_sockets", "Sockets that pages hold open", registry=None)
LAG = histogram(
    "langai_event_loop_lag_seconds",
    "How much later than due the loop did what it was to do",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
ALL = (REQUESTS, REQUEST_SECONDS, SOCKETS, LAG)

LAG_EVERY = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(request: HttpRequest) -> str:
    """Return the name of the address in urls.py, not the address: that may hold an id, and is unlimited in number."""
    if match := request.resolver_match:
        return match.view_name or match.route
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


class RequestMetrics(InLoop):
    """The outermost middleware, so that it also measures responses of the other middleware."""

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401 - a response, or what brings one
        if self.async_mode:
            return self.__acall__(request)
        with _observed(request) as seen:
            return seen(self.get_response(request))  # type: ignore[arg-type]

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        with _observed(request) as seen:
            return seen(await self.get_response(request))  # type: ignore[misc]


Seen = Callable[[HttpResponseBase], HttpResponseBase]


@contextmanager
def _observed(request: HttpRequest) -> Iterator[Seen]:
    """Give the request its id, and yield a function that must be called with the response."""
    began = time.perf_counter()
    # Without our server, as under Django's test client, the request has no id yet.
    request_id = trail.request_id() or trail.accepted(request.headers.get(trail.HEADER, ""))
    here = trail.Trail(request_id, origin=_origin_of(request))
    with trail.following(here), tracing.span("request", headers=request.headers) as span:

        def seen(response: HttpResponseBase) -> HttpResponseBase:
            response[trail.HEADER] = request_id
            method = request.method if request.method in METHODS else "other"
            route, status, seconds = route_of(request), response.status_code, time.perf_counter() - began
            REQUESTS.labels(route, method, status).inc()
            REQUEST_SECONDS.labels(route, method).observe(seconds)
            name = f"{method} {route}"
            span.called(name, {"http.response.status_code": status})
            logger.debug("%s: %d after %d ms", name, status, seconds * 1000)
            return response

        yield seen


def _origin_of(request: HttpRequest) -> Origin:
    """Return the door that a request comes through, and its visitor's address."""
    is_api = bool(re.match(settings.API_PATHS, request.path))
    door = API if is_api else ADMIN if request.path.startswith("/admin/") else PAGE
    forwarded, peer = request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", "")
    return Origin(door, visitor_address(forwarded, peer or ""))


class RequestIds:
    """Gives each request and socket its id before anything else: Django logs a refusal after its middleware."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        given = dict(scope["headers"]).get(trail.HEADER.lower().encode(), b"").decode("latin1")
        with trail.following(trail.Trail(trail.accepted(given))):
            await self.application(scope, receive, send)


class Sockets:
    """Counts the open sockets. Their id is only in the log: Daphne sends none of our headers when it opens them."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        began = time.monotonic()
        try:
            with SOCKETS.track_inprogress():
                await self.application(scope, receive, send)
        finally:
            logger.debug("Socket: closed after %d s", time.monotonic() - began)


async def watch_loop() -> None:
    """Measure every second how late the event loop is: everything that it serves waits as long."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY
        await asyncio.sleep(LAG_EVERY)
        LAG.observe(max(0.0, loop.time() - due))
