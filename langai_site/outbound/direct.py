"""A client for servers in the building: through no proxy, to no other address, once."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import httpx


class OneAttempt(httpx.AsyncHTTPTransport):
    """LiteLLM's handler meets the errors translated here with a second attempt, through a client that it closes before
    the answer is read. One call is one attempt, so it is given an error that it passes on.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
            raise httpx.NetworkError(str(error), request=request) from error


# A connection belongs to the event loop that opened it.
_handlers: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()


def transport() -> OneAttempt:
    """A transport of its own ignores the proxies in the environment; a live stream holds a connection each."""
    return OneAttempt(limits=httpx.Limits(max_connections=None, max_keepalive_connections=100))


def client() -> Any:  # noqa: ANN401 - LiteLLM's type, which is imported late
    """Return the loop's client for every provider but `openai/`, which has `openai_client`."""
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    loop = asyncio.get_running_loop()
    if loop not in _handlers:
        # With a transport given, the handler trusts no environment either.
        _handlers[loop] = AsyncHTTPHandler(transport=transport(), follow_redirects=False)
    return _handlers[loop]


def openai_client(url: str, key: str) -> Any:  # noqa: ANN401 - the SDK's type, which is imported late
    """Return a client of the OpenAI SDK that goes the same direct way."""
    from openai import AsyncOpenAI

    http = httpx.AsyncClient(transport=transport(), trust_env=False, follow_redirects=False)
    return AsyncOpenAI(api_key=key, base_url=url, max_retries=0, http_client=http)
