"""A program's usage is entered in the ledger, whatever happens around it."""

import asyncio

import pytest
from django.db import connection

from chat.api import stateless
from langai_site.database.writer import in_database_thread
from langai_site.usage.models import Reservation, UsageEntry
from tests.api.conftest import offer, program_of

pytestmark = pytest.mark.usefixtures("upstream")
LEDGER, ELSEWHERE = UsageEntry._meta.db_table, "usage_entries_elsewhere"


@pytest.fixture
async def asking(alice):
    """Return a function that starts to ask a model of that name."""
    program = await program_of(alice)

    async def begin(name):
        fields = {
            "model": await in_database_thread(offer, name),
            "messages": [{"role": "user", "content": "How many days?"}],
        }
        return asyncio.create_task(program.post("/v1/chat/completions", fields))

    return begin


def _rename(before, after):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")


async def _until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_a_model_used_is_entered_once_the_ledger_can_be_written_again(asking, caplog):
    await in_database_thread(_rename, LEDGER, ELSEWHERE)
    try:
        asked = await asking("t3")
        await _until(lambda: "could not be written" in caplog.text)
    finally:
        await in_database_thread(_rename, ELSEWHERE, LEDGER)
    assert (await asked).status_code == 200
    assert (await UsageEntry.objects.aget()).status == "complete"
    assert (await Reservation.objects.aget()).status == "settled"


async def test_who_goes_away_twice_is_entered_all_the_same(asking, upstream):
    asked = await asking("t3000-r100")
    await _until(lambda: upstream.stats()["active"])
    (ended,) = stateless._live.values()
    asked.cancel()
    await _until(lambda: stateless._closing or asked.done())
    asked.cancel()
    await asyncio.wait([asked])
    await ended.wait()
    assert (await UsageEntry.objects.aget()).status == "stopped"
