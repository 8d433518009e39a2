"""Copies the rows of a table between two databases, and compares them value by value."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, connections, models
from django.db.models.sql import InsertQuery

from langai_site import stored_data
from langai_site.errors import LangAIError

# Rows that are read and written together.
BATCH = 1000
_DIGEST_BITS = 128


class MoveError(LangAIError):
    """The database cannot be moved, and nothing has changed."""

    code, status = "move", 409


@dataclass(frozen=True)
class TableSum:
    """How many rows a table has, and the sum of their hashes, in which the order of rows does not matter."""

    rows: int
    digest: int


def stored_models() -> list[type[models.Model]]:
    """Return the models with a table, without those whose rows are made again from others."""
    derived = {name.lower() for name in stored_data.derived_models}
    every = apps.get_models(include_auto_created=True)
    return [
        model
        for model in every
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in derived
    ]


def copy_table(model: type[models.Model], target: str) -> TableSum:
    """Copy all rows as they are stored; call it in a transaction of the target. Raises MoveError."""
    fields, sums = _fields(model), _Sum()
    for batch in _batches(sums.counting(_rows(model, DEFAULT_DB_ALIAS), fields)):
        _insert(model, fields, batch, target)
    return sums.result()


def sum_table(model: type[models.Model], alias: str) -> TableSum:
    """Read all rows of a table and sum them up."""
    sums = _Sum()
    for _row in sums.counting(_rows(model, alias), _fields(model)):
        pass
    return sums.result()


def reset_sequences(copied: Sequence[type[models.Model]], alias: str) -> None:
    """Let new rows get ids after those that were copied."""
    with connections[alias].cursor() as cursor:
        for statement in connections[alias].ops.sequence_reset_sql(no_style(), copied):
            cursor.execute(statement)


def _rows(model: type[models.Model], alias: str) -> Iterator[models.Model]:
    # Not the default manager, which may leave rows out.
    return model._base_manager.using(alias).order_by("pk").iterator(chunk_size=BATCH)


def _fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.local_concrete_fields if not field.generated]


def _batches(rows: Iterator[models.Model]) -> Iterator[list[models.Model]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _insert(
    model: type[models.Model], fields: "list[models.Field[Any, Any]]", rows: list[models.Model], alias: str
) -> None:
    size = connections[alias].ops.bulk_batch_size(fields, rows) or len(rows)
    for first in range(0, len(rows), size):
        # As `bulk_create` does, but with the stored values: that one would set `auto_now` fields to the present.
        query = InsertQuery(model)
        query.insert_values(fields, rows[first : first + size], raw=True)
        try:
            query.get_compiler(using=alias).execute_sql()
        except (Error, ValueError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            first_row, last_row = rows[first], rows[min(first + size, len(rows)) - 1]
            raise MoveError(
                f"The rows {first_row.pk} to {last_row.pk} of {model._meta.db_table} do not fit the other database: "
                f"{reason}. Correct them and run the command again."
            ) from error


class _Sum:
    def __init__(self) -> None:
        self._rows = self._digest = 0

    def counting(self, rows: Iterable[models.Model], fields: "list[models.Field[Any, Any]]") -> Iterator[models.Model]:
        names = [field.attname for field in fields]
        for row in rows:
            values = [_plain(getattr(row, name)) for name in names]
            found = hashlib.blake2b(repr(values).encode(errors="surrogatepass"), digest_size=_DIGEST_BITS // 8)
            self._rows += 1
            self._digest = (self._digest + int.from_bytes(found.digest())) % (1 << _DIGEST_BITS)
            yield row

    def result(self) -> TableSum:
        return TableSum(self._rows, self._digest)


def _plain(value: object) -> object:
    """Return a value in a form that is the same whichever database it comes from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(_whole_numbers(value), sort_keys=True)
    return value if value is None or isinstance(value, bool | int | float | bytes) else str(value)


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Write 1000.0 as 1000: PostgreSQL keeps a number's value, but not how it was written."""
    if isinstance(value, dict):
        return {key: _whole_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
