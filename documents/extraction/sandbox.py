"""Reads an untrusted file in a separate process with limits on memory, time and output."""

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from documents.extraction.types import (
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    LimitReachedError,
    Limits,
    Note,
)

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    # One thread each: there may be as many workers as processors.
    "OMP_THREAD_LIMIT": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONWARNINGS": "ignore",
}
# Only this is passed on from the worker's environment, which holds the keys: where tesseract and its languages are.
PASSED_ON = {"PATH": os.defpath, "TESSDATA_PREFIX": ""}

# The parts of an error report that may be logged: places and types of errors in a traceback, the first line of a crash.
WHERE = re.compile(r'\s*File "[^"]+", line \d+(, in \S+)?|[A-Za-z_.]+(Error|Exception|Exit)\b|Fatal Python error')

# `_wait` returns this for a process that was still running when its time was up; no process ends by this signal.
OUT_OF_TIME = -signal.SIGALRM
TOO_COSTLY = (
    "Reading this file took far longer than others of its size do: it is damaged, or nested too deeply. "
    "Save it again in a simpler form and upload that."
)

Process = subprocess.Popen[bytes]


def extract(path: Path, module: str, limits: Limits, watch: Callable[[], object] = bool) -> Extracted:
    """Return what `module` reads from `path`.

    Raises ExtractionError with a message for the file's owner: LimitReachedError if more time or memory might help.

    `watch` is called about every second meanwhile; an exception from it ends the reading.
    """
    limits = replace(limits, ends_at=time.monotonic() + limits.seconds)
    # Some readers write parts of the file to a folder. This process deletes it, because the reader may be killed.
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as complaints,
    ):
        arguments = [module, str(path), json.dumps(asdict(limits)), str(os.getpid())]
        process = _start(arguments, folder, output, complaints)
        try:
            code = _wait(process, limits.seconds, watch)
        finally:
            _kill(process)
        if code:
            logger.warning("Extraction ended with %s: %s", code, _where(complaints))
            raise LimitReachedError(_reason(code, limits))
        output.seek(0)
        return _extracted(json.load(output), limits)


def _start(arguments: list[str], folder: str, output: IO[bytes], complaints: IO[bytes]) -> Process:
    """Start the reader. Without `preexec_fn`, which may deadlock with threads: the reader limits itself."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "documents.extraction.main", *arguments],
        cwd=ROOT,
        env={**_environment(), "TMPDIR": folder},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=complaints,
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    passed = {name: os.environ.get(name, default) for name, default in PASSED_ON.items()}
    return {**ENVIRONMENT, **{name: value for name, value in passed.items() if value}}


def _wait(process: Process, seconds: float, watch: Callable[[], object]) -> int:
    """Return the exit code, negative for a signal."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(WATCH_SECONDS, left))
        watch()
    return OUT_OF_TIME


def _kill(process: Process) -> None:
    """Kill the whole process group, including what a library may have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason(code: int, limits: Limits) -> str:
    if code == -signal.SIGXCPU and 0 < limits.cpu_seconds < limits.seconds:
        return TOO_COSTLY
    if code in (-signal.SIGXCPU, OUT_OF_TIME):
        return f"Reading this file took longer than {limits.seconds} seconds. Split it into several files."
    if code == -signal.SIGKILL:
        return "Reading this file was stopped by the system, probably for want of memory. Try again later."
    return "The reader failed on this file: it is damaged, or too complex. Save it again, then upload it."


def _extracted(value: dict[str, Any], limits: Limits) -> Extracted:
    if value.get("outgrown"):
        raise LimitReachedError(
            f"Reading this file needs more than the {limits.memory_mb} MB of memory that is allowed. "
            "Split it into several files."
        )
    if "error" in value:
        raise (LimitReachedError if value.get("limit") else ExtractionError)(value["error"])
    return Extracted(
        value["title"],
        tuple(ExtractedPage(**item) for item in value["pages"]),
        tuple(Heading(**item) for item in value["headings"]),
        value["numbered"],
        tuple(Note(item["code"], item["value"], tuple(item["pages"]), item["count"]) for item in value["notes"]),
    )


def _where(complaints: IO[bytes]) -> str:
    """Return where and how it failed. The rest of an error may be the file's text, which does not belong in a log."""
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - 4000))
    lines = complaints.read().decode(errors="replace").splitlines()
    return "; ".join(found[0].strip() for line in lines if (found := WHERE.match(line)))
