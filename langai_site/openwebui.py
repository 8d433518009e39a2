"""The database of an Open WebUI that moves in: what the apps that take over its parts need of it.

Each app registers its step here in its `ready()`; `manage.py import_openwebui` runs them.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from langai_site.errors import InvalidError

# Rows in memory at a time: a row of a chat can have megabytes.
AT_ONCE = 20
EXAMPLES = 3
# Tables that every version since 0.6 has.
NEEDED = ("user", "auth", "chat", "group")
_POSTGRES_COLUMNS = """
    SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s
"""
NOT_ONE = "This is not the database of an Open WebUI: it has no table “{}”. Give the path of its webui.db."


class _Cursor(Protocol):
    description: Any

    def execute(self, query: Any, parameters: Sequence[object] = (), /) -> Any: ...  # noqa: ANN401

    def fetchmany(self, size: int = ..., /) -> Any: ...  # noqa: ANN401

    def fetchall(self) -> Any: ...  # noqa: ANN401

    def close(self) -> None: ...


class Database:
    """An Open WebUI's SQLite or PostgreSQL database, which is only read."""

    def __init__(self, address: str) -> None:
        """Open the database at a path or a postgresql:// address. Raises InvalidError if it is none."""
        self.is_postgres = address.startswith(("postgresql://", "postgres://"))
        self._connection: Any = _postgres(address) if self.is_postgres else _sqlite(address)
        missing = next((table for table in NEEDED if not self._columns(table)), None)
        if missing:
            raise InvalidError(NOT_ONE.format(missing))

    def close(self) -> None:
        self._connection.close()

    def _columns(self, table: str) -> list[str]:
        query = _POSTGRES_COLUMNS if self.is_postgres else "SELECT name FROM pragma_table_info(?)"
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(query, (table,))
            return [name for (name,) in cursor.fetchall()]

    def rows(self, table: str, *columns: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rows with these columns; one that this version does not have is None. JSON is read.

        A table that it does not have has no rows.
        """
        known = self._columns(table)
        there = [column for column in columns if column in known]
        if not there:
            return
        names = ", ".join(f'"{column}"' for column in there)
        with closing(self._cursor(table)) as cursor:
            # The names are ours, and those that the database itself lists.
            cursor.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608
            while some := cursor.fetchmany(AT_ONCE):
                for row in some:
                    yield dict.fromkeys(columns) | dict(zip(there, map(_read, row), strict=True))

    def _cursor(self, table: str) -> _Cursor:
        # PostgreSQL sends all rows at once unless the cursor has a name.
        cursor: _Cursor = self._connection.cursor(f"move_{table}") if self.is_postgres else self._connection.cursor()
        return cursor

    def count(self, table: str) -> int:
        if not self._columns(table):
            return 0
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608 - as above
            return int(cursor.fetchall()[0][0])


def _sqlite(address: str) -> sqlite3.Connection:
    path = Path(address)
    if not path.is_file():
        raise InvalidError(f"There is no file {address}. Give the path of the webui.db of an Open WebUI.")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.DatabaseError:
        raise InvalidError(f"{address} is not an SQLite database.") from None
    return connection


def _postgres(address: str) -> Any:  # noqa: ANN401 - a connection of psycopg
    import psycopg

    try:
        connection = psycopg.connect(address)
    except psycopg.Error:
        raise InvalidError("The PostgreSQL database does not answer. Check its address, user and password.") from None
    connection.read_only = True
    return connection


def _read(value: object) -> object:
    """Read a column of JSON, which SQLite stores as text."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


@dataclass
class MoveReport:
    """What was found, and what became of it: counts by thing and outcome, with a few examples of what did not fit."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def note(self, thing: str, outcome: str, example: str = "", count: int = 1) -> None:
        """Count `outcome` for `thing`, such as "left out: …" for “chats”."""
        if not count:
            return
        self.counts[thing, outcome] += count
        named = self.examples.setdefault((thing, outcome), [])
        if example and len(named) < EXAMPLES:
            named.append(example[:80])


@dataclass(frozen=True)
class Grant:
    """One of those who may use a thing there: a `kind` of principal, such as “user” or “group”, and its id."""

    kind: str
    key: str
    may_write: bool = False

    @property
    def is_everyone(self) -> bool:
        return self.key == "*" or self.kind == "anyone"


@dataclass
class MoveIn:
    """A move that is running. `people` and `teams` are ids here by those there; `files` is the folder of uploads."""

    database: Database
    files: Path | None
    dry_run: bool
    report: MoveReport = field(default_factory=MoveReport)
    people: dict[str, int] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)

    @cached_property
    def stored(self) -> Mapping[str, tuple[str, str]]:
        """Return the name of each uploaded file, and its name on the disk, by its id."""
        rows = self.database.rows("file", "id", "filename", "path")
        return {str(row["id"]): (str(row["filename"] or ""), _base(row["path"])) for row in rows}

    def grants(self, thing: str) -> dict[str, list[Grant]]:
        """Return who may use things of a type, such as “knowledge”, by the id of each."""
        found: dict[str, list[Grant]] = {}
        columns = ("resource_type", "resource_id", "principal_type", "principal_id", "permission")
        for row in self.database.rows("access_grant", *columns):
            if row["resource_type"] == thing:
                grant = Grant(row["principal_type"], str(row["principal_id"]), row["permission"] == "write")
                found.setdefault(str(row["resource_id"]), []).append(grant)
        return found

    def file(self, key: str) -> tuple[str, Path | None]:
        """Return the name of an uploaded file, and where it is; None if it is not in the folder."""
        name, base = self.stored.get(key, ("", ""))
        path = self.files / base if self.files and base else None
        is_there = path is not None and path.is_file() and not path.is_symlink()
        return name or base, path if is_there else None


def _base(path: object) -> str:
    """Return the last part of a path of another machine, or of an address in an object store."""
    base = PurePosixPath(str(path or "").replace("\\", "/")).name
    return "" if base in (".", "..") else base


# Functions that take over a part of an Open WebUI, by the name of the part.
steps: dict[str, Callable[[MoveIn], None]] = {}


def register(name: str, step: Callable[[MoveIn], None]) -> None:
    """Register `step(moving)`, which takes over a part."""
    steps[name] = step
