"""Reads connections from the database into this process's copy (`known.py`). Synchronous, except `keep_fresh`."""

import asyncio
import logging
import os
import time
from pathlib import Path

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from langai_site.database.compiled_queries import CompiledQuery
from langai_site.database.writer import in_database_thread
from langai_site.outbound import parameters
from langai_site.outbound.connections import known, sealing
from langai_site.outbound.connections.kinds import EMBEDDING, FACTS, Kind
from langai_site.outbound.connections.known import Known
from langai_site.outbound.models import Connection, Model
from langai_site.sensitivity import Sensitivity
from langai_site.words import gettext_noop

logger = logging.getLogger(__name__)

# The copy may be this old.
SECONDS = 1.0
UNREADABLE = gettext_noop("its key cannot be decrypted because SECRET_KEY has changed: type the key again")
LONGEST_KEY = 10_000

_COLUMNS = (
    *("slug", "name", "kind", "provider", "address"),
    *("sealed_key", "key_variable", "extra_headers", "enabled", "listed", "embedder", "embedder_ceiling"),
)
_ALL = CompiledQuery(lambda: Connection.objects.order_by("name", "slug").values_list(*_COLUMNS))
_read_at = float("-inf")


def read() -> None:
    """Read all connections now."""
    global _read_at
    began = time.monotonic()
    rows = [_known(*row) for row in _ALL.rows()]
    known.put({one.slug: one for one in rows})
    _read_at = began


def renew() -> None:
    """Read the connections if the copy may be out of date."""
    if time.monotonic() - _read_at >= SECONDS:
        read()


def forget() -> None:
    """Make the next `renew` read: something was just saved."""
    global _read_at
    _read_at = float("-inf")


async def keep_fresh() -> None:
    """Read about once a second for as long as the web process lives."""
    while True:
        try:
            await in_database_thread(renew)
        except Exception:
            logger.exception("the connections could not be read")
        await asyncio.sleep(SECONDS)


def register() -> None:
    """Make this process notice its own changes at once, and delete models with their connection."""
    post_save.connect(_changed, Connection, dispatch_uid="connections")
    post_delete.connect(_deleted, Connection, dispatch_uid="connections")


def _changed(**_signal: object) -> None:
    forget()
    transaction.on_commit(forget)


def _deleted(instance: Connection, **_signal: object) -> None:
    Model.objects.filter(provider=instance.slug).delete()
    _changed()


def of_row(row: Connection) -> Known:
    """Return a row, saved or not, as a value."""
    return _known(*(getattr(row, column) for column in _COLUMNS))


def _known(
    slug: str,
    name: str,
    kind: str,
    provider: str,
    address: str,
    sealed_key: str,
    key_variable: str,
    extra_headers: object,
    enabled: bool,
    listed: object,
    embedder: str,
    embedder_ceiling: int,
) -> Known:
    found = Kind(kind) if kind in FACTS else Kind.COMPATIBLE
    key, problem = _key(sealed_key, key_variable)
    return Known(
        slug,
        name,
        found,
        FACTS[found].provider or provider,
        address or FACTS[found].address,
        key,
        parameters.kept_headers(extra_headers),
        bool(enabled) and kind in FACTS,
        problem,
        bool(listed),
        embedder if found in EMBEDDING else "",
        Sensitivity(embedder_ceiling),
    )


def _key(sealed: str, variable: str) -> tuple[str, str]:
    """Return the key, and why there is none although there should be."""
    if variable:
        return _key_of_environment(variable)
    try:
        return sealing.unseal(sealed), ""
    except sealing.UnreadableKeyError:
        return "", UNREADABLE


def _key_of_environment(variable: str) -> tuple[str, str]:
    """Return the value of a variable, or of the file that it names with _FILE, as for the settings."""
    if file := os.environ.get(f"{variable}_FILE"):
        try:
            with Path(file).open() as opened:
                value = opened.read(LONGEST_KEY).strip()
        except (OSError, ValueError):
            return "", f"the file that {variable}_FILE names cannot be read"
        return value, "" if value else f"the file that {variable}_FILE names is empty"
    value = os.environ.get(variable, "").strip()
    return value, "" if value else f"{variable} is not set where LangAI runs"
