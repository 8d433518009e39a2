"""The channel layer of a deployment with several web processes: Redis."""

import asyncio
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # channels-redis has no types
    """Completes a send even if the sender is cancelled, then passes the cancellation on to the sender.

    Redis' client loses a cancellation that comes just when its command is done (asyncio.wait_for, before Python 3.12):
    a task that should end would then run forever.
    """

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.shield(self._get_layer().group_send(group, message))
