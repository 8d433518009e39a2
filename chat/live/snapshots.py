"""Shares live replies outside the database: snapshots, and flags that stop them, for every process of a deployment.

In Redis the snapshots are encrypted, because they hold text of any label. They expire, or go when the reply ends.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from chat.events import Snapshot
from langai_site.database import caches
from langai_site.errors import UnavailableError

logger = logging.getLogger(__name__)

LIFETIME = 15 * 60
STOP_LIFETIME = 60

_away = False


def _sealed(value: object) -> object:
    return caches.cipher("live").encrypt(json.dumps(value).encode()) if settings.REDIS_URL else value


def _opened(value: Any) -> Any:  # noqa: ANN401 - what was sealed
    try:
        return json.loads(caches.cipher("live").decrypt(value)) if isinstance(value, bytes) else value
    except InvalidToken:
        return None


async def _cached(method: str, *args: object) -> Any:  # noqa: ANN401 - what the cache's method returns
    """Call the cache. Return None if it is away: watchers then wait for the end of an answer, which needs no cache."""
    global _away
    try:
        result = await caches.reached("live", method, *args)
    except Exception as error:  # the cache's client raises what it likes
        if not _away:
            logger.warning("live replies cannot be shared: the cache is away (%s)", type(error).__name__)
        _away = True
        return None
    _away = False
    return result


async def keep(reply: UUID, snapshot: Snapshot) -> None:
    await _cached("set", f"reply:{reply.hex}", _sealed(snapshot), LIFETIME)


async def snapshot(reply: UUID) -> Snapshot | None:
    kept: Snapshot | None = _opened(await _cached("get", f"reply:{reply.hex}"))
    return kept


async def keep_thinking(reply: UUID, thinking: str) -> None:
    """Store the thoughts so far, apart from the snapshot: they can be long, and are rarely read."""
    await _cached("set", f"thinking:{reply.hex}", _sealed(thinking), LIFETIME)


async def thinking(reply: UUID) -> str | None:
    """Return a live reply's thoughts, as of about a second ago; None if they are not known here."""
    value = _opened(await _cached("get", f"thinking:{reply.hex}"))
    return value if isinstance(value, str) else None


async def forget(reply: UUID) -> None:
    await _cached("delete_many", [f"{kind}:{reply.hex}" for kind in ("reply", "thinking", "stop")])


async def ask_to_stop(reply: UUID) -> None:
    """Ask the process that runs `reply` to stop it. Raises UnavailableError if it cannot be told."""
    await _cached("set", f"stop:{reply.hex}", True, STOP_LIFETIME)
    if _away:
        raise UnavailableError(_("The answer cannot be stopped right now. Try again in a moment."))


async def asked_to_stop(replies: Sequence[UUID]) -> set[UUID]:
    """Return those of `replies` that somebody asked to stop, in any process."""
    keys = {f"stop:{reply.hex}": reply for reply in replies}
    found = await _cached("get_many", list(keys)) if keys else None
    return {keys[key] for key in found or ()}
