"""Lists everything that is stored, so that it can be searched for remainders of what was deleted. Synchronous.

Which columns hold text follows from the models: every column does whose type is not one of NO_TEXT.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.db import connection, models

from langai_site import fingerprints, stored_data

NO_TEXT = (
    *(models.IntegerField, models.FloatField, models.DecimalField, models.BooleanField),
    *(models.DateField, models.TimeField, models.DurationField),
)
# Tables that keep ids on purpose: they say that something was done or spent, not what it was.
KEEPS_IDS = (
    *("audit_", "usage_", "django_admin_log", "accounts_deletion"),
    *("chat_labelchange", "chat_assistantuse", "search_labelrecord"),
)
DATABASE, FILES, CACHE = "database", "files", "cache"
# Bytes of a file that are searched at once, and how many of them again with the next ones.
PIECE, AGAIN = 1 << 20, 4096
# A program that writes out a file, if it is there.
COPY = """
import pathlib, shutil, sys
path = pathlib.Path(sys.argv[1])
if path.is_file():
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
"""


@dataclass(frozen=True)
class StoredText:
    """Text that is stored somewhere: in which store, and where there."""

    store: str
    where: str
    marks: Iterable[str]


def columns(model: type[models.Model]) -> list[str]:
    """Return the columns of a model that can hold text or ids."""
    return [field.attname for field in model._meta.concrete_fields if _holds_text(field)]


def _holds_text(field: Any) -> bool:  # noqa: ANN401 - a field of any type
    while field.remote_field:
        field = field.target_field
    return not isinstance(field, NO_TEXT)


def all_places() -> Iterator[StoredText]:
    """Return everything that can be searched from here, a piece at a time."""
    yield from _tables()
    yield from _database_files()
    yield from _stored_files()
    yield from _cache_keys()
    for store in stored_data.other_stores:
        yield from (StoredText(name, where, [mark]) for name, where, mark in store())


def not_scanned() -> dict[str, str]:
    """Return the stores that cannot be searched from here, with the reason."""
    found = {} if _redis() else {CACHE: "It is the memory of the web process; entries end within an hour."}
    for reason in stored_data.unreachable_stores:
        found |= reason()
    return found


def _tables() -> Iterator[StoredText]:
    for model in apps.get_models(include_auto_created=True):
        table, names = model._meta.db_table, columns(model)
        if model._meta.proxy or not model._meta.managed or not names:
            continue
        keeps_ids = table.startswith(KEEPS_IDS)
        for row in model._base_manager.values_list(*names).iterator(500):
            for name, value in zip(names, row, strict=True):
                for text in texts_of(value):
                    found = () if keeps_ids else fingerprints.ids(text)
                    yield StoredText(DATABASE, f"{table}.{name}", [*fingerprints.runs(text), *found])


def texts_of(value: Any) -> Iterator[str]:  # noqa: ANN401 - a value of any column
    """Return the texts within a column's value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, UUID):
        yield str(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(key)
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)


def _database_files() -> Iterator[StoredText]:
    """Return the bytes of SQLite's files: what was deleted may be left in free pages, or in the log of writes."""
    if connection.vendor != "sqlite" or not Path(str(connection.settings_dict["NAME"])).is_file():
        return
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            # What the log holds goes to its pages, and the log is emptied, unless somebody is reading it just now.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("", "-wal", "-journal"):
        path = Path(f"{connection.settings_dict['NAME']}{ending}")
        if path.is_file():
            for text in _pieces_of_database(path):
                yield StoredText("database files", path.name, fingerprints.runs(text))


def _stored_files() -> Iterator[StoredText]:
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            yield StoredText(FILES, path.parent.name, fingerprints.ids(path.name))
            for text in _pieces(path):
                yield StoredText(FILES, path.parent.name, fingerprints.runs(text))


def _pieces_of_database(path: Path) -> Iterator[str]:
    """Return the text of one of SQLite's files, read by a process of its own.

    Closing a file ends all locks that the process has on it, those of SQLite's connections too. Another process could
    then write as if nobody read or wrote, which damages the database: https://www.sqlite.org/howtocorrupt.html, 2.2.
    Raises OSError if it cannot be read to its end: a part that nobody searched is not clean.
    """
    command = [sys.executable, "-c", COPY, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:  # noqa: S603 - our own program
        if reader.stdout:
            yield from _texts(reader.stdout)
    if reader.returncode:
        raise OSError(f"{path.name} cannot be read")


def _pieces(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            yield from _texts(file)
    except FileNotFoundError:  # somebody deleted it just now
        return


def _texts(file: IO[bytes]) -> Iterator[str]:
    before = b""
    while data := file.read(PIECE):
        yield fingerprints.readable(before + data)
        before = data[-AGAIN:]


def _redis() -> bool:
    return "redis" in settings.CACHES["default"]["BACKEND"].lower()


def _cache_keys() -> Iterator[StoredText]:
    if not _redis():
        return
    for alias in settings.CACHES:
        found = getattr(caches[alias], "iter_keys", None)
        for key in found("*") if found else ():
            yield StoredText(CACHE, alias, fingerprints.ids(str(key)))


def stores() -> list[str]:
    """Return the names of all stores, whether or not they can be searched from here."""
    of_files = ["database files"] if connection.vendor == "sqlite" else []
    return [DATABASE, *of_files, FILES, CACHE, *stored_data.other_store_names]
