"""Live replies beside the database: snapshots, and flags that stop them, for every process of a deployment.

In Redis the snapshots are encrypted, for they hold text of any label; they expire, and go when the reply is done.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from asgiref.sync import sync_to_async
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import caches

from chat.events import Snapshot

LIFETIME = 15 * 60
STOP_LIFETIME = 60


@lru_cache
def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"live:{settings.SECRET_KEY}".encode()).digest()))


def _pack(snapshot: Snapshot) -> object:
    return _fernet().encrypt(json.dumps(snapshot).encode()) if settings.REDIS_URL else snapshot


def _unpack(value: object) -> Snapshot | None:
    return json.loads(_fernet().decrypt(value)) if isinstance(value, bytes) else value  # type: ignore[return-value]


async def _cached(method: str, *args: object) -> object:
    """Call the cache: directly where it is memory of this process, else on a thread, for it waits on a network."""
    call = getattr(caches["live"], method)
    return await sync_to_async(call, thread_sensitive=False)(*args) if settings.REDIS_URL else call(*args)


async def keep(reply: UUID, snapshot: Snapshot) -> None:
    await _cached("set", f"reply:{reply.hex}", _pack(snapshot), LIFETIME)


async def snapshot(reply: UUID) -> Snapshot | None:
    return _unpack(await _cached("get", f"reply:{reply.hex}"))


async def forget(reply: UUID) -> None:
    await _cached("delete_many", [f"reply:{reply.hex}", f"stop:{reply.hex}"])


async def ask_to_stop(reply: UUID) -> None:
    await _cached("set", f"stop:{reply.hex}", True, STOP_LIFETIME)


async def asked_to_stop(replies: Iterable[UUID]) -> set[UUID]:
    """Those of `replies` that somebody, in whichever process, asked to stop."""
    keys = {f"stop:{reply.hex}": reply for reply in replies}
    found = await _cached("get_many", list(keys)) if keys else {}
    return {keys[key] for key in found}  # type: ignore[attr-defined]
