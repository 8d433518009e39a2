"""The worker's side of the warm processes: each thread has one, which reads files one after another."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from documents.extraction.warm import STARTED

ROOT = Path(__file__).resolve().parents[2]
WATCH_SECONDS = 1.0
# A process is replaced after so many files, or so many bytes of them.
MOST_FILES, MOST_BYTES = 500, 512 * 1024 * 1024
END_SECONDS = 5.0
# An idle process may have ended.
STARTS = 2
# `run` returns this for a reader that was still running when its time was up; no process ends by this signal.
OUT_OF_TIME = -signal.SIGALRM
KILLED = -signal.SIGKILL


class NotStartedError(Exception):
    """The warm process was gone before it read the file."""


@dataclass(frozen=True)
class ReadingJob:
    """A file to read: by which module, within which limits, in which environment, and where the outcome goes."""

    module: str
    path: Path
    limits: Mapping[str, Any]
    environment: Mapping[str, str]
    output: IO[bytes]
    complaints: IO[bytes]

    def message(self, parent: int) -> bytes:
        values = {
            "module": self.module,
            "path": str(self.path),
            "limits": self.limits,
            "environment": self.environment,
            "parent": parent,
        }
        return json.dumps(values).encode() + b"\n"


class WarmProcess:
    """A warm process. Only the thread that started it may use it: the kernel ends it when that thread ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process, self._socket = _start(environment)
        self._files = self._bytes = 0
        self.end = weakref.finalize(self, _end, self._process, self._socket)

    @property
    def is_worn(self) -> bool:
        return self._files >= MOST_FILES or self._bytes >= MOST_BYTES

    def run(self, job: ReadingJob, seconds: float, watch: Callable[[], object]) -> int:
        """Return the reader's exit code, negative for a signal. `watch` is called about every second meanwhile.

        Raises NotStartedError if this process is gone, which an idle one may be.
        """
        self._files += 1
        self._bytes += job.path.stat().st_size
        deadline = time.monotonic() + seconds
        try:
            descriptors = [job.output.fileno(), job.complaints.fileno()]
            socket.send_fds(self._socket, [job.message(self._process.pid)], descriptors)
            answer = self._answer(deadline, watch)
        except ConnectionError:
            raise NotStartedError from None
        if answer == b"":
            raise NotStartedError
        return OUT_OF_TIME if answer is None else self._code(answer.removeprefix(STARTED), deadline, watch)

    def _code(self, answer: bytes, deadline: float, watch: Callable[[], object]) -> int:
        while not answer.endswith(b"\n"):
            try:
                more = self._answer(deadline, watch)
            except ConnectionError:
                more = b""
            if more is None:
                return OUT_OF_TIME
            if not more:
                return KILLED
            answer += more
        return int(answer)

    def _answer(self, deadline: float, watch: Callable[[], object]) -> bytes | None:
        """Return what the process says next; b"" if it has ended, None once the time is up."""
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(min(WATCH_SECONDS, left))
            with contextlib.suppress(TimeoutError):
                return self._socket.recv(64)
            watch()
        return None


def _start(environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a process. Without `preexec_fn`, which may deadlock with threads: it limits itself."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "documents.extraction.warm", str(theirs.fileno()), str(os.getpid())],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return process, ours


def _end(process: subprocess.Popen[bytes], ours: socket.socket) -> None:
    """End a process, with the copy that is reading: the process ends it first."""
    ours.close()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_of_threads = threading.local()


def run(job: ReadingJob, seconds: float, watch: Callable[[], object]) -> int:
    """Read a file with this thread's process, and return the reader's exit code, as `WarmProcess.run` does.

    After anything but success the next file gets another process.
    """
    code = KILLED
    try:
        for _ in range(STARTS):
            with contextlib.suppress(NotStartedError):
                code = _of_thread(job.environment).run(job, seconds, watch)
                break
            end_of_thread()
        return code
    finally:
        if code or _of_thread(job.environment).is_worn:
            end_of_thread()


def _of_thread(environment: Mapping[str, str]) -> WarmProcess:
    if not hasattr(_of_threads, "process"):
        _of_threads.process = WarmProcess(environment)
    process: WarmProcess = _of_threads.process
    return process


def end_of_thread() -> None:
    """End this thread's warm process, if it has one: the next file starts another."""
    if process := _of_threads.__dict__.pop("process", None):
        process.end()
