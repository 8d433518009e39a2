"""What is in the cache: how it is called from the event loop, and the one that counts attempts to sign in."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import caches
from django_redis.cache import RedisCache


async def reached(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - what the cache's method returns
    """Call a cache: directly where it is memory of this process, else on a thread, for it waits on a network."""
    call = getattr(caches[alias], method)
    return await sync_to_async(call, thread_sensitive=False)(*args) if settings.REDIS_URL else call(*args)


class LenientRedisCache(RedisCache):
    """Holds nothing while Redis is away (with IGNORE_EXCEPTIONS), and then gives every lock that is asked for.

    A lock that nobody gets would refuse every sign-in as one too many.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - what the cache's own method takes
        added = super().add(*args, **kwargs)
        return True if added is None else bool(added)
