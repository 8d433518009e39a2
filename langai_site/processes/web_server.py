"""The web process: Daphne, with a shutdown that lets live answers finish."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from django.urls import get_resolver
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.tcp import Port
from twisted.python.failure import Failure

from langai_site import registry
from langai_site.processes import ports
from langai_site.telemetry import tracing
from langai_site.web.back_pressure import PacedRequest
from langai_site.web.connections import cut_slow
from langai_site.web.request_limit import LimitedRequest, limit_requests

logger = logging.getLogger(__name__)

SERVICE_PAUSE = 5.0
# By then the clients that are loaded in the background are in memory, too.
SECOND_FREEZE = 20.0
# Seconds for which a thread that draws or reads may keep the interpreter while the event loop waits for it. With
# Python's default of five milliseconds, each hop of a request would wait that long.
SWITCH_INTERVAL = 0.001
OPEN_FILES = 65_536
WebSocketFactory = Any


class DrainingServer(Server):  # type: ignore[misc]  # Daphne has no types
    """On SIGTERM: stops listening, awaits the registered drains, ends services and connections, then exits."""

    def run(self) -> None:
        self.ports: list[Port] = []
        self.services: list[asyncio.Task[None]] = []
        self.failed = False
        super().run()

    def listen_success(self, port: Port) -> None:
        self.ports.append(port)
        super().listen_success(port)

    def listen_error(self, failure: Failure) -> None:
        self.failed = True
        sys.stderr.write(f"{ports.trouble(settings.HOST, settings.PORT) or failure.getErrorMessage()}\n")
        self.stop()

    def start_services(self) -> None:
        compress_sockets(self.ws_factory)
        limit_requests(self)
        services = {**registry.web_services, "cutting slow connections": cut_slow}
        self.services = [asyncio.ensure_future(_keep(*item)) for item in services.items()]
        spare_collector()

    def create_application(self, protocol: object, scope: dict[str, Any]) -> object:
        if isinstance(protocol, LimitedRequest):
            protocol.hand_over(scope)
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: object, message: dict[str, Any]) -> None:
        """Return when the connection has room for more, so that a long response is sent at its reader's pace."""
        await super().handle_reply(protocol, message)
        if isinstance(protocol, PacedRequest) and message["type"] == "http.response.body":
            await protocol.room()

    def kill_all_applications(self) -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Stop step by step. Errors are logged, because Twisted drops exceptions from here."""
        for name, step in {"listening": self._stop_listening, "drains": _drain, "tasks": self._cancel_tasks}.items():
            try:
                await step()
            except Exception:
                logger.exception("Stopping failed: %s", name)

    async def _stop_listening(self) -> None:
        loop = asyncio.get_running_loop()
        for port in self.ports:
            if stopped := port.stopListening():
                await stopped.asFuture(loop)

    async def _cancel_tasks(self) -> None:
        connections = [details.get("application_instance") for details in self.connections.values()]
        tasks = [task for task in (*self.services, *connections) if task is not None and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=5)


async def _drain() -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.STOP_GRACE
    for name, drain in registry.web_drains.items():
        try:
            await drain(max(0.0, deadline - loop.time()))
        except Exception:
            logger.exception("Draining failed: %s", name)


async def _keep(name: str, service: Callable[[], Awaitable[None]]) -> None:
    """Run `service`, again after a pause whenever it fails."""
    while True:
        try:
            return await service()
        except Exception:
            logger.exception("%s failed; it starts again in %.0f s", name, SERVICE_PAUSE)
            await asyncio.sleep(SERVICE_PAUSE)


def spare_collector() -> None:
    """Hide loaded objects from the garbage collector: traversing all of them stops every thread for 200 ms.

    Called while the reactor starts, when asyncio has no running loop yet.
    """
    gc.freeze()
    reactor.callLater(SECOND_FREEZE, gc.freeze)  # type: ignore[arg-type]


def compress_sockets(factory: WebSocketFactory) -> None:
    """Accept permessage-deflate: a growing paragraph that is sent again and again shrinks to its new words."""

    def accept(offers: list[object]) -> PerMessageDeflateOfferAccept | None:
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(offer)
        return None

    factory.setProtocolOptions(perMessageCompressionAccept=accept)


def _application() -> Callable[..., Any]:
    from langai_site.asgi import application

    # Load every address and view now, not while the first visitor waits.
    _ = get_resolver().url_patterns
    return application


def raise_file_limit() -> None:
    """Allow as many open files as the system permits: each connection is one, and the usual 1,024 are soon used up."""
    with suppress(ImportError, OSError, ValueError):  # some systems have no such limits
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        enough = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        if soft != resource.RLIM_INFINITY and soft < enough:
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def serve() -> None:
    """Serve until SIGTERM or SIGINT; does not return."""
    logging.captureWarnings(True)
    sys.setswitchinterval(SWITCH_INTERVAL)
    raise_file_limit()
    tracing.start()
    server: DrainingServer = DrainingServer(
        application=_application(),
        endpoints=build_endpoint_description_strings(host=settings.HOST, port=settings.PORT),
        ready_callable=lambda: reactor.callWhenRunning(server.start_services),
        verbosity=0,
        server_name="",
    )
    server.run()
    tracing.stop()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    status: Literal[0, 1] = 1 if server.failed else 0
    # Threads of client libraries can delay the interpreter's own exit for minutes.
    os._exit(status)
