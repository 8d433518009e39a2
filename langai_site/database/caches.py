"""The cache: how it is called, how what it keeps is hidden in Redis, and the one that counts attempts to sign in."""

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

# Seconds for which nobody waits for a Redis that did not answer. Then one caller looks whether it is back.
PAUSE = 3.0


async def reached(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - what the cache's method returns
    """Call a cache: directly where it is memory of this process, else on a thread, for it waits on a network."""
    call = getattr(caches[alias], method)
    return await sync_to_async(call, thread_sensitive=False)(*args) if settings.REDIS_URL else call(*args)


async def tried(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    """`reached` for what can be done without: None where the cache is away.

    A Redis that is away costs one call in PAUSE seconds its time, and the others none.
    """
    if not breaker.lets_through():
        return None
    if settings.REDIS_URL:
        return await sync_to_async(_attempted, thread_sensitive=False)(alias, method, *args)
    return _attempted(alias, method, *args)


def tried_now(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    """`tried` for threads that may wait."""
    return _attempted(alias, method, *args) if breaker.lets_through() else None


def _attempted(alias: str, method: str, *args: object) -> Any:  # noqa: ANN401 - as above
    try:
        result = getattr(caches[alias], method)(*args)
    except Exception as error:  # the cache's client raises what it likes
        breaker.failed(error)
        return None
    breaker.worked()
    return result


class Breaker:
    """Remembers that Redis is away, for all that asks it in this process; `without` says in the log what that means."""

    def __init__(self, without: str = "nothing is cached: the cache is away") -> None:
        self._without = without
        self._lock = threading.Lock()
        self._away = False
        self._until = 0.0

    def lets_through(self) -> bool:
        """Whether to call: always while all is well, and once in PAUSE seconds while it is not."""
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


# For what is `tried`.
breaker = Breaker()


def keyed_name(kind: str, parts: object) -> str:
    """A name for what is found by `parts`, values of JSON: an HMAC-SHA256, so that nobody can guess them from it."""
    return f"{kind}:{salted_hmac(f'langai.cache.{kind}', json.dumps(parts), algorithm='sha256').hexdigest()}"


def people(user_id: int | None) -> tuple[str, int | None]:
    """Return the part of a name that says who is given what is kept under it: one person, or with CACHE_SHARED all.

    To be given what another person asked for tells that they asked, by its speed, cost and receipt.
    """
    return ("all", None) if settings.CACHE_SHARED else ("person", user_id)


def cipher(kind: str) -> Fernet:
    """What encrypts values of that kind in Redis."""
    return _cipher(f"{kind}:{settings.SECRET_KEY}")


@lru_cache
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))


def sealed(kind: str, value: bytes) -> bytes:
    """`value` as it is to be kept: encrypted, but in the memory of this process."""
    return cipher(kind).encrypt(value) if settings.REDIS_URL else value


def opened(kind: str, kept: bytes | None) -> bytes | None:
    """What was sealed; None where nothing was, or with another key."""
    if kept is None or not settings.REDIS_URL:
        return kept
    try:
        return cipher(kind).decrypt(kept)
    except InvalidToken:
        return None


class LenientRedisCache(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """Holds nothing while Redis is away (with IGNORE_EXCEPTIONS), and then gives every lock that is asked for.

    A lock that nobody gets would refuse every sign-in as one too many.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - what the cache's own method takes
        added = super().add(*args, **kwargs)
        return True if added is None else bool(added)
