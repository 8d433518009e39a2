"""Clients for model servers: one request per call, to no other address, and not before the gate admits it.

Servers in the building are asked without a proxy.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from langai_site.outbound import bounds, gate

logger = logging.getLogger(__name__)

# A connection belongs to the event loop that opened it.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()


def client(*, direct: bool) -> Any:  # noqa: ANN401 - LiteLLM's type, which is imported late
    """Return the client for every provider but `openai/`. `direct`: use no proxy."""
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    return _cached((direct,), lambda: AsyncHTTPHandler(transport=_transport(direct), follow_redirects=False))


def openai_client(url: str, key: str, *, direct: bool) -> Any:  # noqa: ANN401 - the SDK's type, which is imported late
    """Return the client for `openai/`, which needs the OpenAI SDK's."""
    from openai import AsyncOpenAI

    def made() -> AsyncOpenAI:
        # The transport looks up proxies itself.
        http = httpx.AsyncClient(transport=_transport(direct), trust_env=False, follow_redirects=False)
        return AsyncOpenAI(api_key=key, base_url=url, max_retries=0, http_client=http)

    return _cached((direct, url, key), made)


def _cached(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - one of the two above
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if key not in clients:
        clients[key] = make()
    return clients[key]


async def close() -> None:
    """Close the running loop's connections."""
    for kept in _clients.pop(asyncio.get_running_loop(), {}).values():
        await kept.close()


def _transport(direct: bool) -> httpx.AsyncBaseTransport:
    """Return LiteLLM's own transport (httpx's costs a fifth more per token), with connections that ask the gate."""
    from aiohttp import ClientSession, DummyCookieJar

    options = {} if direct else _hosted_options()

    def session() -> ClientSession:
        # Every live answer holds a connection, so their number is not limited.
        connector = _connector_class()(limit=0, **options)
        return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trust_env=False)

    transport: httpx.AsyncBaseTransport = _transport_class(direct)(client=session)
    return transport


def prepare() -> None:
    """Load what the first client needs, such as certificates, which LiteLLM caches."""
    _hosted_options()
    for direct in (False, True):
        _transport_class(direct)
    _connector_class()


def only_ours(litellm: Any) -> None:  # noqa: ANN401 - the module
    """Keep the clients that LiteLLM makes itself from sending anything.

    For some names of models, such as `anthropic/claude-2`, it ignores the client that a call gives it. It also asks an
    Ollama at localhost about each model.
    """
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, HTTPHandler

    made_async = AsyncHTTPHandler.create_client

    def create_async(handler: Any, *args: Any, **options: Any) -> httpx.AsyncClient:  # noqa: ANN401 - LiteLLM's
        ours = handler.transport is not None
        return made_async(handler, *args, **options) if ours else httpx.AsyncClient(transport=_Refusing())

    def create(_handler: Any) -> httpx.Client:  # noqa: ANN401 - LiteLLM's
        return httpx.Client(transport=_Refusing())

    AsyncHTTPHandler.create_client = create_async  # type: ignore[method-assign, assignment]
    HTTPHandler.create_client = create  # type: ignore[method-assign, assignment]
    # The clients that it has made by now, and those that it gives to OpenAI's SDK.
    litellm.module_level_aclient.client = litellm.aclient_session = httpx.AsyncClient(transport=_Refusing())
    litellm.module_level_client.client = litellm.client_session = httpx.Client(transport=_Refusing())


class _Refusing(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Refuses every request."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        logger.debug("a request by one of LiteLLM's own clients to %s was refused", request.url.host)
        raise httpx.NetworkError("nothing is sent past the gate", request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


def _hosted_options() -> dict[str, Any]:
    """Return LiteLLM's options for hosted servers: certificates from the environment, and a longer keep-alive."""
    from litellm.constants import AIOHTTP_KEEPALIVE_TIMEOUT, AIOHTTP_TTL_DNS_CACHE
    from litellm.llms.custom_httpx.http_handler import get_ssl_configuration

    return {
        "keepalive_timeout": AIOHTTP_KEEPALIVE_TIMEOUT,
        "ttl_dns_cache": AIOHTTP_TTL_DNS_CACHE,
        "ssl": get_ssl_configuration(),
    }


@cache
def _connector_class() -> Any:  # noqa: ANN401 - a class of aiohttp's, which is imported late
    from aiohttp import ClientRequest, ClientTimeout, TCPConnector
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    class Gated(TCPConnector):
        async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109 - aiohttp's
            """Return a connection on which the request may be written now, however long it took to get one."""
            connection = await super().connect(req, traces, timeout)
            try:
                await gate.current().ask()
            except BaseException:
                # Nothing was written to it, so another call can use it.
                connection.release()
                raise
            return connection

    return Gated


@cache
def _transport_class(direct: bool) -> Any:  # noqa: ANN401 - a class of LiteLLM's, which is imported late
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport

    class Once(LiteLLMAiohttpTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            """Send the call's one request, and bound the answer.

            LiteLLM's handler repeats a request after these two errors, with its own client that it closes before the
            answer is read. So they become an error that the handler passes on.
            """
            call = gate.current()
            call.refuse_second(request)
            bounds.plainly(request)
            try:
                response = await super().handle_async_request(request)
            except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
                raise httpx.NetworkError(str(error), request=request) from error
            call.answered(response.status_code)
            bounds.bind(response, call.bound)
            return response

    class Direct(Once):
        async def _get_proxy_settings(self, request: httpx.Request) -> None:
            """Ignore proxies: the parent class would read the environment for each request."""

    return Direct if direct else Once
