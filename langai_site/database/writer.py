"""Runs the chat's database work on one thread of the process, on a connection that it keeps open.

Otherwise every request would open a connection under ASGI, and SQLite has one writer anyway:
queueing in the process is cheaper than waiting for the file's lock (measured: the largest single gain
in time to first token). Functions passed to it are short; nothing that waits for a network runs here.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import DatabaseError, close_old_connections, connection

from langai_site.request_id import carried

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

# Seconds before each further attempt at a write that must not be lost.
PAUSES = (0.2, 1.0, 3.0, 5.0, 5.0, 5.0, 5.0)

_thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
# Not asyncio's default pool, which scores answers and checks passwords.
_apart = ThreadPoolExecutor(4, thread_name_prefix="apart")


def healed(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` on a thread of a pool: after a failure the next call opens another connection.

    If there is a pool of connections as well, the connection is given back after each call: more threads wait for work
    than it has connections. It checks whether the server still answers before it hands out a connection again.
    """
    _give_up_open_transaction()
    try:
        return function(*args, **kwargs)
    except DatabaseError:
        if not connection.in_atomic_block:
            close_old_connections()
        raise
    finally:
        if connection.vendor != "sqlite":
            close_old_connections()


def _give_up_open_transaction() -> None:
    """Give up a transaction that earlier work left open: what follows would join it and never be stored."""
    if connection.connection and not connection.in_atomic_block and not connection.autocommit:
        logger.error("a transaction was left open on this thread; it is given up")
        connection.close()


async def in_database_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` on the writer thread and pass on its exceptions. A cancelled caller does not undo it."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, carried(lambda: healed(function, *args, **kwargs)))


async def write_patiently(what: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Write what must not be lost: retry for half a minute. Return whether it was written.

    `what` names it in the log. The function may have done its work when its result is lost, so it must tolerate being
    called twice.
    """
    for pause in (*PAUSES, None):
        try:
            await in_database_thread(function, *args, **kwargs)
        except Exception:
            logger.exception("%s could not be written", what)
            if pause is None:
                return False
            await asyncio.sleep(pause)
        else:
            return True
    raise AssertionError("the last attempt returns")


def write_now(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run it from a thread without an event loop, which may wait; never call this inside a transaction."""
    return _thread.submit(carried(lambda: healed(function, *args, **kwargs))).result()


async def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run slow work, such as reading many rows or a file, on threads that no answer waits for."""
    work = database_sync_to_async(function, thread_sensitive=False, executor=_apart)
    result: T = await work(*args, **kwargs)
    return result
