"""Telling those who watch a conversation what happens in it, in whichever process their sockets are."""

import asyncio
import logging
from typing import Any, cast
from uuid import UUID

from channels.layers import get_channel_layer

from chat.events import Event, group_of

logger = logging.getLogger(__name__)

# Before each time that the end of a reply is told: no event comes after it that would show that it was missed. A
# listener takes a second to notice that Redis is back.
END_PAUSES = (0.0, 3.0, 3.0, 6.0, 12.0)


async def publish(conversation: UUID, event: Event) -> bool:
    """Tell the watchers; whether that went well at once. A channel layer that is away costs frames, never the answer.

    Where it went well at the second attempt only, Redis was started anew: then those who listen may have missed it.
    """
    reason = ""
    for attempt in range(2):
        try:
            await get_channel_layer().group_send(group_of(conversation), cast(dict[str, Any], event))
        except Exception as error:  # the layer's client raises what it likes
            reason = type(error).__name__
        else:
            return attempt == 0
    logger.warning("an event could not be published: %s", reason)
    return False


async def publish_end(conversation: UUID, reply: UUID) -> None:
    """Tell the watchers that a reply has ended, for half a minute if need be."""
    for pause in END_PAUSES:
        await asyncio.sleep(pause)
        if await publish(conversation, {"type": "reply.done", "reply": str(reply)}):
            return
