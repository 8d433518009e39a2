"""What has arrived together is read together, and nothing waits for what has not arrived."""

import asyncio

import pytest

from langai_site.outbound.read_ahead import MOST, joined


async def sent(*steps, closed=None):
    """Yield the bytes among `steps`; wait for a future among them, and raise an exception."""
    try:
        for step in steps:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await step
    finally:
        if closed is not None:
            closed.append(True)


async def pieces_of(chunks):
    """Return the pieces, and the error at their end."""
    pieces, found = joined(chunks), []
    while True:
        try:
            found.append(await anext(pieces))
        except StopAsyncIteration:
            return found
        except ValueError:
            return [*found, "error"]


async def test_what_is_there_comes_in_one_piece():
    assert await pieces_of(sent(b"a", b"b", b"c")) == [b"abc"]
    assert await pieces_of(sent()) == []


async def test_what_is_there_does_not_wait_for_the_rest():
    later = asyncio.get_running_loop().create_future()
    pieces = joined(sent(b"a", b"b", later, b"c"))
    assert await anext(pieces) == b"ab"
    later.set_result(None)
    assert [piece async for piece in pieces] == [b"c"]


async def test_an_error_comes_after_what_came_before_it():
    assert await pieces_of(sent(b"a", b"b", ValueError())) == [b"ab", "error"]


async def test_a_large_chunk_comes_alone_and_nothing_is_read_far_ahead():
    large = b"x" * (3 * MOST)
    assert await pieces_of(sent(b"a", b"b", large, b"c")) == [b"ab", large, b"c"]
    many = await pieces_of(sent(*[b"y" * 100] * 1000))
    assert b"".join(many) == b"y" * 100_000
    assert max(map(len, many)) <= MOST


@pytest.mark.parametrize("more", [(), (b"x" * MOST, b"x" * MOST)])
async def test_who_stops_reading_closes_the_source(more):
    never, closed = asyncio.get_running_loop().create_future(), []
    pieces = joined(sent(b"a", *more, never, closed=closed))
    assert await anext(pieces) == b"a"
    await pieces.aclose()
    assert closed == [True]
    # Also one that is cancelled while it waits.
    pieces = joined(sent(never, closed=closed))
    waiting = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await pieces.aclose()
    assert closed == [True, True]
