"""Our own clients for model servers: one request per call, written only if its gate admits it.

Connections are kept open and reused, over HTTP/1.1 and, if a server offers it, HTTP/2. Servers in the building are
asked without a proxy.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from langai_site.outbound.gate import Gate

# Local servers close idle connections after a few seconds, and a request on a connection that is closing is lost.
LOCAL_KEEPALIVE_SECONDS = 4
HOSTED_KEEPALIVE_SECONDS = 60
MOST_IDLE_CONNECTIONS = 100
# `Patience` limits how long each step may take.
NO_TIMEOUT = httpx.Timeout(None)
HEADERS_STARTED = ("http11.send_request_headers.started", "http2.send_request_headers.started")

# A connection belongs to the event loop that opened it.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[bool, httpx.AsyncClient]] = WeakKeyDictionary()


async def send(request: httpx.Request, gate: Gate, *, direct: bool) -> httpx.Response:
    """Send `request` and return the open response once its headers have come. `direct`: use no proxy.

    Raises what `gate` refuses with, and httpx's errors.
    """

    async def ask(event: str, info: Mapping[str, Any]) -> None:
        # The request that asks a proxy for a tunnel contains nothing of the call.
        if event in HEADERS_STARTED and info["request"].method != b"CONNECT":
            # If a server ends an HTTP/2 connection, httpcore writes the request once more.
            gate.refuse_second(request)
            await gate.ask()

    request.extensions["trace"] = ask
    return await _client(direct).send(request, stream=True)


def prepare() -> None:
    """Load the certificates. Takes tens of milliseconds, so call it off the event loop."""
    for direct in (False, True):
        certificates(direct)


async def close() -> None:
    """Close the running loop's connections."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


def _client(direct: bool) -> httpx.AsyncClient:
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if direct not in clients:
        clients[direct] = _made(direct)
    return clients[direct]


def _made(direct: bool) -> httpx.AsyncClient:
    # Every live answer holds a connection, so their number is not limited.
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
    """Return the trusted certificates: for servers in the building this machine's, for hosted ones the web's."""
    return ssl.create_default_context() if direct else httpx.create_ssl_context()
