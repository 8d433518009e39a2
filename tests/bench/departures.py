"""`python -m tests.bench.departures`: what each departure from Django, Channels and Daphne saves.

One server as it is and one for each departure, which does that one thing as the framework does; all run at the same
time and take turns, so that other work on the machine meets all of them alike. The figures are processor time of the
web process, and the median time to the first words of an answer.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from tests.bench import children
from tests.bench.figures import BRIEF, PREFIX, Run, whole
from tests.bench.page import Viewer
from tests.bench.procs import cpu_seconds
from tests.bench.table import Row, median, table
from tests.bench.without import CHANGES
from tests.live.server import LangAI
from tests.upstream import Upstream, running_upstream

AS_IT_IS = ""
PEOPLE = 8
PAGES = 50
ANSWERS = 40
SHORT = "t20"


@dataclass
class Variant:
    """One server; `page`, `answer` and `first` are one figure for each round, in milliseconds."""

    name: str
    run: Run
    page: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    @property
    def web(self) -> int:
        return self.run.server.pid("web")

    async def measure_pages(self) -> None:
        viewer = self.run.viewers[0]
        address = f"{viewer.base}/conversations/{viewer.person['conversation']}/"
        before = cpu_seconds(self.web)
        for _ in range(PAGES):
            async with self.run.session.get(address, headers={"Cookie": viewer.cookies}) as response:
                assert response.status == 200, f"{address}: {response.status}"
                await response.read()
        self.page.append(1000 * (cpu_seconds(self.web) - before) / PAGES)

    async def measure_answers(self) -> None:
        before = cpu_seconds(self.web)
        answers = []
        for _ in range(ANSWERS // PEOPLE):
            answers += whole(await asyncio.gather(*(self.run.ask(SHORT) for _ in range(PEOPLE))))
        self.answer.append(1000 * (cpu_seconds(self.web) - before) / len(answers))
        self.first.append(median([answer.first for answer in answers]))


async def started(name: str, folder: Path, upstream: Upstream, session: aiohttp.ClientSession) -> Variant:
    server = LangAI(
        folder / (name or "as-it-is"),
        OPENAI_BASE_URL=upstream.openai_url,
        DJANGO_SETTINGS_MODULE="tests.bench.without",
        BENCH_WITHOUT=name,
    )
    await asyncio.to_thread(server.start)
    run = Run(upstream, server, session, deque())
    for person in await children.people(server, PEOPLE):
        run.viewers.append(await Viewer(session, server.url, person).open())
    return Variant(name, run)


async def warm(variant: Variant) -> None:
    """Ask until the models are listed, then once for everybody."""
    for _ in range(30):
        answer = await variant.run.viewers[0].ask(PREFIX + BRIEF)
        if not answer.error:
            break
        await asyncio.sleep(1)
    whole(await asyncio.gather(*(variant.run.ask(SHORT) for _ in range(PEOPLE))))


async def measured(names: list[str], rounds: int, folder: Path) -> list[Variant]:
    async with AsyncExitStack() as stack:
        upstream = stack.enter_context(running_upstream())
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))
        )
        variants = []
        for name in (AS_IT_IS, *names):
            print(f"starting {name or 'as it is'} …", file=sys.stderr, flush=True)
            variant = await started(name, folder, upstream, session)
            stack.push_async_callback(asyncio.to_thread, variant.run.server.stop)
            variants.append(variant)
            await warm(variant)
        for number in range(rounds):
            print(f"round {number + 1} of {rounds} …", file=sys.stderr, flush=True)
            for variant in variants:
                await variant.measure_pages()
                await variant.measure_answers()
        for variant in variants:
            for viewer in variant.run.viewers:
                await viewer.close()
        return variants


def row(variant: Variant, base: Variant) -> Row:
    def shown(figures: list[float], of_base: list[float]) -> str:
        pairs = zip(figures, of_base, strict=True)
        return f"{median(figures):.1f} ms ({median([mine - theirs for mine, theirs in pairs]):+.1f})"

    figures = f"page {shown(variant.page, base.page)}, answer {shown(variant.answer, base.answer)}"
    return Row(variant.name or "as it is", f"{figures}, first words {shown(variant.first, base.first)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.departures", description=__doc__)
    parser.add_argument("--only", action="append", choices=CHANGES, help="this departure only; may be repeated")
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    names = [name for name in CHANGES if name in (chosen.only or CHANGES)]
    with tempfile.TemporaryDirectory(prefix="langai-bench-", ignore_cleanup_errors=True) as folder:
        variants = uvloop.run(measured(names, chosen.rounds, Path(folder)))
    print(table([row(variant, variants[0]) for variant in variants]))
    print("Processor time of the web process for one page and one short answer; in brackets, against “as it is”.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
