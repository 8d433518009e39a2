"""Allows only our own pages to open sockets, and limits their number: each takes memory of its process.

A browser sends the page's origin, and a page elsewhere cannot forge it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

# A page asks whether its socket is alive: a network that is gone closes none. See static/socket.js.
PING, PONG = "ping", "pong"

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def is_same_origin(headers: dict[bytes, bytes]) -> bool:
    """Return whether the Origin header names the requested host, or a trusted one. Requests without it are refused."""
    origin = headers.get(b"origin", b"").decode("latin1")
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and (
        host == headers.get(b"host", b"").decode("latin1") or origin in settings.CSRF_TRUSTED_ORIGINS
    )


class SameOrigin:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        if is_same_origin(dict(scope["headers"])):
            return await self.application(scope, receive, send)
        await send({"type": "websocket.close", "code": 4403})


async def no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
    """Close a socket that was opened at an unknown address. Channels would raise an exception for the log each time."""
    await send({"type": "websocket.close", "code": 4404})


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """A consumer whose database work is done by `in_database_thread`, on a thread that maintains its own connection.

    Channels would close old connections before every event, so for every frame: a hop to a thread and back each.
    """

    seat = 0
    # How many sockets each person has open in this process.
    _taken: Counter[int] = Counter()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        try:
            await super().__call__(scope, receive, send)
        finally:
            # However it ended: a socket that failed is not reported as disconnected.
            self._leave()

    def take_seat(self, user_id: int) -> bool:
        """Return whether the person may open this socket, by SOCKETS_PER_USER; if so, it counts from now on."""
        if settings.SOCKETS_PER_USER and self._taken[user_id] >= settings.SOCKETS_PER_USER:
            return False
        self.seat = user_id
        self._taken[user_id] += 1
        return True

    def _leave(self) -> None:
        if self.seat:
            self._taken[self.seat] -= 1
            if not self._taken[self.seat]:
                del self._taken[self.seat]
            self.seat = 0

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a page that asks whether the socket is alive; ignore everything else."""
        if text_data == PING:
            await self.send(text_data=PONG)

    async def dispatch(self, message: dict[str, Any]) -> None:
        await getattr(self, get_handler_name(message))(message)
