"""Dumps the database while LangAI runs, and loads a dump into an empty one: SQLite and PostgreSQL."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.recorder import MigrationRecorder

from langai_site import stored_data
from langai_site.backup.archive import BackupError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
MEMBERS = {SQLITE: "database.sqlite3", POSTGRESQL: "database.dump"}
# PostgreSQL's own variables, by ours.
_PLACES = {"HOST": "HOST", "PORT": "PORT", "USER": "USER", "DATABASE": "NAME"}
_END = "SELECT sequence, hash FROM {} ORDER BY sequence DESC LIMIT 1"
# Runs one statement and returns its rows.
Ask = Callable[[str], list[Any]]


@dataclass(frozen=True)
class Contents:
    """What a database holds: migrations, rows by table, and the last seal of the ledger's chain."""

    migrations: list[str]
    counts: dict[str, int]
    sequence: int
    head: str


def dump(path: Path) -> Contents:
    """Write the database to `path` as it is at one moment, and return what it holds then."""
    return _dump_sqlite(path) if connection.vendor == SQLITE else _dump_postgresql(path)


def load(path: Path) -> None:
    """Replace the database, which must be empty, by a dump of the same kind."""
    if connection.vendor == SQLITE:
        _load_sqlite(path)
    else:
        _load_postgresql(path)


def contents() -> Contents:
    """Return what the database holds now."""

    def ask(statement: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    return _contents(ask, set(connection.introspection.table_names()))


def check_dump(path: Path, engine: str) -> Contents | None:
    """Open a dump without loading it. Returns its contents if the format shows them. Raises BackupError."""
    if engine == SQLITE:
        return _contents_of_file(path)
    _run([_program("pg_restore"), "--list", str(path)], "The dump of PostgreSQL in the backup cannot be read")
    return None


def is_empty() -> bool:
    """Return whether nobody has used this database yet."""
    table = get_user_model()._meta.db_table
    if table not in connection.introspection.table_names():
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
        return cursor.fetchone() is None


def _contents(ask: Ask, existing: set[str]) -> Contents:
    tables = sorted(existing & set(connection.introspection.django_table_names(only_existing=False)))
    counts = {name: ask(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")[0][0] for name in tables}  # noqa: S608
    # A backup of an older version may not have all of them.
    sealing = [name for name in stored_data.sealed_chains["ledger"].tables if name in tables]
    ends = [row for name in sealing for row in ask(_END.format(connection.ops.quote_name(name)))]
    recorder = MigrationRecorder.Migration._meta.db_table
    applied = ask(f"SELECT app, name FROM {recorder}") if recorder in existing else []  # noqa: S608
    sequence, head = max(ends, default=(0, ""))
    return Contents(sorted(f"{app}.{name}" for app, name in applied), counts, sequence, head)


def _dump_sqlite(path: Path) -> Contents:
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        # In one step: others go on writing to the log meanwhile, and the copy is of one moment.
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    path.chmod(0o600)
    return _contents_of_file(path)


def _contents_of_file(path: Path) -> Contents:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise BackupError(f"The copy of the database is damaged: {found}. Run PRAGMA integrity_check on it.")
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return _contents(lambda statement: copy.execute(statement).fetchall(), tables)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The copy of the database cannot be read: {error}.") from error


def _load_sqlite(path: Path) -> None:
    place = Path(connection.settings_dict["NAME"])
    connection.close()
    for ending in ("-wal", "-shm", "-journal"):
        Path(f"{place}{ending}").unlink(missing_ok=True)
    # It may be on another disk than the folder of the dump.
    arriving = place.with_name(f"{place.name}.arriving")
    shutil.copyfile(path, arriving)
    arriving.chmod(0o600)
    os.replace(arriving, place)


def _dump_postgresql(path: Path) -> Contents:
    program = _program("pg_dump")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        # Counted in the same snapshot that is dumped.
        found = contents()
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={path}"]
        _run([program, *options], "pg_dump failed")
    return found


def _load_postgresql(path: Path) -> None:
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--clean", "--if-exists"]
    name = connection.settings_dict["NAME"]
    _run([_program("pg_restore"), *options, f"--dbname={name}", str(path)], "pg_restore failed")
    connection.close()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"The program {name} is missing. Install PostgreSQL's client, such as postgresql-client.")
    return found


def _run(command: list[str], problem: str) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise BackupError(f"{problem}: {lines[0] if lines else 'it gave no reason'}.")


def _environment() -> dict[str, str]:
    """Return how PostgreSQL's programs reach the database. A password in an argument would be visible to others."""
    values = connection.settings_dict
    if connection.vendor != POSTGRESQL:
        return dict(os.environ)
    _arguments, own = DatabaseClient.settings_to_cmd_args_env(values, [])
    places = {f"PG{name}": values[key] for name, key in _PLACES.items()}
    return {**os.environ, **(own or {}), **{name: str(value) for name, value in places.items() if value}}


def secret_fingerprint(secret: str) -> str:
    """Return a value that two secrets share only if they are the same, and that does not reveal them."""
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), b"langai.backup", 100_000).hex()[:32]
