"""Pure: the caches and the channel layer: in Redis if there is one, otherwise in the memory of the one web process."""

from typing import Any

Settings = dict[str, dict[str, Any]]

# Separate aliases, so that a full cache of one kind never evicts another's entries.
ALIASES = ("default", "live", "limits", "resting", "answers")
MEMORY: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
# Whole answers and vectors are large: some tens of megabytes of each at most.
FEW = {"MAX_ENTRIES": 5_000}
# Members expire only to make up for lost ones; a page may stay open for weeks.
GROUP_EXPIRY_SECONDS = 60 * 60 * 24 * 30


def caches(redis_url: str) -> Settings:
    """Return the setting CACHES. Vectors of a process's embedder stay in its memory: Redis would take as long."""
    vectors = {**MEMORY, "LOCATION": "vectors", "OPTIONS": FEW}
    if not redis_url:
        found = {alias: {**MEMORY, "KEY_PREFIX": alias, "LOCATION": alias} for alias in ALIASES}
        return found | {"answers": found["answers"] | {"OPTIONS": FEW}, "vectors": vectors}
    redis: dict[str, Any] = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": redis_url,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 2},
    }
    found = {alias: {**redis, "KEY_PREFIX": alias} for alias in ALIASES}
    # It counts attempts to sign in: people can sign in while Redis is unavailable, though nothing is counted then.
    lenient = {
        "BACKEND": "langai_site.database.caches.LenientRedisCache",
        "OPTIONS": {**redis["OPTIONS"], "IGNORE_EXCEPTIONS": True},
    }
    return found | {"default": found["default"] | lenient, "vectors": vectors}


def channel_layers(redis_url: str, secret_key: str) -> Settings:
    """Return the setting CHANNEL_LAYERS. What goes through Redis is encrypted."""
    if not redis_url:
        memory = "langai_site.web.memory_layer.MemoryLayer"
        return {"default": {"BACKEND": memory, "CONFIG": {"group_expiry": GROUP_EXPIRY_SECONDS}}}
    config = {"hosts": [redis_url], "prefix": "langai", "symmetric_encryption_keys": [secret_key]}
    return {"default": {"BACKEND": "langai_site.web.redis_layer.RedisLayer", "CONFIG": config}}
