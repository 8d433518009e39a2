"""Lets a local server write a few answers at a time, and shares its slots fairly: people take turns, not requests.

A graphics card that works on too many answers at once makes all of them slow. So each local server has slots, and who
finds none free waits. When a slot becomes free, the next person gets it: someone who asks ten things at once waits like
ten, and holds nobody up. Each process has its own queue; it holds no database connection and sends nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from django.conf import settings

from langai_site.outbound.endpoints import Endpoint


@dataclass(eq=False)
class QueuePlace:
    """One call in a queue. `changed` is set whenever its place may be another one."""

    person: int | None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    has_slot: bool = False


class FairQueue:
    """The slots of one server. `_waiting` has the people in the order in which they get the next slots."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.running = 0
        self._waiting: dict[int | None, deque[QueuePlace]] = {}

    def join(self, person: int | None) -> QueuePlace:
        place = QueuePlace(person)
        if self.running < self.slots and not self._waiting:
            self._start(place)
        else:
            self._waiting.setdefault(person, deque()).append(place)
        return place

    def leave(self, place: QueuePlace) -> None:
        """Give the slot to the next person, or give up waiting for one."""
        if place.has_slot:
            self.running -= 1
        else:
            own = self._waiting[place.person]
            own.remove(place)
            if not own:
                del self._waiting[place.person]
        while self._waiting and self.running < self.slots:
            self._start(self._next())
        for other in self._places():
            other.changed.set()

    def before(self, place: QueuePlace) -> int | None:
        """Return how many calls get a slot before this one if nobody comes or gives up; None if it has one."""
        if place.has_slot:
            return None
        rounds = self._waiting[place.person].index(place)
        before, is_earlier = rounds, True
        for person, calls in self._waiting.items():
            if person == place.person:
                is_earlier = False
            else:
                before += min(len(calls), rounds + is_earlier)
        return before

    @property
    def is_idle(self) -> bool:
        return not (self.running or self._waiting)

    def _next(self) -> QueuePlace:
        """Take the first person's first call; the person's other calls wait until everybody else had a turn."""
        person, calls = next(iter(self._waiting.items()))
        del self._waiting[person]
        place = calls.popleft()
        if calls:
            self._waiting[person] = calls
        return place

    def _start(self, place: QueuePlace) -> None:
        place.has_slot = True
        self.running += 1
        place.changed.set()

    def _places(self) -> Iterator[QueuePlace]:
        for calls in self._waiting.values():
            yield from calls


# A queue belongs to one event loop, and to one server.
_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, FairQueue]] = WeakKeyDictionary()


def slots_of(endpoint: Endpoint) -> int:
    """Return how many answers the server of a local model writes at once; 0 if that is not limited here."""
    own = settings.LOCAL_MODEL_SERVER.url
    if own and endpoint.url.startswith(own):
        return int(settings.LOCAL_MODEL_PARALLEL)
    return int(settings.LOCAL_SERVER_SLOTS)


async def places(endpoint: Endpoint, person: int | None, slots: int) -> AsyncGenerator[int | None, None]:
    """Yield how many calls come before this one whenever that changes, and None once it has a slot.

    The slot is held until the generator is closed. With 0 slots the server has no limit, and nothing is yielded.
    """
    if not slots:
        return
    queues = _queues.setdefault(asyncio.get_running_loop(), {})
    server = urlsplit(endpoint.url).netloc
    queue = queues.setdefault(server, FairQueue(slots))
    queue.slots = slots
    place = queue.join(person)
    shown = -1
    try:
        while (before := queue.before(place)) is not None:
            if before != shown:
                yield before
                shown = before
            await place.changed.wait()
            place.changed.clear()
        yield None
    finally:
        queue.leave(place)
        if queue.is_idle:
            queues.pop(server, None)
