"""The warm process: `python -m documents.extraction.warm SOCKET PARENT`.

It loads the readers of formats once, and forks for each file. The copy limits itself, reads that one file and ends, so
that a file's limits are its own, and nothing of a file can reach the next one: this process never opens any. Like its
copies it loads no Django and holds no settings and no secrets.

A request is one line of JSON, sent with two open files: for the result, and for complaints. It is answered with STARTED
once the copy runs, and with a line that has its exit code, negative for a signal.
"""

import contextlib
import errno
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from documents.extraction import main
from documents.extraction.types import Limits

STARTED = b"+"
# Descriptors that come with a request.
SENT_FILES = 2
# The exit code of a copy that had no room on the disk for what it read.
DISK_FULL = 74
# An idle process ends: the next file starts another.
IDLE_SECONDS = 60.0
# Open descriptors are few; a request is a path, an environment and a dozen numbers.
REQUEST_BYTES = 1024 * 1024


class WarmServer:
    """Answers requests, one at a time, until there are none for a while, or the other side has closed the socket."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._bare = _address_space()
        self._copy = 0

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        self._requests.settimeout(IDLE_SECONDS)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while received := self._receive():
                self._answer(*received)

    def _receive(self) -> tuple[dict[str, Any], list[int]] | None:
        line, files, _, _ = socket.recv_fds(self._requests, REQUEST_BYTES, SENT_FILES)
        while line and not line.endswith(b"\n"):
            more = self._requests.recv(REQUEST_BYTES)
            line = line + more if more else b""
        return (json.loads(line), files) if line else None

    def _answer(self, request: dict[str, Any], files: list[int]) -> None:
        _preload(request["module"])
        self._copy = os.fork()
        if not self._copy:
            self._requests.close()
            _read(request, files, _address_space() - self._bare)
        for file in files:
            os.close(file)
        self._requests.sendall(STARTED)
        _, status = os.waitpid(self._copy, 0)
        copy, self._copy = self._copy, 0
        # What a library of it may have started.
        _kill_group(copy)
        self._requests.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))

    def _end(self, *_: object) -> NoReturn:
        """End this process, and the copy that is reading."""
        if self._copy:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._copy, signal.SIGKILL)
            _kill_group(self._copy)
        os._exit(0)


def _preload(module: str) -> None:
    """Load a format's reader, and with its `preload` the libraries that it would load late, unless that fails."""
    if module in sys.modules:
        return
    # The copy fails as well, and says so.
    with contextlib.suppress(Exception):
        reader = importlib.import_module(module)
        getattr(reader, "preload", bool)()
        # So that collecting garbage does not touch, and copy, the memory that copies share.
        gc.collect()
        gc.freeze()


def _read(request: dict[str, Any], files: list[int], preloaded: int) -> NoReturn:
    """Read one file in the copy, and end it."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        main.end_with(request["parent"])
        for descriptor, file in enumerate(files, start=1):
            os.dup2(file, descriptor)
            os.close(file)
        os.environ.clear()
        os.environ.update(request["environment"])
        tempfile.tempdir = None
        main.read(request["module"], request["path"], Limits(**request["limits"]), preloaded)
        sys.stdout.flush()
        code = 0
    except BaseException as error:
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = DISK_FULL if is_full else code
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _address_space() -> int:
    """Return the bytes of address space that this process uses; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main.end_with(int(sys.argv[2]))
    WarmServer(socket.socket(fileno=int(sys.argv[1]))).run()
