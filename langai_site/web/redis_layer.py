"""The channel layer of a deployment with several web processes: Redis."""

import asyncio
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels-redis has no types
    """Sends to the end although the sender is cancelled, and lets the sender know of its cancellation.

    In Redis' client one that comes just when its command is done gets lost (asyncio.wait_for, before Python 3.12): a
    task that was to end would go on for good.
    """

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.shield(self._get_layer().group_send(group, message))
