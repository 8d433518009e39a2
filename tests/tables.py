"""Databases with all tables and nobody in them, to be copied: all migrations together take 12 seconds of CPU.

That of SQLite, and a dump of that of PostgreSQL, are kept from one run to the next, until a migration or a dependency
changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock
from psycopg import sql

from tests.servers import POSTGRES_PROGRAMS, Postgres
from tests.shared import ROOT, environment_without_own, manage

KEPT = ROOT / ".test_tables"
APPS = ("chat", "documents", "langai_site", "search")
TEMPLATE = "langai_tables"


def tables_of_now() -> Path:
    """Return the SQLite file that the present migrations make; it is only read."""
    KEPT.mkdir(exist_ok=True)
    file = KEPT / f"{_fingerprint()}.sqlite3"
    with FileLock(KEPT / "lock"):
        if not file.exists():
            _forget_earlier("*.sqlite3")
            with tempfile.TemporaryDirectory(dir=KEPT) as folder:
                manage(Path(folder), "migrate", "--verbosity", "0")
                shutil.move(Path(folder) / "langai.sqlite3", file)
    return file


def _forget_earlier(pattern: str) -> None:
    for earlier in KEPT.glob(pattern):
        earlier.unlink()


def _fingerprint() -> str:
    """Name what decides how the tables look: our migrations, and those of the packages."""
    files = [file for app in APPS for file in (ROOT / app).rglob("migrations/*.py")]
    digest = hashlib.sha256()
    for file in (ROOT / "requirements.lock", *sorted(files)):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def make_postgres_tables(server: Postgres) -> None:
    """Make the database that `copy_postgres_tables` copies."""
    with psycopg.connect(server.url, autocommit=True) as database:
        database.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    fill_postgres(server, TEMPLATE)


def fill_postgres(server: Postgres, name: str) -> None:
    """Put all tables into an empty database, from the dump of an earlier one where there is one."""
    KEPT.mkdir(exist_ok=True)
    dump = KEPT / f"{_fingerprint()}.{POSTGRES_PROGRAMS[-1].parent.name}.sql"
    with FileLock(KEPT / "lock.postgres"):
        if not dump.exists():
            _forget_earlier("*.sql")
            _migrate(server.url_of(name))
            made = dump.with_suffix(".made")
            _run("pg_dump", "--no-owner", "--file", str(made), server.url_of(name))
            made.rename(dump)
            return
    _run("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file", str(dump), server.url_of(name))


def _migrate(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = environment_without_own() | {"DATA_DIR": folder, "DATABASE_URL": url}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _run(program: str, *options: str) -> None:
    subprocess.run([POSTGRES_PROGRAMS[-1] / program, *options], check=True, stdout=subprocess.DEVNULL)


def copy_postgres_tables(connection: Any) -> None:
    """Make the test database out of TEMPLATE; on a server without that, leave its making to Django."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            names = {"copy": connection.creation._get_test_db_name(), "tables": TEMPLATE}
            quoted = {each: sql.Identifier(name) for each, name in names.items()}
            server.execute(sql.SQL("CREATE DATABASE {copy} TEMPLATE {tables}").format(**quoted))
