import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import traceback
from collections import deque
from pathlib import Path

import aiohttp
import uvloop

from tests.bench import children
from tests.bench.figures import BRIEF, CROWD, FIGURES, PREFIX, Run, whole
from tests.bench.page import Viewer
from tests.bench.procs import Others
from tests.bench.table import Row, machine_note, table
from tests.live.server import LangAI
from tests.upstream import running_upstream

NOTE = (
    "SQLite, one web process; nobody may read a document except where the handbook is named. Each figure is a median "
    "of several rounds; times to first token are those of a server that sends 50 tokens a second after 100 ms."
)
READY_SECONDS = 60


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure LangAI against its goals.")
    parser.add_argument("--only", action="append", choices=FIGURES, help="measure this figure only; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    return parser.parse_args()


async def until_models_answer(run: Run) -> None:
    """The product lists its models in the background of its start."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        viewer = run.viewers[0]
        answer = await viewer.ask(PREFIX + BRIEF)
        if not answer.error:
            return
        if time.monotonic() > deadline:
            whole([answer])
        await viewer.close()
        await asyncio.sleep(1)
        await viewer.open()


async def opened(run: Run) -> None:
    """Open everybody's page and have each answered once, so that nothing is measured that happens only once."""
    await children.documents(run.server, readable=False)
    for person in await children.people(run.server, CROWD):
        run.viewers.append(await Viewer(run.session, run.server.url, person).open())
    await until_models_answer(run)
    for _ in range(0, len(run.viewers), 20):
        whole(await asyncio.gather(*(run.ask("t20") for _ in range(20))))


async def measured(run: Run, names: list[str]) -> tuple[list[Row], list[tuple[str, float]], bool]:
    """The rows of those figures, the cores that other work took during each, and whether all could be measured."""
    rows: list[Row] = []
    others: list[tuple[str, float]] = []
    fine = True
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        load = Others()
        try:
            rows += await FIGURES[name](run)
        except Exception as error:
            traceback.print_exc()
            rows.append(Row(name, f"not measured: {error}"))
            fine = False
        others.append((name, load.cores()))
    return rows, others, fine


async def bench(names: list[str], folder: str) -> tuple[list[Row], list[tuple[str, float]], bool]:
    with running_upstream() as upstream:
        server = LangAI(Path(folder), OPENAI_BASE_URL=upstream.openai_url)
        connector = aiohttp.TCPConnector(limit=0)
        try:
            await asyncio.to_thread(server.start)
            async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
                run = Run(upstream, server, session, deque())
                await opened(run)
                return await measured(run, names)
        finally:
            await asyncio.to_thread(server.stop)


def main() -> int:
    chosen = options()
    names = [name for name in FIGURES if name in (chosen.only or FIGURES)]
    # As installed: bytecode is written, so that a second start finds it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="langai-bench-", ignore_cleanup_errors=True) as folder:
        rows, others, fine = uvloop.run(bench(names, folder))
    print(f"{table(rows)}\n\n{NOTE}\n{machine_note(os.cpu_count() or 1, others)}")
    if chosen.json:
        figures = {row.figure.strip(): {"measured": row.measured.strip(), **row.values} for row in rows}
        chosen.json.write_text(json.dumps({"figures": figures, "others_cores": dict(others)}, indent=2))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
