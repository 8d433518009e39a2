"""The thread that writes, after work on it went wrong."""

import pytest
from django.db import connection

from langai_site.accounts.models import Team
from langai_site.database.writer import in_database_thread

pytestmark = pytest.mark.django_db(transaction=True)


def leave_open():
    connection.set_autocommit(False)
    Team.objects.create(name="Half there")


async def test_a_transaction_that_was_left_open_holds_back_nothing_that_follows(caplog):
    await in_database_thread(leave_open)
    await in_database_thread(Team.objects.create, name="Harbour pilots")
    assert [team.name async for team in Team.objects.all()] == ["Harbour pilots"]
    assert "a transaction was left open" in caplog.text
