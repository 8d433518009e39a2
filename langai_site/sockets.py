"""Sockets are opened by our own pages only: a browser sends the page's origin, and a page elsewhere cannot forge it."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def is_same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether the Origin header names the host that was asked, or a trusted one. No Origin is no browser: refused."""
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


class SocketConsumer(AsyncWebsocketConsumer):
    """A consumer whose database work is done by `write`, on a thread that looks after its own connection.

    Channels would close old connections before every event, so for every frame: a hop to a thread and back each.
    """

    async def dispatch(self, message: dict[str, Any]) -> None:
        await getattr(self, get_handler_name(message))(message)
