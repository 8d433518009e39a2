"""Clients for servers in the building: through no proxy, to no other address, once."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import httpx

# A connection belongs to the event loop that opened it.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], Any]] = WeakKeyDictionary()


def client() -> Any:  # noqa: ANN401 - LiteLLM's type, which is imported late
    """Return the client for every provider but `openai/`."""
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    return _kept((), lambda: AsyncHTTPHandler(transport=_transport(), follow_redirects=False))


def openai_client(url: str, key: str) -> Any:  # noqa: ANN401 - the SDK's type, which is imported late
    """Return the client for `openai/`, which has the OpenAI SDK's."""
    from openai import AsyncOpenAI

    def made() -> AsyncOpenAI:
        http = httpx.AsyncClient(transport=_transport(), trust_env=False, follow_redirects=False)
        return AsyncOpenAI(api_key=key, base_url=url, max_retries=0, http_client=http)

    return _kept((url, key), made)


def _kept(key: tuple[str, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - one of the two above
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if key not in clients:
        clients[key] = make()
    return clients[key]


async def close() -> None:
    """End the running loop's connections."""
    for kept in _clients.pop(asyncio.get_running_loop(), {}).values():
        await kept.close()


def _transport() -> httpx.AsyncBaseTransport:
    """LiteLLM's own transport (httpx's costs a fifth more a token), without its proxies."""
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector

    def session() -> ClientSession:
        # Every live answer holds a connection, so there is no limit of them.
        return ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), trust_env=False)

    return _transport_class()(client=session)


@cache
def _transport_class() -> Any:  # noqa: ANN401 - a class of LiteLLM's, which is imported late
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport

    class Direct(LiteLLMAiohttpTransport):
        async def _get_proxy_settings(self, request: httpx.Request) -> None:
            """Its parent reads the environment for every request, whatever the session says."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            """LiteLLM's handler meets these two errors with a second attempt, through a client that it closes before
            the answer is read. One call is one attempt, so it is given an error that it passes on.
            """
            try:
                return await super().handle_async_request(request)
            except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
                raise httpx.NetworkError(str(error), request=request) from error

    return Direct
