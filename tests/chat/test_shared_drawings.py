"""A live reply is drawn once for all sockets that watch it, off the event loop."""

import asyncio
import gc
import threading
import uuid

import pytest

from chat.events import ReplyGrew, ReplySourced, Snapshot
from chat.markdown import rendering
from chat.pages import shared_drawings
from chat.pages.live_drawing import LiveDrawing
from chat.pages.shared_drawings import KEPT

LONG = "A sentence that goes on for a while. " * 60


def snapshot(number=0, text=""):
    return Snapshot(number=number, text=text, sources=[], model="")


def grew(reply, number, text):
    return ReplyGrew(type="reply.grew", reply=reply, number=number, text=text)


@pytest.fixture
def reply():
    return str(uuid.uuid4())


@pytest.fixture
def drawn(monkeypatch):
    """Record each change that was drawn, with the thread that drew it."""
    changes, grow = [], LiveDrawing.grow

    def counted(self, text):
        changes.append((text, threading.current_thread()))
        return grow(self, text)

    monkeypatch.setattr(LiveDrawing, "grow", counted)
    return changes


async def test_five_sockets_are_given_one_drawing_in_the_order_of_its_numbers(reply, drawn):
    sockets = [shared_drawings.of(reply, snapshot()) for _ in range(5)]
    assert len(set(sockets)) == 1
    texts = [f"Piece {number} {LONG}\n\n" for number in range(1, 6)]

    async def follow(socket):
        return [await socket.frame(grew(reply, number, text)) for number, text in enumerate(texts, 1)]

    frames = await asyncio.gather(*map(follow, sockets))
    assert all(each == frames[0] for each in frames)
    assert [text for text, _thread in drawn] == texts
    assert all(f"Piece {number}" in frame for number, frame in enumerate(frames[0], 1))


async def test_what_takes_a_while_is_not_drawn_in_the_event_loop(reply, drawn):
    socket = shared_drawings.of(reply, snapshot())
    await socket.frame(grew(reply, 1, LONG))
    await socket.frame(grew(reply, 2, "*more*"))
    assert threading.main_thread() not in {thread for _text, thread in drawn}


@pytest.mark.parametrize(
    "text", ["-\r" * 700, "a\r" * 700, "1.\r\n" * 500, ("- " * 19 + "a\n") * 5, ("1. " * 15 + "a\n") * 5]
)
async def test_short_texts_of_many_lines_or_items_are_not_drawn_in_the_event_loop(reply, drawn, text):
    socket = shared_drawings.of(reply, snapshot())
    await socket.frame(grew(reply, 1, text))
    assert [thread for _text, thread in drawn] != [threading.main_thread()]


async def test_words_that_go_on_with_a_line_are_drawn_without_a_hop_to_a_thread(reply, drawn):
    socket = shared_drawings.of(reply, snapshot())
    await socket.frame(grew(reply, 1, LONG))
    assert "more" in (await socket.frame(grew(reply, 2, " more")) or "")
    assert drawn[-1] == (" more", threading.main_thread())


@pytest.mark.parametrize(
    "pieces",
    [
        ["``", "`scala\nval x = 1\n```\n"],
        ["~~~julia\nx = 1\n", "~~~\n", "\nmore"],
        ["> ```r\n> x\n> ```\n"],
        ["$x^2$"],
        ["\\(", "x\\)"],
        ["\\[x\\]"],
    ],
)
async def test_what_may_have_to_be_loaded_is_not_loaded_in_the_event_loop(reply, monkeypatch, pieces):
    threads = set()

    def draws(*_):
        threads.add(threading.current_thread())
        return ""

    monkeypatch.setattr(rendering, "highlighted", draws)
    monkeypatch.setattr(rendering, "drawn_formula", draws)
    socket = shared_drawings.of(reply, snapshot())
    for number, piece in enumerate(pieces, 1):
        await socket.frame(grew(reply, number, piece))
    assert threads
    assert threading.main_thread() not in threads


async def test_little_text_is_drawn_where_it_is(reply, drawn):
    socket = shared_drawings.of(reply, snapshot())
    await socket.frame(grew(reply, 1, "A **few** words and `code`"))
    await socket.frame(grew(reply, 2, " more"))
    assert drawn[-1][1] is threading.main_thread()


async def test_one_that_comes_late_goes_on_from_what_is_drawn(reply):
    early = shared_drawings.of(reply, snapshot())
    for number in range(1, 4):
        await early.frame(grew(reply, number, f"word{number} "))
    late = shared_drawings.of(reply, snapshot(2, "word1 word2 "))
    bubble, number = await late.whole()
    assert (late is early, number) == (True, 3)
    assert "word3" in bubble.open_html
    assert "word4" in await late.frame(grew(reply, 4, "word4 "))


async def test_a_gap_is_told_and_a_newer_snapshot_begins_anew(reply):
    behind = shared_drawings.of(reply, snapshot())
    assert await behind.frame(grew(reply, 3, "lost")) is None
    mended = shared_drawings.of(reply, snapshot(3, "All of it"))
    bubble, number = await mended.whole()
    assert (number, "All of it" in bubble.open_html) == (3, True)


async def test_one_that_is_far_behind_is_given_the_whole(reply):
    socket = shared_drawings.of(reply, snapshot())
    for number in range(1, KEPT + 3):
        await socket.frame(grew(reply, number, "x "))
    assert await socket.frame(grew(reply, 1, "x ")) is None
    assert await socket.frame(grew(reply, 3, "x ")) is not None


async def test_a_socket_that_closes_takes_the_frame_from_no_other(reply):
    socket = shared_drawings.of(reply, snapshot())
    first = asyncio.create_task(socket.frame(grew(reply, 1, LONG)))
    await asyncio.sleep(0)
    second = asyncio.create_task(socket.frame(grew(reply, 1, LONG)))
    await asyncio.sleep(0)
    first.cancel()
    assert "A sentence" in await second


async def test_citations_become_links_once_their_numbers_are_known(reply):
    socket = shared_drawings.of(reply, snapshot(0, "So it is [1]."))
    source = {"number": 1}
    frame = await socket.frame(ReplySourced(type="reply.sourced", reply=reply, number=1, sources=[source]))
    assert 'class="cite"' in frame


async def test_a_drawing_is_dropped_when_nobody_watches(reply):
    socket = shared_drawings.of(reply, snapshot())
    await socket.frame(grew(reply, 1, LONG))
    del socket
    gc.collect()
    assert reply not in shared_drawings._drawings
