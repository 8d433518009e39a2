"""Keeps a few processes running together: prefixes their output, restarts one that dies, stops them all."""

import asyncio
import ctypes
import json
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

PR_SET_PDEATHSIG = 1
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
# A child that lived this long was healthy: its next restart is quick again.
HEALTHY_AFTER = 60.0
# If a child dies this young, this many times in a row, its remedy is called.
QUICK_DEATH = 10.0
QUICK_DEATHS = 3
LAST_LINES = 5
CANNOT_START = 127
HURRIED_GRACE = 2.0
LONGEST_LINE = 2**20
Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Child:
    """A process to keep running. Those with a lower `wave` are stopped first, each within `grace` seconds.

    Only output lines that match `shown` are reported; all lines if it is None. The last of the others follow when the
    process fails. `remedy` is called, once, when it cannot stay alive; it returns what it did.

    Of LangAI's own environment it gets only the variables in `inherited`; all if that is None. With the exit code
    `final` it says that it told why it cannot run: it is not started again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace: float = 10
    wave: int = 0
    shown: re.Pattern[str] | None = None
    remedy: Callable[[], str] | None = None
    inherited: Sequence[str] | None = None
    final: int | None = None


def write_line(name: str, text: str) -> None:
    sys.stdout.write(f"{name:<7} | {text}\n")
    sys.stdout.flush()


def write_json(name: str, text: str) -> None:
    """Write a line of a machine-readable log: the process is added to a line that is already an object."""
    if text.startswith('{"') and text.endswith("}"):
        line = f'{{"process": {json.dumps(name)}, {text[1:]}'
    else:
        line = json.dumps({"process": name, "event": text}, ensure_ascii=False)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ending(code: int) -> str:
    """Return why a process ended, from its return code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def die_with(parent: int) -> None:
    """Let the kernel ask this process to end when `parent`, which started it, dies for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


class Process(asyncio.SubprocessProtocol):
    """One run of a child.

    A protocol, because asyncio's streams would wait for grandchildren that hold the pipe open.
    """

    def __init__(self, child: Child, report: Report) -> None:
        self.child, self.report = child, report
        self.pid = 0
        self._rest = b""
        self._withheld: deque[str] = deque(maxlen=LAST_LINES)
        loop = asyncio.get_running_loop()
        self._exited, self._silent = loop.create_future(), loop.create_future()

    @property
    def alive(self) -> bool:
        return not self._exited.done()

    async def start(self) -> None:
        self._transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: self,
            *self.child.command,
            env={**self._inherited(), **self.child.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(die_with, os.getpid()),
        )
        self.pid = self._transport.get_pid()

    def _inherited(self) -> Mapping[str, str]:
        names = self.child.inherited
        return os.environ if names is None else {name: os.environ[name] for name in names if name in os.environ}

    async def ended(self) -> int:
        """Wait for its end, kill processes that it started and left behind, and return the exit code."""
        await self._exited
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await asyncio.wait([self._silent], timeout=1)
        code = self._transport.get_returncode()
        self._transport.close()
        return code or 0

    def tell_withheld(self) -> None:
        """Report the last lines that were not shown: they may say why it failed."""
        for text in self._withheld:
            self.report(self.child.name, text)

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._transport.send_signal(number)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._show(line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if self._rest:
            self._show(self._rest)
        self._silent.set_result(None)

    def process_exited(self) -> None:
        self._exited.set_result(None)

    def _show(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if self.child.shown is None or self.child.shown.search(text):
            self.report(self.child.name, text)
        elif text:
            self._withheld.append(text)


class Supervisor:
    """Runs `children` until `stop()`. `report(name, line)` receives their output and what happens to them."""

    def __init__(self, children: Sequence[Child], report: Report = write_line) -> None:
        self.children = children
        self.report = report
        self.processes: dict[str, Process] = {}
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
        """Ask everything to end; on a second call, wait only a moment longer."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        delay, deaths = FIRST_DELAY, 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set() or code == child.final:
                return
            lived = time.monotonic() - started
            if lived > HEALTHY_AFTER:
                delay = FIRST_DELAY
            deaths = deaths + 1 if code not in (0, CANNOT_START) and lived < QUICK_DEATH else 0
            if child.remedy and deaths == QUICK_DEATHS:
                self.report("run", child.remedy())
            self.report("run", f"{child.name} ended ({ending(code)}); starting it again in {delay:.0f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _run_once(self, child: Child) -> int:
        process = Process(child, self.report)
        try:
            await process.start()
        except OSError as error:
            self.report("run", f"{child.name} cannot start: {error}")
            return CANNOT_START
        self.processes[child.name] = process
        if self._stopping.is_set():
            # Asked to stop at this moment: it has not done anything yet.
            process.send(signal.SIGKILL)
        code = await process.ended()
        if code not in (0, child.final) and not self._stopping.is_set():
            process.tell_withheld()
        return code

    async def _end(self, child: Child, keeper: asyncio.Task[None]) -> None:
        process = self.processes.get(child.name)
        if process is not None and process.alive:
            process.send(signal.SIGTERM)
            if not await self._ended_in_time(child, keeper):
                self.report("run", f"{child.name} did not end in time; killed")
                process.send(signal.SIGKILL)
        await keeper

    async def _ended_in_time(self, child: Child, keeper: asyncio.Task[None]) -> bool:
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait([keeper, hurry], timeout=child.grace, return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and not keeper.done():
            await asyncio.wait([keeper], timeout=min(child.grace, HURRIED_GRACE))
        hurry.cancel()
        return keeper.done()
