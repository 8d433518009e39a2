"""Checks of database, clock, cache, channel layer and worker: what all processes of a deployment share."""

import asyncio
import secrets
from datetime import UTC, datetime

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from langai_site.models import Heartbeat
from langai_site.registry import DoctorFinding, Verdict
from langai_site.telemetry.health import HEARTBEAT_FRESH

CONNECT_SECONDS = 3
# Leases are written by one machine's clock and read by another's; the shortest is 20 s.
SKEW_TOLD, SKEW_TOO_LARGE = 1.0, 5.0


def database() -> DoctorFinding:
    """Check that the database answers and has every table as this version needs it."""
    _reach_postgresql()
    pending = _pending_migrations()
    if pending:
        return DoctorFinding("fail", f"{_version()}; {pending} migrations are pending", "Run manage.py setup.")
    return DoctorFinding("ok", _version())


def _reach_postgresql() -> None:
    """Connect without the pool, which does not say why it gets no connection."""
    if connection.vendor == "postgresql":
        import psycopg

        psycopg.connect(**connection.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}).close()


def _pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _version() -> str:
    connection.ensure_connection()
    return f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"


def clock() -> DoctorFinding:
    """Check that this machine's clock agrees with the database's."""
    if connection.vendor == "sqlite":
        return DoctorFinding("ok", "the database is on this machine")
    skew = abs((_database_time() - datetime.now(UTC)).total_seconds())
    status: Verdict = "fail" if skew > SKEW_TOO_LARGE else "warn" if skew > SKEW_TOLD else "ok"
    return DoctorFinding(status, f"{skew:.1f} s away from the database's", _CLOCK_ADVICE if status != "ok" else "")


_CLOCK_ADVICE = "Run a time service (NTP) on every machine: a lease must not run out before its time."


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        # The time when the statement began, not the transaction.
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def cache() -> DoctorFinding:
    """Check that the cache returns what was put into it."""
    # Not the default one: it hides that Redis is unavailable.
    shared, key, value = caches["live"], f"doctor:{secrets.token_hex(8)}", secrets.token_hex(8)
    shared.set(key, value, 60)
    kept = shared.get(key) == value
    shared.delete(key)
    if not kept:
        return DoctorFinding("fail", "it does not keep what it is given", "Look at Redis's memory limit and its log.")
    if settings.REDIS_URL:
        return DoctorFinding("ok", "Redis wrote, read and deleted an entry")
    return DoctorFinding("ok", "memory of the one web process; with several of them set REDIS_URL")


def channel_layer() -> DoctorFinding:
    """Check that an event reaches a listener, as open pages are."""
    if not asyncio.run(_round_trip()):
        return DoctorFinding(
            "fail", "an event did not come back", "Look at Redis's log; restart it if it is out of memory."
        )
    return DoctorFinding("ok", "an event was sent and came back")


async def _round_trip() -> bool:
    layer, group, value = get_channel_layer(), f"doctor.{secrets.token_hex(8)}", secrets.token_hex(8)
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    try:
        await layer.group_send(group, {"type": "doctor", "value": value})
        async with asyncio.timeout(CONNECT_SECONDS):
            return bool((await layer.receive(channel))["value"] == value)
    except TimeoutError:
        return False
    finally:
        await layer.group_discard(group, channel)


def worker() -> DoctorFinding:
    """Check for a recent heartbeat."""
    alive = Heartbeat.objects.filter(beat_at__gte=timezone.now() - HEARTBEAT_FRESH).count()
    if not alive:
        advice = "Start LangAI (manage.py run), or manage.py worker where its processes are started one by one."
        return DoctorFinding("fail", f"none wrote within {HEARTBEAT_FRESH.seconds} s that it lives", advice)
    return DoctorFinding("ok", f"{alive} at work")
