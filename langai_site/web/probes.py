"""The first address for programs, and the probes for operators: is LangAI alive, is it ready."""

import asyncio

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from langai_site.telemetry.health import in_thread

# Once true it stays true in this process: migrations that are applied stay so.
_migrated = False


def wants_json(request: HttpRequest) -> bool:
    """Return whether JSON is preferred to a page; a request that accepts anything gets the page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


@never_cache
@login_not_required
async def live(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive. It checks nothing else, so that an unavailable database causes no restarts."""
    return JsonResponse({"status": "alive"})


@never_cache
@login_not_required
async def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether requests can be sent here: the database answers, and no migration is pending. Otherwise 503."""
    reason = await asyncio.shield(in_thread(_not_ready))
    if reason:
        return JsonResponse({"status": "not ready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


def _not_ready() -> str:
    try:
        if _is_migrated():
            connection.ensure_connection()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return ""
        return "migrations are pending"
    except DatabaseError:
        return "the database does not answer"
    finally:
        connection.close()


def _is_migrated() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
