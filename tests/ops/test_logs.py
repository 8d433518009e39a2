"""The log says what happened and where. What somebody wrote is in none of its lines."""

import asyncio
import logging

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from twisted.python.failure import Failure

from langai_site.errors import Invalid
from langai_site.logs import Discreet
from search.vectors import StoreUnavailable

WRITTEN = "the heron project is sold in May"


def line(message, *args, name="some", error=None):
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, exc_info)
    return Discreet("%(levelname)s %(message)s").format(record)


def raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_an_exception_is_told_by_its_kind_and_place_and_not_by_its_message():
    told = line("It failed", error=raised(ValueError(WRITTEN), raised(KeyError(WRITTEN))))
    assert WRITTEN not in told
    assert told.startswith("ERROR It failed\nTraceback")
    assert told.index("KeyError") < told.index("Then came of it") < told.index("ValueError")
    assert "test_logs.py" in told
    assert "in raised" in told


def test_each_of_a_group_is_told():
    told = line("It failed", error=raised(ExceptionGroup(WRITTEN, [raised(TypeError(WRITTEN))])))
    assert WRITTEN not in told
    assert told.endswith("TypeError")


@pytest.mark.parametrize("said", [ValueError(WRITTEN), Failure(ValueError(WRITTEN))])
def test_an_exception_that_a_library_puts_into_its_line_is_told_by_its_kind(said):
    assert line("Inside: %s", said) == "ERROR Inside: ValueError"
    assert line(said) == "ERROR ValueError"
    assert line("Inside: %(what)s", {"what": said}) == "ERROR Inside: ValueError"


def test_what_our_own_exceptions_say_is_kept_for_it_was_written_for_the_log():
    assert line("Later: %s", StoreUnavailable("Chroma does not answer")) == "ERROR Later: Chroma does not answer"
    assert line("It failed", error=raised(Invalid(WRITTEN))).endswith("Invalid (invalid)")


async def test_a_task_that_nobody_awaited_is_told_without_what_it_raised(caplog):
    async def fails():
        raise ValueError(WRITTEN)

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    context = {"message": "Task exception was never retrieved", "future": task, "exception": task.exception()}
    asyncio.get_running_loop().default_exception_handler(context)
    (record,) = [record for record in caplog.records if record.name == "asyncio"]
    assert WRITTEN in record.getMessage()
    told = Discreet().format(record)
    assert told.startswith("Task exception was never retrieved\nTraceback")
    assert WRITTEN not in told
    task.exception()


def test_a_line_may_have_a_percent_sign():
    assert line("%d %% of it", 5, name="asyncio") == "ERROR 5 % of it"


def test_the_row_that_a_database_refuses_is_not_repeated(db):
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute("INSERT INTO chat_conversation (id, title) VALUES (%s, %s)", ["0" * 32, WRITTEN])
    told = line("It failed", error=refused.value)
    assert WRITTEN not in told
    assert "IntegrityError (" in told


def test_all_that_is_logged_goes_through_it():
    assert set(settings.LOGGING["handlers"]) == set(settings.LOGGING["root"]["handlers"]) == {"stderr"}
    assert settings.LOGGING["formatters"][settings.LOGGING["handlers"]["stderr"]["formatter"]]["()"] == (
        "langai_site.logs.Discreet"
    )
    # Django's own would mail the whole request to ADMINS.
    assert logging.getLogger("django").handlers == []
