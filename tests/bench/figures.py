"""What is measured. Each figure is a function of a run that returns its rows; FIGURES names them, in order."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chat.routing.complexity import score
from tests.bench import browser, children, procs
from tests.bench.long_pages import long_pages, tree_pages
from tests.bench.page import Answer, Viewer, ask_straight, closed_loop, counted
from tests.bench.table import Row, kilobytes, median, signed
from tests.complexity.prompts import PROMPTS
from tests.live.server import LangAI
from tests.upstream import Upstream

# Shapes of answers, see tests/upstream/plans.py. They come under LiteLLM's name for a compatible server.
BRIEF, STEADY, FULL_SPEED = "t50-r50-d100", "t500-r50-d100", "t500-r0-d0"
PREFIX = "hosted_vllm/"
# One brief answer takes about as long: people who ask in a loop are spread over it, lest they march in step.
SPREAD = 1.1
STREAMS, TOKENS = 10, 500
SETTLED = 30
CROWD = 200


class Broken(Exception):
    """A figure that could not be measured."""


@dataclass
class Run:
    """The product and the language model server under it, running, and people with their pages open."""

    upstream: Upstream
    server: LangAI
    session: aiohttp.ClientSession
    viewers: deque[Viewer]
    last_error: str = ""

    async def ask(self, model: str) -> Answer:
        """Ask as the person who has waited longest; one whose answer failed asks no more."""
        if not self.viewers:
            raise Broken(f"everybody's answers failed, the last one with: {self.last_error}")
        viewer = self.viewers.popleft()
        answer = await viewer.ask(PREFIX + model)
        if answer.error:
            self.last_error = answer.error
        else:
            self.viewers.append(viewer)
        return answer

    async def ask_straight(self, model: str) -> Answer:
        return await ask_straight(self.session, self.upstream.openai_url, model)


def whole(answers: list[Answer]) -> list[Answer]:
    """The answers, all of which came. Raises Broken."""
    if failed := [answer.error for answer in answers if answer.error]:
        raise Broken(f"{len(failed)} of {len(answers)} answers failed: {failed[0]}")
    return answers


async def added(run: Run, level: int, rounds: int) -> dict[str, float]:
    """Median milliseconds to the first token through the page and straight, `level` people asking in a loop."""
    straight = await closed_loop(lambda: run.ask_straight(BRIEF), level, rounds, SPREAD)
    before = procs.cpu_seconds(pid := run.server.pid("web"))
    page = await closed_loop(lambda: run.ask(BRIEF), level, rounds, SPREAD)
    web = procs.cpu_seconds(pid) - before
    firsts = {"straight": median([a.first for a in whole(straight)]), "page": median([a.first for a in whole(page)])}
    return firsts | {"added": firsts["page"] - firsts["straight"], "web_cpu_ms_a_chat": 1000 * web / len(page)}


def added_row(figure: str, values: dict[str, float], goal: str, peer: str) -> Row:
    measured = f"{signed(values['added'])} ({values['page']:.0f} against {values['straight']:.0f})"
    return Row(figure, measured, goal, peer, values)


async def first_token(run: Run) -> list[Row]:
    alone = await added(run, 1, 15)
    crowd = await added(run, 50, 5)
    await children.documents(run.server, readable=True)
    searched = await added(run, 1, 15)
    await children.documents(run.server, readable=False)
    return [
        added_row("added time to first token, 1 conversation", alone, "≤ +25 ms", "+72 ms"),
        added_row("  the same with the handbook searched", searched, "", ""),
        added_row("added time to first token, 50 conversations", crowd, "≤ +400 ms", "+4,520 ms"),
        Row("  web CPU for one answer of 50 tokens then", f"{crowd['web_cpu_ms_a_chat']:.0f} ms"),
    ]


async def failures(run: Run) -> list[Row]:
    crowd = min(CROWD, len(run.viewers))
    answers = await asyncio.gather(*(run.ask(BRIEF) for _ in range(crowd)))
    failed = [answer.error for answer in answers if answer.error]
    firsts = [answer.first for answer in answers if not answer.error]
    values = {"failed": len(failed), "asked": crowd, "first_token_median": median(firsts or [0])}
    measured = f"{len(failed)} fail; first token after {values['first_token_median']:,.0f} ms"
    measured += f" ({failed[0]})" if failed else ""
    return [Row(f"{crowd} conversations started at once", measured, "none fails", "77 to 90 fail", values)]


async def cpu(run: Run, rounds: int = 3) -> list[Row]:
    """Processor time of the web process while streams come as fast as they can, and the lane's share of it."""
    share, litellm = [
        await children.lane_share(run.server, adapter, PREFIX + FULL_SPEED, STREAMS, rounds)
        for adapter in ("lane", "litellm_adapter")
    ]
    pid = run.server.pid("web")
    whole(await asyncio.gather(*(run.ask(FULL_SPEED) for _ in range(STREAMS))))
    before = procs.cpu_seconds(pid)
    for _ in range(rounds):
        whole(await asyncio.gather(*(run.ask(FULL_SPEED) for _ in range(STREAMS))))
    web = 1e6 * (procs.cpu_seconds(pid) - before) / (rounds * STREAMS * TOKENS)
    values = {"web": web, "lane": share, "rest": web - share, "litellm": litellm}
    return [
        Row("web CPU for 1,000 tokens, 10 streams", f"{web:.0f} ms", "≤ 90 ms", "312 ms", values),
        Row("  of which the lane / everything else", f"{share:.0f} / {web - share:.0f} ms", "≤ 25 / ≤ 65 ms"),
        Row("  the same lane through LiteLLM", f"{litellm:.0f} ms"),
    ]


async def socket_bytes(run: Run) -> list[Row]:
    """What one answer of 500 tokens takes on the socket, compressed as browsers ask for it."""
    rows = []
    goals = {FULL_SPEED: "≤ 15 kB, ≤ 40 frames", STEADY: "≤ 60 kB"}
    names = {FULL_SPEED: "at full speed", STEADY: "at 50 tokens/s"}
    for shape, goal in goals.items():
        values = await one_answer(run, shape)
        measured = f"{kilobytes(values['bytes'])} in {values['frames']:.0f} frames (text: {kilobytes(values['text'])})"
        peer = "151 kB, 512 frames" if shape == FULL_SPEED else ""
        rows.append(Row(f"socket, 500-token answer {names[shape]}", measured, goal, peer, values))
    return rows


async def one_answer(run: Run, shape: str) -> dict[str, float]:
    person = run.viewers.popleft()
    async with counted(run.server.port) as port:
        await person.close()
        viewer = await Viewer(run.session, person.base, person.person, port.url).open()
        # The product begins to listen just after it has accepted a socket.
        await asyncio.sleep(1)
        before = port.received
        answer = await viewer.ask(PREFIX + shape)
        whole([answer])
        await viewer.close()
    return {"bytes": port.received - before, "frames": answer.frames, "text": answer.text_bytes}


async def page(run: Run, rounds: int = 3) -> list[Row]:
    loads = [await browser.cold_load(run.server.url, run.viewers[0].person["session"]) for _ in range(rounds)]
    values = {
        "bytes": median([load.transferred for load in loads]),
        "requests": median([load.requests for load in loads]),
        "usable_ms": median([load.usable_ms for load in loads]),
    }
    size, requests, usable = kilobytes(values["bytes"]), f"{values['requests']:.0f}", values["usable_ms"] / 1000
    measured = f"{size}, {requests} requests, {usable:.2f} s"
    goal, peer = "≤ 100 kB, ≤ 10, ≤ 0.4 s", "2,670 KiB, 235, 1.8 s"
    return [Row("chat page, cold: bytes, requests, usable", measured, goal, peer, values)]


async def conversations(run: Run) -> list[Row]:
    # By then what a start loads in the background is out of the garbage collector's sight.
    await asyncio.sleep(SETTLED)
    return [*await long_pages(run.session, run.server), *await tree_pages(run.session, run.server)]


async def start(run: Run) -> list[Row]:
    """Start what has been set up before, then let it rest. The people's sockets do not outlive this."""
    await asyncio.to_thread(run.server.stop)
    began = time.monotonic()
    starting = asyncio.create_task(asyncio.to_thread(run.server.start))
    seconds = await first_page(run, began)
    await starting
    await asyncio.sleep(SETTLED)
    assert run.server.process is not None
    memory = procs.memory_mib(run.server.process.pid)
    measured = f"{memory['Pss']:,.0f} MiB (Pss; Rss {memory['Rss']:,.0f})"
    return [
        Row("start to first 200 (not the first start)", f"{seconds:.1f} s", "≤ 5 s", "11 s", {"seconds": seconds}),
        Row("memory at rest, all processes", measured, "≤ 700 MiB", "791 MiB", memory),
    ]


async def first_page(run: Run, began: float) -> float:
    while time.monotonic() - began < 90:
        try:
            async with run.session.get(f"{run.server.url}/accounts/login/") as response:
                if response.status == 200:
                    return time.monotonic() - began
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.02)
    raise Broken("it did not start in 90 s")


async def installed(run: Run) -> list[Row]:
    size = procs.installed_bytes(Path(__file__).parents[2] / "requirements.lock")
    measured = f"{size / 1e9:.2f} GB"
    return [Row("installed size (packages of requirements.lock)", measured, "≤ 1 GB", "2.9 GB", {"bytes": size})]


async def scoring(run: Run, rounds: int = 200) -> list[Row]:
    """Judging how demanding a long message is, as the web process does for each message and while one is typed."""
    message = " ".join(prompt.text for prompt in PROMPTS).replace("\n\n", "\n")[:10_000]
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        score(message, passages=5, history=5)
        taken.append(1000 * (time.perf_counter() - began))
    values = {"ms": median(taken)}
    return [Row("scoring one message of 10,000 characters", f"{values['ms']:.2f} ms", "≤ 1 ms", "", values)]


# `start` is last of those that need the product: it stops it, and the pages with it.
FIGURES: dict[str, Callable[[Run], Awaitable[list[Row]]]] = {
    "first_token": first_token,
    "failures": failures,
    "cpu": cpu,
    "socket": socket_bytes,
    "page": page,
    "conversations": conversations,
    "installed": installed,
    "scoring": scoring,
    "start": start,
}
