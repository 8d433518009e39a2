"""How long the page of a conversation of 1,000 messages takes, and how long everybody else waits meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.bench import children
from tests.bench.page import CSRF
from tests.bench.table import Row, median
from tests.live.server import LangAI

MESSAGES, AT_ONCE, WARM_ROUNDS = 1_000, 4, 10
# Somebody else asks for something light this often; the first rounds are taken while nobody draws a page.
POLL_SECONDS, IDLE_SECONDS = 0.01, 3
GOAL_PAGE, GOAL_FIRST, GOAL_WAIT = 150, 100, 50
BRANCHES, GOAL_TREE, GOAL_TREE_KB = 40, 300, 150


@dataclass
class Load:
    """One page: milliseconds until its first bytes and until it was whole, and its size."""

    first: float
    whole: float
    size: int


@dataclass
class Waits:
    """How many milliseconds somebody else waited for each light answer."""

    taken: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.taken, default=0.0)


class Pages:
    """People who each open their long conversation, and one more person who only wants something light."""

    def __init__(self, session: aiohttp.ClientSession, server: LangAI, people: list[dict[str, str]]) -> None:
        self.session, self.server, self.people = session, server, people

    def cookies(self, person: dict[str, str]) -> dict[str, str]:
        return {"Cookie": f"sessionid={person['session']}; csrftoken={CSRF}"}

    async def load(self, person: dict[str, str]) -> Load:
        began = time.perf_counter()
        url = f"{self.server.url}/conversations/{person['conversation']}/"
        async with self.session.get(url, headers=self.cookies(person), raise_for_status=True) as response:
            first = 0.0
            size = 0
            async for data in response.content.iter_any():
                first = first or 1000 * (time.perf_counter() - began)
                size += len(data)
        return Load(first, 1000 * (time.perf_counter() - began), size)

    async def _poll(self, path: str, headers: dict[str, str], waits: Waits) -> None:
        while True:
            began = time.perf_counter()
            async with self.session.get(self.server.url + path, headers=headers, raise_for_status=True) as response:
                await response.read()
            waits.taken.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(POLL_SECONDS)

    @asynccontextmanager
    async def others(self) -> AsyncIterator[dict[str, Waits]]:
        """What others wait within the block: for an answer from memory, and for their list of conversations."""
        waits = {"memory": Waits(), "list": Waits()}
        person = self.cookies(self.people[-1])
        tasks = [
            asyncio.create_task(self._poll("/health/live", {}, waits["memory"])),
            asyncio.create_task(self._poll("/conversations/list/", person | {"HX-Request": "true"}, waits["list"])),
        ]
        try:
            yield waits
            # Whoever waits is answered before it is over.
            await asyncio.sleep(0.1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def measured(pages: Pages, people: list[dict[str, str]], rounds: int = 1) -> tuple[list[Load], dict[str, Waits]]:
    """`people` open their pages, all at once, `rounds` times."""
    loads: list[Load] = []
    async with pages.others() as waits:
        for _ in range(rounds):
            loads += await asyncio.gather(*map(pages.load, people))
    return loads, waits


def row(figure: str, loads: list[Load], waits: dict[str, Waits], idle: dict[str, float]) -> Row:
    values = {
        "first": median([load.first for load in loads]),
        "whole": median([load.whole for load in loads]),
        "slowest": max(load.whole for load in loads),
        "kB": loads[0].size / 1000,
        **{f"wait_{name}": found.longest for name, found in waits.items()},
        **{f"ratio_{name}": found.longest / idle[name] for name, found in waits.items()},
    }
    told = f"{values['first']:,.0f} / {values['whole']:,.0f} ms; others {values['wait_memory']:,.0f} ms "
    told += f"({values['ratio_memory']:.0f}x), their list {values['wait_list']:,.0f} ms ({values['ratio_list']:.0f}x)"
    goal = f"≤ {GOAL_FIRST} / {GOAL_PAGE} ms warm; others ≤ {GOAL_WAIT} ms"
    return Row(figure, told, goal, "", values)


async def long_pages(session: aiohttp.ClientSession, server: LangAI) -> list[Row]:
    """A page's first bytes and whole, and the longest wait of others, by ratio to what is usual for them."""
    people = await children.long_conversations(server, AT_ONCE + 2, MESSAGES)
    pages = Pages(session, server, people)
    alone, crowd = people[0], people[1 : 1 + AT_ONCE]
    async with pages.others() as waits:
        await asyncio.sleep(IDLE_SECONDS)
    idle = {name: median(found.taken) for name, found in waits.items()}
    return [
        row(f"page of {MESSAGES:,} messages, never drawn", *await measured(pages, [alone]), idle),
        row("  the same again", *await measured(pages, [alone], WARM_ROUNDS), idle),
        row(f"  {AT_ONCE} at once, never drawn", *await measured(pages, crowd), idle),
        row(f"  {AT_ONCE} at once again", *await measured(pages, crowd, WARM_ROUNDS), idle),
    ]


async def tree_pages(session: aiohttp.ClientSession, server: LangAI) -> list[Row]:
    """The page of a conversation with many branches: how long it takes, and how large it is as it is sent."""
    person = await children.tree(server, MESSAGES, BRANCHES)
    pages = Pages(session, server, [person])
    first = await pages.load(person)
    again = [await pages.load(person) for _ in range(WARM_ROUNDS)]
    size = await _size_as_sent(pages, person)
    values = {"cold": first.whole, "whole": median([load.whole for load in again]), "kB": size / 1000}
    told = f"{values['cold']:,.0f} ms, then {values['whole']:,.0f} ms; {values['kB']:,.0f} kB"
    goal = f"≤ {GOAL_TREE} ms; ≤ {GOAL_TREE_KB} kB compressed"
    return [Row(f"page of {MESSAGES:,} messages in {BRANCHES} branches", told, goal, "", values)]


async def _size_as_sent(pages: Pages, person: dict[str, str]) -> int:
    """Return the bytes of the page as they are sent to a browser, which accepts compression."""
    headers = pages.cookies(person) | {"Accept-Encoding": "gzip"}
    url = f"{pages.server.url}/conversations/{person['conversation']}/"
    async with aiohttp.ClientSession(auto_decompress=False) as plain, plain.get(url, headers=headers) as response:
        return len(await response.read())
