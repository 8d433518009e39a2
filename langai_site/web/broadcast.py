"""Sends a message to a channel group from synchronous code: a view on its thread, a signal, a command."""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

logger = logging.getLogger(__name__)

# The longest that a Redis that does not answer holds up the sender.
SECONDS = 3.0

# The event loop of the web process; None in every other process.
_loop: asyncio.AbstractEventLoop | None = None
_sending: set[asyncio.Task[None]] = set()


async def use_this_loop() -> None:
    """Store the running loop as the one whose sockets `send` reaches."""
    global _loop
    _loop = asyncio.get_running_loop()


def send(group: str, message: dict[str, Any]) -> None:
    """Send `message` to everyone in `group`, in every process that shares the channel layer. Never raises.

    In the web process it returns immediately. Without Redis there is only one web process, so other processes have
    nobody to send to.
    """
    if _loop is not None and not _loop.is_closed():
        _loop.call_soon_threadsafe(_start, group, message)
    elif settings.REDIS_URL:
        try:
            async_to_sync(_sent)(group, message)
        except RuntimeError as error:
            logger.warning("a message to sockets was not sent: %s", error)


def _start(group: str, message: dict[str, Any]) -> None:
    task = asyncio.get_running_loop().create_task(_sent(group, message))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


async def _sent(group: str, message: dict[str, Any]) -> None:
    try:
        await asyncio.wait_for(get_channel_layer().group_send(group, message), SECONDS)
    except Exception as error:  # the layer's client may raise any exception
        logger.warning("a message to sockets was not sent: %s", type(error).__name__)
