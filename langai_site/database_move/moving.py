"""`manage.py move_database`: one transaction of the new database, so that an interrupted move leaves it empty."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dj_database_url
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from langai_site import env, folders
from langai_site.database_move.rows import (
    MoveError,
    TableSum,
    copy_table,
    reset_sequences,
    stored_models,
    sum_table,
)
from langai_site.models import Heartbeat
from langai_site.telemetry.health import HEARTBEAT_FRESH

TARGET = "move_target"


def move(url: str, tell: Callable[[str], object]) -> dict[str, TableSum]:
    """Copy everything to the database at `url`, compare every value, and return the sums by table.

    LangAI must be stopped. The database in use stays as it is. Raises MoveError.
    """
    values = _parsed(url)
    with _standstill():
        _require_current()
        tell("Preparing the tables of the new database …")
        _manage(url, "migrate", "--verbosity=0", problem="The new database cannot be prepared")
        with _connected(values):
            _require_empty()
            sums = _copy(tell)
    tell("Verifying the ledger in the new database …")
    _manage(url, "verify_ledger", problem="The ledger in the new database is not whole")
    return sums


def _parsed(url: str) -> dict[str, Any]:
    try:
        values = dict(env.known_database(dict(dj_database_url.parse(url))))
    except (ValueError, KeyError, ImproperlyConfigured):
        raise MoveError(
            "The address must be such as postgresql://user:password@host/name, or sqlite:////folder/langai.sqlite3."
        ) from None
    here = connection.settings_dict
    if all(str(here.get(name) or "") == str(values.get(name) or "") for name in ("ENGINE", "NAME", "HOST", "PORT")):
        raise MoveError("This is the database in use. Name another one.")
    return values


@contextmanager
def _standstill() -> Iterator[None]:
    """Make sure that nothing else uses the database in use."""
    try:
        with folders.exclusive_lock(settings.DATA_DIR / "run.lock"):
            if Heartbeat.objects.filter(beat_at__gte=timezone.now() - HEARTBEAT_FRESH).exists():
                raise MoveError("A worker is running. Stop all of LangAI, wait a minute, and run the command again.")
            yield
    except BlockingIOError:
        raise MoveError(f"LangAI is running on {settings.DATA_DIR}. Stop it first.") from None


def _require_current() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MoveError("The database in use is not up to date. Run manage.py setup first.")


def _manage(url: str, *command: str, problem: str) -> None:
    """Run a command on the new database: in a process of its own, because migrations use the default one."""
    line = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise MoveError(f"{problem}: {said[-1] if said else 'it gave no reason'}")


@contextmanager
def _connected(values: dict[str, Any]) -> Iterator[None]:
    """Make the new database known as TARGET."""
    own = {**values, "OPTIONS": {**env.database_options(values["ENGINE"]), **values.get("OPTIONS", {})}}
    own["OPTIONS"].pop("pool", None)
    connections.databases[TARGET] = connections.configure_settings({DEFAULT_DB_ALIAS: own})[DEFAULT_DB_ALIAS]
    try:
        yield
    finally:
        connections[TARGET].close()
        del connections[TARGET]
        del connections.databases[TARGET]


def _require_empty() -> None:
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {get_user_model()._meta.db_table} LIMIT 1")  # noqa: S608
        if cursor.fetchone():
            raise MoveError("The new database already has accounts. Name an empty one.")


def _copy(tell: Callable[[str], object]) -> dict[str, TableSum]:
    copied = stored_models()
    try:
        with _unchanging(copied), transaction.atomic(using=TARGET):
            _clear(copied)
            sums = {}
            for model in copied:
                table = model._meta.db_table
                sums[table] = copy_table(model, TARGET)
                if sums[table].rows:
                    tell(f"{table}: {sums[table].rows:,} rows")
            reset_sequences(copied, TARGET)
            tell("Comparing …")
            _require_equal(copied, sums)
    except Error as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise MoveError(f"The move failed and changed nothing: {reason}. Run the command again.") from error
    return sums


@contextmanager
def _unchanging(copied: Sequence[type[models.Model]]) -> Iterator[None]:
    """Keep everybody from writing to the database in use. With SQLite each transaction does so."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in copied)
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
        yield


def _clear(copied: Sequence[type[models.Model]]) -> None:
    """Delete what the migrations have put into the new database: it comes from the old one, too."""
    with connections[TARGET].cursor() as cursor:
        for model in copied:
            cursor.execute(f"DELETE FROM {connections[TARGET].ops.quote_name(model._meta.db_table)}")  # noqa: S608


def _require_equal(copied: Sequence[type[models.Model]], sums: dict[str, TableSum]) -> None:
    for model in copied:
        table = model._meta.db_table
        if sum_table(model, TARGET) != sums[table]:
            raise MoveError(f"The copy of {table} differs from the original, so nothing was kept. Report this.")
