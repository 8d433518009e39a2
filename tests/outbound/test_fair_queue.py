"""A local server writes a few answers at a time; people take turns, and each sees how many come first."""

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langai_site.local_model import LocalModel
from langai_site.outbound import door, fair_queue
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.fair_queue import FairQueue
from langai_site.outbound.types import Delta, Queued
from langai_site.usage.types import Caller
from tests.outbound.conftest import ask, call_of, prompts
from tests.upstream.process import eventually

SLOW, QUICK = "hosted_vllm/t40-r20", "hosted_vllm/t2"


def served(queue, running, waiting):
    """Let the running calls end one by one, and return who got a slot in which order."""
    order = []
    while waiting:
        queue.leave(running.pop(0))
        started = [place for place in waiting if place.has_slot]
        waiting = [place for place in waiting if not place.has_slot]
        running.extend(started)
        order.extend(started)
    return order


def test_fifty_people_and_one_who_asks_much_wait_alike():
    queue = FairQueue(2)
    running = [queue.join(0), queue.join(0)]
    waiting = [queue.join(0) for _ in range(50)] + [queue.join(person) for person in range(1, 51)]
    order = [place.person for place in served(queue, running, waiting)]
    # Everybody gets a first slot before anybody gets a second one.
    assert sorted(order[:51]) == list(range(51))
    assert Counter(order) == Counter({0: 50, **dict.fromkeys(range(1, 51), 1)})


@given(st.integers(1, 3), st.lists(st.integers(0, 4), min_size=4, max_size=14))
def test_the_place_shown_is_the_number_of_calls_that_come_first(slots, people):
    queue = FairQueue(slots)
    places = [queue.join(person) for person in people]
    running = [place for place in places if place.has_slot]
    waiting = [place for place in places if not place.has_slot]
    shown = {id(place): queue.before(place) for place in waiting}
    order = served(queue, list(running), waiting)
    assert [shown[id(place)] for place in order] == list(range(len(order)))
    assert all(queue.before(place) is None for place in places)


def test_who_gives_up_makes_room_for_those_behind():
    queue = FairQueue(1)
    first, second, third = (queue.join(person) for person in (1, 2, 3))
    assert (queue.before(second), queue.before(third)) == (0, 1)
    third.changed.clear()
    queue.leave(second)
    assert (queue.before(third), third.changed.is_set()) == (0, True)
    queue.leave(first)
    assert third.has_slot
    queue.leave(third)
    assert queue.is_idle


@pytest.fixture
def one_slot(settings):
    settings.LOCAL_SERVER_SLOTS = 1


def of(person, name):
    return replace(call_of(name), caller=Caller(user_id=person))


async def heard(call, entries):
    async with aclosing(door.stream_chat(call, entries.append)) as outputs:
        return [output async for output in outputs]


async def test_the_second_person_waits_and_is_told_so(upstream, one_slot):
    entries = []
    first = asyncio.create_task(heard(of(1, SLOW), entries))
    await asyncio.to_thread(eventually, lambda: len(prompts(upstream)) == 1)
    second, third = (asyncio.create_task(heard(of(person, QUICK), entries)) for person in (2, 3))
    outputs = await second
    assert first.done()
    assert outputs[:2] == [Queued(0), Queued(None)]
    assert [output for output in outputs if isinstance(output, Delta)]
    assert (await third)[:3] == [Queued(1), Queued(0), Queued(None)]
    assert not any(isinstance(output, Queued) and output.before for output in await first)
    assert [entry.caller.user_id for entry in entries] == [1, 2, 3]
    assert entries[1].first_token_ms < entries[0].duration_ms
    assert not any(fair_queue._queues[asyncio.get_running_loop()].values())


async def test_a_stopped_call_leaves_the_queue_unsent_and_its_slot_when_it_has_one(upstream, one_slot):
    entries = []
    first = asyncio.create_task(heard(of(1, SLOW), entries))
    await asyncio.to_thread(eventually, lambda: len(prompts(upstream)) == 1)
    second = asyncio.create_task(heard(of(2, QUICK), entries))
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    answer = await ask(of(3, QUICK))
    assert answer.error is None
    assert [entry.caller.user_id for entry in entries] == [1]
    assert len(prompts(upstream)) == 2


async def test_a_server_without_a_limit_and_a_hosted_one_have_no_queue(upstream, settings):
    assert not any(isinstance(output, Queued) for output in await heard(of(1, QUICK), []))
    settings.LOCAL_SERVER_SLOTS, settings.LOCAL_HOSTS = 1, ["10.0.0.1"]
    assert not any(isinstance(output, Queued) for output in await heard(of(1, QUICK), []))


def test_langais_own_model_has_as_many_slots_as_it_writes_answers_at_once(settings):
    settings.LOCAL_MODEL_SERVER = LocalModel(url="http://127.0.0.1:4711/v1", key="k")
    settings.LOCAL_MODEL_PARALLEL = 3
    own = Endpoint("hosted_vllm", "m", "http://127.0.0.1:4711/v1", "k", direct=True)
    assert fair_queue.slots_of(own) == 3
    assert fair_queue.slots_of(replace(own, url="http://127.0.0.1:8000/v1")) == 0
