import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from langai_site.usage.spending import reservations
from langai_site.usage.types import Caller, Entry, Usage


def entry_of(**changes) -> Entry:
    basis = {
        "caller": Caller(user_id=7, username="alice", team="Library", conversation=uuid4(), reply=uuid4()),
        "model": "openai/some",
        "provider": "openai",
        "hosted": True,
        "label": Sensitivity.INTERNAL,
        "usage": Usage(input_tokens=100, output_tokens=20, cached_tokens=5),
        "cost": Decimal("0.000123456"),
        "first_token_ms": 80,
        "duration_ms": 900,
        "status": "complete",
    }
    return Entry(**(basis | changes))


def entered(at: datetime | None = None, **changes) -> UsageEntry:
    """One entry in the ledger, as a call leaves it; `at` as if the clock had said so."""
    reservations.record([entry_of(**changes)])
    row = UsageEntry.objects.latest("id")
    if at:
        UsageEntry.objects.filter(pk=row.pk).update(at=at)
    return row


def at_once(work: Callable[[int], object], count: int) -> list[object]:
    """Run `work(0)`, `work(1)`, … in threads that begin together, each on a connection of its own."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def only_postgres(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
