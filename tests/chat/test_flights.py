"""With shared answers, turns that ask the same at once watch one call, and stopping one stops only that one."""

import asyncio

import pytest

from chat.conversations import labels
from chat.conversations.drafts import Pick
from chat.turns import shared_calls, turn
from langai_site.outbound.types import Delta, ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, Entry
from search.types import Reader
from tests.chat.factories import FixedState
from tests.chat.test_answers_cache import answers_are_shared, calls, hosted, outside, server  # noqa: F401 - fixtures
from tests.chat.test_fallback import model
from tests.chat.test_verifying import request as asked
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures
from tests.upstream.process import eventually

pytestmark = pytest.mark.usefixtures("upstream", "answers_are_shared")
# Takes a second and a half.
SLOW = "t30-r20"


class Person:
    """Somebody whose turn runs: what they have read, and their ledger entries."""

    def __init__(self, name: str, *models: ModelInfo, **changes):
        basis = {"catalogue": models, "asked": (), "caller": Caller(username=name)}
        self.request = asked("How long?", **basis | changes)
        self.text, self.error = "", None
        self.entries: list[Entry] = []
        self.begun = asyncio.Event()
        self.turn = asyncio.create_task(self._read())

    async def _read(self):
        try:
            async for event in turn.run(self.request, self.entries.append, FixedState()):
                if isinstance(event, Delta):
                    self.text += event.text
                    self.begun.set()
        except Exception as error:
            self.error = error

    async def reads(self):
        """Wait until there is something to read."""
        async with asyncio.timeout(10):
            await self.begun.wait()

    async def stops(self):
        self.turn.cancel()
        await asyncio.wait([self.turn])

    async def is_done(self):
        await asyncio.wait([self.turn], timeout=20)
        return self

    @property
    def entry(self) -> Entry:
        (entry,) = self.entries
        return entry


async def test_twenty_who_ask_the_same_at_once_are_one_call_and_twenty_entries(server, outside):  # noqa: F811
    people = [Person(f"person {number}", hosted("t9-d200")) for number in range(20)]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 1
    assert len({person.text for person in people}) == 1
    assert [person.entry.caller.username for person in people] == [f"person {number}" for number in range(20)]
    paid, *free = sorted((person.entry for person in people), key=lambda entry: entry.cached)
    assert (paid.cached, paid.bytes_sent > 0, paid.cost > 0) == (False, True, True)
    assert {(entry.cached, entry.cost, entry.saved, entry.status) for entry in free} == {
        (True, 0, paid.cost, "complete")
    }
    # All of them were given an answer to the same passages.
    assert {entry.documents for entry in (paid, *free)} == {tuple(map(str, FixedState.documents))}


async def test_people_watch_only_their_own_calls_unless_they_are_shared(server, settings):  # noqa: F811
    settings.CACHE_SHARED = False
    tabs = [("alice", 1), ("alice", 1), ("bob", 2)]
    people = [Person(name, model("t9-d200"), caller=Caller(number, name)) for name, number in tabs]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 2
    first, second, bob = (person.entry for person in people)
    assert sorted([first.cached, second.cached]) == [False, True]
    assert not bob.cached


async def test_who_comes_later_reads_from_the_beginning_while_it_is_written(server):  # noqa: F811
    first = Person("alice", model(SLOW))
    await first.reads()
    later = Person("bob", model(SLOW))
    await later.reads()
    assert not first.turn.done()
    await asyncio.gather(first.is_done(), later.is_done())
    assert later.text == first.text
    assert later.text.startswith("word")
    assert calls(server) == 1


async def test_who_stops_does_not_stop_it_for_another(server):  # noqa: F811
    alice, bob = Person("alice", model(SLOW)), Person("bob", model(SLOW))
    await alice.reads()
    await bob.stops()
    await alice.is_done()
    assert alice.text.endswith("end.")
    assert (alice.entry.cached, alice.entry.status) == (False, "complete")
    assert (bob.entry.cached, bob.entry.status, bob.entry.saved) == (True, "stopped", 0)
    assert bob.entry.documents == alice.entry.documents == tuple(map(str, FixedState.documents))
    assert server.stats()["disconnects"] == 0


async def test_when_the_first_one_stops_the_next_one_pays_and_reads_on(server, outside):  # noqa: F811
    people = [Person(name, hosted(SLOW)) for name in ("alice", "bob", "charlie")]
    alice, bob, charlie = people
    await alice.reads()
    await alice.stops()
    await asyncio.gather(bob.is_done(), charlie.is_done())
    assert calls(server) == 1
    assert bob.text == charlie.text
    assert bob.text.endswith("end.")
    assert (alice.entry.cached, alice.entry.cost, alice.entry.status) == (True, 0, "stopped")
    assert (bob.entry.cached, bob.entry.caller.username, bob.entry.cost > 0) == (False, "bob", True)
    assert (charlie.entry.cached, charlie.entry.saved) == (True, bob.entry.cost)


async def test_when_all_have_stopped_the_call_ends_at_once_and_the_last_one_pays(server, outside):  # noqa: F811
    alice, bob = Person("alice", hosted("t3000-r20")), Person("bob", hosted("t3000-r20"))
    await alice.reads()
    await alice.stops()
    await bob.stops()
    assert await asyncio.to_thread(eventually, lambda: server.stats()["disconnects"] == 1)
    assert (alice.entry.cached, alice.entry.cost) == (True, 0)
    assert (bob.entry.cached, bob.entry.status, bob.entry.cost > 0) == (False, "stopped", True)
    assert shared_calls._flights == {}


async def test_who_asks_after_all_have_stopped_has_a_call_of_their_own(server):  # noqa: F811
    alice = Person("alice", model(SLOW))
    await alice.reads()
    await alice.stops()
    bob = await Person("bob", model(SLOW)).is_done()
    assert (bob.entry.cached, bob.text.endswith("end.")) == (False, True)
    assert calls(server) == 2


async def test_who_stops_twice_is_entered_all_the_same(server):  # noqa: F811
    alice = Person("alice", model(SLOW))
    await alice.reads()
    alice.turn.cancel()
    await asyncio.sleep(0)
    await alice.stops()
    assert alice.entry.status == "stopped"


async def test_a_model_that_hangs_is_let_go_when_all_have_stopped(server):  # noqa: F811
    alice, bob = Person("alice", model("fail-hang")), Person("bob", model("fail-hang"))
    assert await asyncio.to_thread(eventually, lambda: server.stats()["active"] == 1)
    await bob.stops()
    await alice.stops()
    assert await asyncio.to_thread(eventually, lambda: server.stats()["active"] == 0)
    assert [alice.entry.cached, bob.entry.cached] == [False, True]
    assert shared_calls._flights == {}


async def test_when_it_fails_all_go_on_to_the_next_model_together(server):  # noqa: F811
    people = [Person(name, model("fail-broken", 1), model("t5-d100", 2)) for name in ("alice", "bob")]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 2
    for person in people:
        assert person.error is None
        assert [entry.status for entry in person.entries] == ["upstream_error", "complete"]
    assert sorted(entry.cached for person in people for entry in person.entries) == [False, False, True, True]


async def test_when_it_breaks_off_all_keep_what_there_was_and_are_told_why(server):  # noqa: F811
    people = [Person(name, model("fail-cut-t9-r50")) for name in ("alice", "bob")]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 1
    assert {(person.text != "", person.error.code, person.entry.status) for person in people} == {(True, "cut", "cut")}
    assert {(person.entry.saved, person.entry.cost) for person in people} == {(0, 0)}


async def test_asked_afresh_somebody_has_a_call_of_their_own(server):  # noqa: F811
    alice = Person("alice", model(SLOW))
    await alice.reads()
    bob = Person("bob", model(SLOW), pick=Pick("auto", fresh=True))
    await bob.reads()
    charlie = Person("charlie", model(SLOW))
    await asyncio.gather(*(person.is_done() for person in (alice, bob, charlie)))
    assert calls(server) == 2
    assert [person.entry.cached for person in (alice, bob, charlie)] == [False, False, True]


async def test_readers_of_different_documents_have_each_a_call_of_their_own(server):  # noqa: F811
    people = [Person(str(readable), model(SLOW), reader=Reader(1, readable)) for readable in [(3,), (4,), (3, 4)]]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 3
    assert not any(person.entry.cached for person in people)


async def test_what_is_confidential_is_not_shared(server):  # noqa: F811
    confidential = (labels.Cause(Sensitivity.CONFIDENTIAL, "chosen by you"),)
    people = [Person(name, model("t5-d100"), causes=confidential) for name in ("alice", "bob")]
    await asyncio.gather(*(person.is_done() for person in people))
    assert calls(server) == 2
    assert not any(person.entry.cached for person in people)
