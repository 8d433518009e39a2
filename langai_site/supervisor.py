"""Keeps a few processes running together: prefixes their output, restarts one that dies, stops them all."""

import asyncio
import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

PR_SET_PDEATHSIG = 1
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
# A child that lived this long was healthy: its next restart is quick again.
HEALTHY_AFTER = 60.0
HURRIED_GRACE = 2.0
LONGEST_LINE = 2**20


@dataclass(frozen=True)
class Child:
    """A process to keep running. Those with a lower `wave` are stopped first, each within `grace` seconds.

    Of its output, only the lines in which `shown` is found are reported; all where it is None.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace: float = 10
    wave: int = 0
    shown: re.Pattern[str] | None = None


def write_line(name: str, text: str) -> None:
    sys.stdout.write(f"{name:<7} | {text}\n")
    sys.stdout.flush()


def ending(code: int) -> str:
    """Why a process ended, from its return code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def die_with(parent: int) -> None:
    """Have this process asked to end when `parent`, which started it, dies of whatever cause."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


class Supervisor:
    """Runs `children` until `stop()`. `report(name, line)` gets their output and what happens to them."""

    def __init__(self, children: Sequence[Child], report: Callable[[str, str], None] = write_line) -> None:
        self.children = children
        self.report = report
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        keepers = {child.name: asyncio.create_task(self._keep(child)) for child in self.children}
        await self._stopping.wait()
        for wave in sorted({child.wave for child in self.children}):
            await asyncio.gather(
                *(self._end(child, keepers[child.name]) for child in self.children if child.wave == wave)
            )

    def stop(self) -> None:
        """Ask everything to end; asked again, wait no longer than a moment."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_AFTER:
                delay = FIRST_DELAY
            self.report("run", f"{child.name} ended ({ending(code)}); starting it again in {delay:.0f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _run_once(self, child: Child) -> int:
        try:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                env={**os.environ, **child.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=LONGEST_LINE,
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),
            )
        except OSError as error:
            self.report("run", f"{child.name} cannot start: {error}")
            return 127
        self.processes[child.name] = process
        relay = asyncio.create_task(self._relay(child, process))
        code = await process.wait()
        self._sweep(process)
        # A grandchild that left the group may hold the pipe open: its output is not waited for.
        await asyncio.wait([relay], timeout=1)
        relay.cancel()
        return code

    async def _relay(self, child: Child, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await _next_line(process.stdout):
            text = line.decode(errors="replace").rstrip()
            if child.shown is None or child.shown.search(text):
                self.report(child.name, text)

    async def _end(self, child: Child, keeper: asyncio.Task[None]) -> None:
        process = self.processes.get(child.name)
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            if not await self._ended_in_time(child, keeper):
                self.report("run", f"{child.name} did not end in time; killed")
                self._sweep(process)
        await keeper

    async def _ended_in_time(self, child: Child, keeper: asyncio.Task[None]) -> bool:
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait([keeper, hurry], timeout=child.grace, return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and not keeper.done():
            await asyncio.wait([keeper], timeout=min(child.grace, HURRIED_GRACE))
        hurry.cancel()
        return keeper.done()

    def _sweep(self, process: asyncio.subprocess.Process) -> None:
        """Kill what is left of the process's group, its own children with it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


async def _next_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await stream.readexactly(overrun.consumed)
