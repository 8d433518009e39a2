"""Draws each live reply once for all sockets of this process that watch it in one language, off the event loop.

A drawing exists as long as a socket holds it. Changes have numbers: the first socket that needs the frame of the next
number has it drawn, and the others get the same frame. A socket whose page cannot continue from there gets the whole
drawing.
"""

import asyncio
import re
from collections import OrderedDict
from functools import partial
from weakref import WeakValueDictionary

from django.utils import translation

from chat.events import ReplyChange, Snapshot
from chat.markdown.streaming import SIGNS
from chat.pages import drawing, fragments
from chat.pages.live_drawing import LiveDrawing

# How many frames are kept for sockets that lag behind; a socket further behind gets the whole drawing.
KEPT = 256
# The most that drawing a text costs, in microseconds: per character, and per sign, line end or start of a list item.
# Below QUICK, drawing takes less than a hop to a thread and back, and is done in the event loop.
A_CHARACTER, A_SIGN, QUICK = 0.5, 25, 800
BEGINNINGS = re.compile(r"[\r\n]|[-+][ \t]|\d[.)][ \t]")
# Code and formulas start with these. They are never drawn in the event loop: the first one loads its parser, which
# takes a tenth of a second or two.
LOADS = re.compile(r"`{3}|~{3}|[$\\]")

# By reply and language.
_drawings: "WeakValueDictionary[tuple[str, str], SharedDrawing]" = WeakValueDictionary()


def of(reply: str, snapshot: Snapshot) -> "SharedDrawing":
    """Return the drawing of a reply, in the language of this socket, that is at least as far as `snapshot`."""
    key = reply, translation.get_language()
    known = _drawings.get(key)
    if known is None or known.number < snapshot["number"]:
        known = _drawings[key] = SharedDrawing(reply, snapshot)
    return known


class SharedDrawing:
    """One live reply, as shown on the pages of all sockets that hold this object.

    `number` is that of the last change that was requested. Use it in the event loop only.
    """

    def __init__(self, reply: str, snapshot: Snapshot) -> None:
        self.reply, self.number = reply, snapshot["number"]
        self._snapshot, self._drawn_number = snapshot, snapshot["number"]
        self._drawing: LiveDrawing | None = None
        self._frames: OrderedDict[int, asyncio.Future[str]] = OrderedDict()
        # The lock is handed out in the order of requests, so changes are drawn in the order of their numbers.
        self._lock = asyncio.Lock()

    async def frame(self, event: ReplyChange) -> str | None:
        """Return the frame of a change, which may be empty; None if it does not follow what is drawn."""
        number = event["number"]
        if number not in self._frames:
            if number != self.number + 1:
                return None
            self.number = number
            self._frames[number] = asyncio.ensure_future(self._draw(event))
            while len(self._frames) > KEPT:
                self._frames.popitem(last=False)
        # A socket that closes does not cancel the frame for others.
        return await asyncio.shield(self._frames[number])

    async def whole(self) -> tuple[fragments.Bubble, int]:
        """Return the reply as it is drawn by now, and the number of the last change in it."""
        async with self._lock:
            return (await self._live_drawing()).bubble, self._drawn_number

    async def _live_drawing(self) -> LiveDrawing:
        if self._drawing is None:
            begin = partial(LiveDrawing, self.reply, self._snapshot)
            self._drawing = begin() if _is_quick(self._snapshot["text"]) else await drawing.off_loop(begin)
        return self._drawing

    async def _draw(self, event: ReplyChange) -> str:
        async with self._lock:
            known = await self._live_drawing()
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
    """Return whether `more` can be added in almost no time."""
    return known.continues(more) or _is_quick(known.open_text + more)


def _is_quick(text: str) -> bool:
    """Return whether `text` can be drawn in almost no time."""
    if A_CHARACTER * len(text) > QUICK or LOADS.search(text):
        return False
    signs = len(SIGNS.findall(text)) + len(BEGINNINGS.findall(text))
    return A_CHARACTER * len(text) + A_SIGN * signs <= QUICK
