"""Our own clients for model servers: one request a call, written only when its gate lets it through.

Connections are kept open and used again, over HTTP/1.1 and, where a server offers it, HTTP/2. Servers in the building
are asked through no proxy.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from langai_site.outbound.gate import Gate

# Local servers close idle connections after a few seconds, and a request on one that is just being closed is lost.
LOCAL_KEEPALIVE_SECONDS = 4
HOSTED_KEEPALIVE_SECONDS = 60
MOST_IDLE_CONNECTIONS = 100
# `Patience` limits how long each step may take.
NO_TIMEOUT = httpx.Timeout(None)
HEADERS_STARTED = ("http11.send_request_headers.started", "http2.send_request_headers.started")

# A connection belongs to the event loop that opened it.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bool, httpx.AsyncClient]] = WeakKeyDictionary()


async def send(request: httpx.Request, gate: Gate, *, direct: bool) -> httpx.Response:
    """Send `request` and return the open response, whose headers have come. `direct`: no proxy may be between.

    Raises what `gate` refuses with, and httpx's errors.
    """

    async def ask(event: str, info: Mapping[str, Any]) -> None:
        # A proxy is asked for its tunnel by a request of its own, which holds nothing of the call.
        if event in HEADERS_STARTED and info["request"].method != b"CONNECT":
            # A server that ends an HTTP/2 connection makes httpcore write the request once more.
            gate.refuse_second(request)
            await gate.ask()

    request.extensions["trace"] = ask
    return await _client(direct).send(request, stream=True)


def prepare() -> None:
    """Load the certificates, which takes tens of milliseconds: not for the event loop."""
    for direct in (False, True):
        certificates(direct)


async def close() -> None:
    """End the running loop's connections."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


def _client(direct: bool) -> httpx.AsyncClient:
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if direct not in clients:
        clients[direct] = _made(direct)
    return clients[direct]


def _made(direct: bool) -> httpx.AsyncClient:
    # Every live answer holds a connection, so there is no limit of them.
    limits = httpx.Limits(
        max_connections=None,
        max_keepalive_connections=MOST_IDLE_CONNECTIONS,
        keepalive_expiry=LOCAL_KEEPALIVE_SECONDS if direct else HOSTED_KEEPALIVE_SECONDS,
    )
    return httpx.AsyncClient(
        http2=True,
        limits=limits,
        timeout=NO_TIMEOUT,
        verify=certificates(direct),
        trust_env=not direct,
        follow_redirects=False,
    )


@cache
def certificates(direct: bool) -> ssl.SSLContext:
    """Servers in the building have certificates that this machine knows, hosted ones those that the web knows."""
    return ssl.create_default_context() if direct else httpx.create_ssl_context()
