"""Keeps large bodies in the file that they were received in.

Daphne would read the whole file into memory, and Django would write it to another, both in the event loop.
"""

from collections.abc import Awaitable, Callable
from typing import IO, Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

# The key in a request's ASGI scope under which a large body is kept: an open file.
BODY = "langai.body"


class ReceiveWithBody:
    """An ASGI `receive` whose messages hold no body: it is in `body`."""

    def __init__(self, receive: Callable[[], Awaitable[dict[str, Any]]], body: IO[bytes]) -> None:
        self._receive, self.body = receive, body

    async def __call__(self) -> dict[str, Any]:
        return await self._receive()


class BodyHandler(ASGIHandler):
    """Django's handler, which reads a kept body from its file and closes it at the end of the request."""

    async def handle(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        body = scope.pop(BODY, None)
        try:
            await super().handle(scope, ReceiveWithBody(receive, body) if body else receive, send)
        finally:
            if body:
                body.close()

    async def read_body(self, receive: Any) -> IO[bytes]:  # noqa: ANN401 - an ASGI callable
        if not isinstance(receive, ReceiveWithBody):
            return await super().read_body(receive)
        if (await receive())["type"] == "http.disconnect":
            raise RequestAborted
        receive.body.seek(0)
        return receive.body
