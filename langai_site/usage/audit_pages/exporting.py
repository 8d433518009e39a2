"""The audit log as files: the filtered list as CSV or JSON, and a sealed month for `verify.py`. Synchronous."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import Max, Min, QuerySet

from langai_site.audit.models import AuditEvent
from langai_site.usage.ledger import chain
from langai_site.usage.models import EventSeal, Seal
from langai_site.usage.reports import formulas

COLUMNS = (
    *("id", "at", "action", "user_id", "username", "kind", "object_id", "fields"),
    *("door", "address", "request"),
)
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}
CHUNK = 2000


def written(events: QuerySet[AuditEvent], form: str) -> Iterator[str]:
    """Yield the events, the oldest first, as lines of CSV or of JSON."""
    rows = _rows(events)
    return _csv(rows) if form == "csv" else _json(rows)


def _rows(events: QuerySet[AuditEvent]) -> Iterator[dict[str, Any]]:
    """Read by id, some at a time: the connection of one query is closed before the reader asks for more."""
    last = 0
    while some := list(events.filter(id__gt=last).order_by("id").values(*COLUMNS)[:CHUNK]):
        yield from some
        last = some[-1]["id"]


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield _line(COLUMNS)
    for row in rows:
        yield _line([_cell(row[name]) for name in COLUMNS])


def _line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    return formulas.as_text("" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value))


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps({**row, "at": row["at"].isoformat()}) + "\n"


async def streamed(pieces: Iterator[str]) -> AsyncIterator[bytes]:
    """Yield some lines at a time, each time on a thread that gives its connection back: a reader may be slow."""
    some = database_sync_to_async(lambda: "".join(islice(pieces, CHUNK)), thread_sensitive=False)
    while text := await some():
        yield text.encode()


def month(first: date) -> Iterator[str]:
    """Yield a month's part of the chain as lines of JSON, as `verify.py` reads them.

    An event has its content; what else was sealed between them, such as the ledger's entries, only its place.
    """
    span = EventSeal.objects.filter(month=first).aggregate(first=Min("sequence"), last=Max("sequence"))
    if span["first"] is None:
        return
    here = span["first"]
    while here <= span["last"]:
        upto = min(here + CHUNK - 1, span["last"])
        yield from _places(here, upto, first)
        here = upto + 1


def _places(here: int, upto: int, month: date) -> Iterator[str]:
    seals = list(EventSeal.objects.filter(sequence__range=(here, upto)))
    events = AuditEvent.objects.in_bulk([seal.event for seal in seals])
    others = Seal.objects.filter(sequence__range=(here, upto)).values("sequence", "previous", "hash")
    lines: dict[int, dict[str, Any]] = {row["sequence"]: dict(row) for row in others}
    for seal in seals:
        place = {"sequence": seal.sequence, "previous": seal.previous, "hash": seal.hash}
        event = events.get(seal.event)
        content = {"month": seal.month.isoformat(), "event": chain.written_out(event) if event else None}
        if seal.pseudonymised:
            content["pseudonymised"] = seal.pseudonymised
        lines[seal.sequence] = place | (content if seal.month == month else {})
    for sequence in sorted(lines):
        yield json.dumps(lines[sequence], sort_keys=True) + "\n"
