"""Lets others write between the transactions of a long piece of work."""

import time

from django.db import connection

# SQLite has no queue: who waits for its lock looks again after some milliseconds, and may find the next transaction.
PAUSE = 0.03


def let_others_write() -> None:
    """Wait a moment where writers do not queue. Call it between transactions, on a thread that may wait."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(PAUSE)
