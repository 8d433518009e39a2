"""The cache that counts attempts to sign in, when it is Redis."""

from typing import Any

from django_redis.cache import RedisCache


class LenientRedisCache(RedisCache):
    """Holds nothing while Redis is away (with IGNORE_EXCEPTIONS), and then gives every lock that is asked for.

    A lock that nobody gets would refuse every sign-in as one too many.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - what the cache's own method takes
        added = super().add(*args, **kwargs)
        return True if added is None else bool(added)
