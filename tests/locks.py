"""Two transactions at once, each on a thread and a connection of its own, for databases with row locks."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from langai_site import settings

HAS_ROW_LOCKS = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
WAITING = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"


def in_thread(work: Callable[[], object], results: list[Any]) -> threading.Thread:
    """Begin `work` on a thread; what it returns or raises goes to `results`."""

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for_a_lock() -> None:
    """Return when another connection waits for a row."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
