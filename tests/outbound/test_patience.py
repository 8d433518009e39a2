"""One timer limits all waits for a model's pieces, and ends nothing but them."""

import asyncio
from contextlib import aclosing

import pytest

from langai_site.outbound.patience import Patience


@pytest.fixture(autouse=True)
def short(settings):
    settings.ANSWER_START_TIMEOUT, settings.ANSWER_IDLE_TIMEOUT = 60.0, 0.05


async def pieces(*pauses):
    for number, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        yield number


async def read_all(patience, source, between=0.0):
    found = []
    async with aclosing(source):
        while (piece := await patience.read(source)) is not None:
            found.append(piece)
            patience.renew()
            await asyncio.sleep(between)
    patience.end()
    return found


async def test_a_pause_after_the_first_piece_is_shorter_than_the_one_before_it():
    """The timer was set for the first piece, and the second is due earlier."""
    patience = Patience()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read_all(patience, pieces(0.1, 30)), 10)
    assert (patience.heard, patience.seconds) == (True, 0.05)
    patience.end()


async def test_the_time_of_a_slow_reader_is_not_the_servers():
    assert await read_all(Patience(), pieces(0, 0, 0), between=0.12) == [0, 1, 2]


async def test_a_sign_of_life_prolongs_the_wait():
    patience = Patience()
    patience.renew()
    asyncio.get_running_loop().call_later(0.03, patience.prolong)
    assert await read_all(patience, pieces(0.06)) == [0]


async def test_whoever_cancels_the_reader_is_not_told_of_a_timeout():
    patience = Patience()
    task = asyncio.create_task(read_all(patience, pieces(30)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    patience.end()
