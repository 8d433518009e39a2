"""Reads an untrusted file in a process with limits on memory, time and output: a copy of a warm one."""

import logging
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from documents.extraction import folders, stored_pages, warm_process
from documents.extraction.types import (
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    LimitReachedError,
    Limits,
    Note,
)
from documents.extraction.warm import DISK_FULL
from documents.extraction.warm_process import OUT_OF_TIME, ReadingJob
from documents.sentences import SentenceTemplate, restored, said
from langai_site.words import gettext_noop

logger = logging.getLogger(__name__)

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

TOO_COSTLY = gettext_noop(
    "Reading this file took far longer than files of its size usually take: it is damaged, or nested too deeply. "
    "Save it again in a simpler form and upload that."
)

TOO_LONG = gettext_noop("Reading this file took longer than %(seconds)s seconds. Split it into several files.")
NO_SPACE = gettext_noop(
    "The server's disk is full, so this file could not be read. Tell an admin, and try again later."
)
STOPPED = gettext_noop("The system stopped reading this file, probably because memory ran out. Try again later.")
FAILED = gettext_noop("The reader failed on this file: it is damaged, or too complex. Save it again, then upload it.")

end_warm = warm_process.end_of_thread


def extract(path: Path, module: str, limits: Limits, watch: Callable[[], object] = bool) -> Extracted:
    """Return what `module` reads from `path`.

    Raises ExtractionError with a message for the file's owner: LimitReachedError if more time or memory might help.

    `watch` is called about every second meanwhile; an exception from it ends the reading.
    """
    limits = replace(limits, ends_at=time.monotonic() + limits.seconds)
    # Some readers write parts of the file to a folder. This process deletes it, because the reader may be killed.
    with (
        folders.opened() as folder,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as complaints,
    ):
        environment = {**_environment(), "TMPDIR": folder}
        job = ReadingJob(module, path, asdict(limits), environment, output, complaints)
        code = warm_process.run(job, limits.seconds, watch)
        if code:
            logger.warning("Extraction ended with %s: %s", code, _where(complaints))
            raise LimitReachedError(_reason(code, limits))
        return _extracted(*stored_pages.read(output), limits)


def _environment() -> dict[str, str]:
    passed = {name: os.environ.get(name, default) for name, default in PASSED_ON.items()}
    return {**ENVIRONMENT, **{name: value for name, value in passed.items() if value}}


def _reason(code: int, limits: Limits) -> SentenceTemplate:
    if code == -signal.SIGXCPU and 0 < limits.cpu_seconds < limits.seconds:
        return said(TOO_COSTLY)
    if code in (-signal.SIGXCPU, OUT_OF_TIME):
        return said(TOO_LONG, seconds=str(limits.seconds))
    if code == DISK_FULL:
        return said(NO_SPACE)
    if code == -signal.SIGKILL:
        return said(STOPPED)
    return said(FAILED)


def _extracted(pages: Sequence[ExtractedPage], value: dict[str, Any], limits: Limits) -> Extracted:
    if value.get("outgrown"):
        raise LimitReachedError(
            gettext_noop(
                "Reading this file needs more than the %(memory_mb)s MB of memory that is allowed. Split it into "
                "several files."
            ),
            memory_mb=str(limits.memory_mb),
        )
    if "error" in value:
        raise (LimitReachedError if value.get("limit") else ExtractionError)(restored(value["error"]) or FAILED)
    return Extracted(
        value["title"],
        pages,
        tuple(Heading(**item) for item in value["headings"]),
        value["numbered"],
        tuple(map(_note, value["notes"])),
    )


def _note(item: dict[str, Any]) -> Note:
    value = restored(item["value"]) or str(item["value"])
    return Note(item["code"], value, tuple(item["pages"]), item["count"])


def _where(complaints: IO[bytes]) -> str:
    """Return where and how it failed. The rest of an error may be the file's text, which does not belong in a log."""
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - 4000))
    lines = complaints.read().decode(errors="replace").splitlines()
    return "; ".join(found[0].strip() for line in lines if (found := WHERE.match(line)))
