"""Draws each live reply once for all sockets of this process that watch it, and off the event loop.

A drawing exists for as long as a socket holds it. Changes have numbers: the first socket that asks for the frame of the
next number has it drawn, the others are given the same. A socket that cannot go on from what its page shows is given
the whole of what is drawn.
"""

import asyncio
import re
from collections import OrderedDict
from functools import partial
from weakref import WeakValueDictionary

from chat.events import ReplyChange, Snapshot
from chat.markdown.streaming import SIGNS
from chat.pages import drawing, fragments
from chat.pages.live_drawing import LiveDrawing

# Frames that are kept for sockets that come later to them; one that is further behind is given the whole.
KEPT = 256
# What drawing a text costs at the most, in microseconds or so: each character, and each sign, line end or beginning of
# a list's item. What is quick takes less than a hop to a thread and back, and is drawn in the event loop.
A_CHARACTER, A_SIGN, QUICK = 0.5, 25, 800
BEGINNINGS = re.compile(r"[\r\n]|[-+][ \t]|\d[.)][ \t]")
# What code and formulas begin with. They are never drawn in the loop: the first of its kind loads what reads it, which
# takes a tenth of a second or two.
LOADS = re.compile(r"`{3}|~{3}|[$\\]")

_drawings: "WeakValueDictionary[str, SharedDrawing]" = WeakValueDictionary()


def of(reply: str, snapshot: Snapshot) -> "SharedDrawing":
    """Return the drawing of a reply that is at least as far as `snapshot`."""
    known = _drawings.get(reply)
    if known is None or known.number < snapshot["number"]:
        known = _drawings[reply] = SharedDrawing(reply, snapshot)
    return known


class SharedDrawing:
    """One live reply, as the pages of all sockets that hold this show it.

    `number` is that of the last change that was asked for. Used in the event loop only.
    """

    def __init__(self, reply: str, snapshot: Snapshot) -> None:
        self.reply, self.number = reply, snapshot["number"]
        self._snapshot, self._drawn_number = snapshot, snapshot["number"]
        self._drawing: LiveDrawing | None = None
        self._frames: OrderedDict[int, asyncio.Future[str]] = OrderedDict()
        # Whoever waits for it gets it in the order of asking, so changes are drawn in the order of their numbers.
        self._lock = asyncio.Lock()

    async def frame(self, event: ReplyChange) -> str | None:
        """Return the frame of a change, perhaps an empty one; None where it does not follow what is drawn."""
        number = event["number"]
        if number not in self._frames:
            if number != self.number + 1:
                return None
            self.number = number
            self._frames[number] = asyncio.ensure_future(self._drawn(event))
            while len(self._frames) > KEPT:
                self._frames.popitem(last=False)
        # A socket that closes takes the frame from no other.
        return await asyncio.shield(self._frames[number])

    async def whole(self) -> tuple[fragments.Bubble, int]:
        """Return the reply as it is drawn by now, and the number of the last change in it."""
        async with self._lock:
            return (await self._begun()).bubble, self._drawn_number

    async def _begun(self) -> LiveDrawing:
        if self._drawing is None:
            begin = partial(LiveDrawing, self.reply, self._snapshot)
            self._drawing = begin() if _is_quick(self._snapshot["text"]) else await drawing.off_loop(begin)
        return self._drawing

    async def _drawn(self, event: ReplyChange) -> str:
        async with self._lock:
            known = await self._begun()
            is_quick = event["type"] == "reply.grew" and _grows_quickly(known, event["text"])
            frame = self._change(event) if is_quick else await drawing.off_loop(self._change, event)
            self._drawn_number = event["number"]
            return frame

    def _change(self, event: ReplyChange) -> str:
        assert self._drawing is not None
        if event["type"] == "reply.grew":
            return self._drawing.grow(event["text"])
        if event["type"] == "reply.progressed":
            return self._drawing.progress(event["progress"])
        return self._drawing.know([source["number"] for source in event["sources"]])


def _grows_quickly(known: LiveDrawing, more: str) -> bool:
    """Return whether `more` can be added in next to no time."""
    return known.continues(more) or _is_quick(known.open_text + more)


def _is_quick(text: str) -> bool:
    """Return whether `text` can be drawn in next to no time."""
    if A_CHARACTER * len(text) > QUICK or LOADS.search(text):
        return False
    signs = len(SIGNS.findall(text)) + len(BEGINNINGS.findall(text))
    return A_CHARACTER * len(text) + A_SIGN * signs <= QUICK
