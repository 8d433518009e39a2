"""Databases with all tables and nobody in them, to be copied: all migrations together take 12 seconds of CPU.

That of SQLite is kept from one run to the next, until a migration or a dependency changes. That of PostgreSQL belongs
to its server, which `tests.on_postgres` starts.
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

from tests.servers import Postgres
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
            for earlier in KEPT.glob("*.sqlite3"):
                earlier.unlink()
            with tempfile.TemporaryDirectory(dir=KEPT) as folder:
                manage(Path(folder), "migrate", "--verbosity", "0")
                shutil.move(Path(folder) / "langai.sqlite3", file)
    return file


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
    with tempfile.TemporaryDirectory() as folder:
        environment = environment_without_own() | {"DATA_DIR": folder, "DATABASE_URL": server.url_of(TEMPLATE)}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def copy_postgres_tables(connection: Any) -> None:
    """Make the test database out of TEMPLATE; on a server without that, leave its making to Django."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            names = {"copy": connection.creation._get_test_db_name(), "tables": TEMPLATE}
            quoted = {each: sql.Identifier(name) for each, name in names.items()}
            server.execute(sql.SQL("CREATE DATABASE {copy} TEMPLATE {tables}").format(**quoted))
