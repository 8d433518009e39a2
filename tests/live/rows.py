"""What the database of a running LangAI holds, read from outside and without a lock."""

import json
import sqlite3
import uuid
from contextlib import closing
from typing import Any

from tests.live.server import LangAI


def read(server: LangAI, query: str, *values: Any) -> list[tuple[Any, ...]]:
    address = f"file:{server.data / 'langai.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        return database.execute(query, values).fetchall()


def one(server: LangAI, query: str, *values: Any) -> Any:
    """The first column of the first row; None where there is no row."""
    found = read(server, query, *values)
    return found[0][0] if found else None


def until_connected(server: LangAI) -> None:
    """Wait until the configured server's models can be chosen and the handbook can be found."""
    server.until(lambda: one(server, "SELECT count(*) FROM outbound_model WHERE available"), "offering models")
    server.until(lambda: not unread(server), "done with the handbook")


def unread(server: LangAI) -> int:
    return one(server, "SELECT count(*) FROM documents_document WHERE status != 'ready'")


def text_of(server: LangAI, reply: str) -> str:
    """What is kept of a reply."""
    parts = one(server, "SELECT parts FROM chat_message WHERE id = ?", uuid.UUID(reply).hex)
    return "".join(part["text"] for part in json.loads(parts))


def status_of(server: LangAI, reply: str) -> str:
    return one(server, "SELECT status FROM chat_message WHERE id = ?", uuid.UUID(reply).hex)


def reservation_of(server: LangAI, reply: str) -> str:
    return one(server, "SELECT status FROM usage_reservation WHERE reply = ?", uuid.UUID(reply).hex)


def entries_of(server: LangAI, reply: str) -> list[str]:
    """How the calls that this reply took have ended, by the ledger."""
    found = read(server, "SELECT status FROM usage_usageentry WHERE reply = ? ORDER BY id", uuid.UUID(reply).hex)
    return [status for (status,) in found]
