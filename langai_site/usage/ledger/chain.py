"""Pure: hashes an entry with its place in the chain, identically on every database."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Field, Model

# The predecessor of the first seal.
GENESIS = "0" * 64
BILLIONTH = Decimal("0.000000001")


def seal_hash(*, sequence: int, month: date, previous: str, entry: Model) -> str:
    """Hash an entry or an event as the database returns it, with its place; 64 hexadecimal digits."""
    form = json.dumps(
        [previous, sequence, month.isoformat(), written_out(entry)], sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(form.encode()).hexdigest()


def second_hash(seal: str, entry: Model) -> str:
    """Hash an entry in which a pseudonym replaced its person, with the hash of its seal; 64 hexadecimal digits."""
    form = json.dumps([seal, written_out(entry)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(form.encode()).hexdigest()


def written_out(entry: Model) -> dict[str, Any]:
    """Return every column that does not hold its default, so that a column added later breaks no earlier seal.

    For the same reason the default of a column must never change.
    """
    held = ((name, default, getattr(entry, name)) for name, default in _columns(type(entry)))
    return {name: _plain(value) for name, default, value in held if value != default}


@cache
def _columns(model: type[Model]) -> tuple[tuple[str, object], ...]:
    """Return each column with its default; a computed default, such as the time, is always in the hash."""
    fields: Iterable[Field[Any, Any]] = model._meta.concrete_fields
    return tuple((field.attname, _default(field)) for field in fields)


def _default(field: "Field[Any, Any]") -> object:
    is_computed = field.has_default() and callable(field.default)
    return object() if is_computed else field.get_default()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return f"{value.quantize(BILLIONTH):f}"
    return str(value) if isinstance(value, UUID) else value
