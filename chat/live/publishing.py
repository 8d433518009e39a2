"""Tells the watchers of a conversation what happens in it, in whichever process their sockets are."""

import asyncio
import logging
from typing import Any, cast
from uuid import UUID

from channels.layers import get_channel_layer

from chat.events import Event, group_of

logger = logging.getLogger(__name__)

# Pauses in seconds before each attempt to publish the end of a reply: no later event would reveal that it was missed. A
# listener takes a second to notice that Redis is back.
END_PAUSES = (0.0, 3.0, 3.0, 6.0, 12.0)


async def publish(conversation: UUID, event: Event) -> bool:
    """Tell the watchers, and return whether the first attempt worked. A broken channel layer costs frames, not answers.

    If only the second attempt worked, Redis was restarted, and listeners may have missed the event.
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


async def publish_finished(conversation: UUID, reply: UUID) -> None:
    """Tell the watchers that a reply has ended, trying for up to half a minute."""
    for pause in END_PAUSES:
        await asyncio.sleep(pause)
        if await publish(conversation, {"type": "reply.done", "reply": str(reply)}):
            return
