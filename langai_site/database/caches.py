"""The cache: calling it, hiding its contents in Redis, and the variant that counts attempts to sign in."""

import base64
import hashlib
import json
import logging
import threading
import time
from functools import lru_cache
from typing import Any

from asgiref.sync import sync_to_async
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.cache import caches
from django.utils.crypto import salted_hmac
from django_redis.cache import RedisCache

logger = logging.getLogger(__name__)

# Seconds for which no call waits for a Redis that did not answer. Then one call checks whether it is back.
PAUSE = 3.0


async def reached(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - what the cache's method returns
    """Call a cache: directly if it is this process's memory, otherwise on a thread, because it waits for a network."""
    call = getattr(caches[alias], method)
    return await sync_to_async(call, thread_sensitive=False)(*args) if settings.REDIS_URL else call(*args)


async def tried(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    """Call a cache like `reached`, for optional work: return None if the cache is unavailable.

    An unavailable Redis delays one call in PAUSE seconds, and the others not at all.
    """
    if not breaker.lets_through():
        return None
    if settings.REDIS_URL:
        return await sync_to_async(_attempted, thread_sensitive=False)(alias, method, *args)
    return _attempted(alias, method, *args)


def tried_now(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    """Call a cache like `tried`, from a thread that may wait."""
    return _attempted(alias, method, *args) if breaker.lets_through() else None


def _attempted(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    try:
        result = getattr(caches[alias], method)(*args)
    except Exception as error:  # the cache's client may raise any exception
        breaker.failed(error)
        return None
    breaker.worked()
    return result


class Breaker:
    """A circuit breaker for Redis in this process; `without` is the log message about what does not work then."""

    def __init__(self, without: str = "nothing is cached: the cache is away") -> None:
        self._without = without
        self._lock = threading.Lock()
        self._away = False
        self._until = 0.0

    def lets_through(self) -> bool:
        """Return whether to call: always while Redis works, and once in PAUSE seconds while it does not."""
        with self._lock:
            if self._away and time.monotonic() < self._until:
                return False
            self._until = time.monotonic() + PAUSE
            return True

    def failed(self, error: Exception) -> None:
        with self._lock:
            is_news, self._away = not self._away, True
            self._until = time.monotonic() + PAUSE
        if is_news:
            logger.warning("%s (%s)", self._without, type(error).__name__)

    def worked(self) -> None:
        with self._lock:
            is_news, self._away = self._away, False
        if is_news:
            logger.info("the cache is back")


# The breaker of `tried` and `tried_now`.
breaker = Breaker()


def keyed_name(kind: str, parts: object) -> str:
    """Return a name for the entry of `parts`, JSON values: an HMAC-SHA256, so that nobody can guess them from it."""
    return f"{kind}:{salted_hmac(f'langai.cache.{kind}', json.dumps(parts), algorithm='sha256').hexdigest()}"


def people(user_id: int | None) -> tuple[str, int | None]:
    """Return the part of a name that says who may read the entry: one person, or everybody with CACHE_SHARED.

    A cached answer reveals that another person asked the same, by its speed, cost and receipt.
    """
    return ("all", None) if settings.CACHE_SHARED else ("person", user_id)


def cipher(kind: str) -> Fernet:
    """Return the cipher for values of that kind in Redis."""
    return _cipher(f"{kind}:{settings.SECRET_KEY}")


@lru_cache
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))


def sealed(kind: str, value: bytes) -> bytes:
    """Return `value` as it is stored: encrypted, except in the memory of this process."""
    return cipher(kind).encrypt(value) if settings.REDIS_URL else value


def opened(kind: str, kept: bytes | None) -> bytes | None:
    """Return what was sealed; None if nothing was, or with another key."""
    if kept is None or not settings.REDIS_URL:
        return kept
    try:
        return cipher(kind).decrypt(kept)
    except InvalidToken:
        return None


class LenientRedisCache(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """Holds nothing while Redis is unavailable (with IGNORE_EXCEPTIONS), and then grants every lock.

    Otherwise, without locks, every sign-in would be refused as one too many.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - what the cache's own method takes
        added = super().add(*args, **kwargs)
        return True if added is None else bool(added)
