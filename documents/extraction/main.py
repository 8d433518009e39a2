"""What the extraction process does with one file: a copy of the warm process, see warm.py.

It applies its limits to itself before it opens the file, and writes lines of JSON to standard output. It does not load
Django, and holds no settings and no secrets.
"""

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from documents.extraction import reading, signatures
from documents.extraction.types import (
    MAX_HEADINGS,
    ExtractedPage,
    ExtractionError,
    LimitReachedError,
    Limits,
    check_amount,
    check_pages,
)
from documents.sentences import said, stored
from langai_site.words import gettext_noop

PR_SET_PDEATHSIG = 1
OPEN_FILES = 64
MB = 1024 * 1024
# Office files are seldom compressed more than this; a higher ratio may be meant to justify processor time.
ORDINARY_RATIO = 20
TOO_DEEP = gettext_noop("This file is nested too deeply to be read. Save it again in a simpler form.")


def end_with(parent: int) -> None:
    """Let the kernel kill this process when the worker dies, even if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def restrict(limits: Limits, inner_files: int = 0, preloaded: int = 0) -> None:
    """Apply the limits to this process.

    `inner_files`: how many bytes a file that it writes may have at least. `preloaded`: the bytes of address space that
    readers of formats take which were loaded before.
    """
    os.umask(0o077)
    memory = limits.memory_mb * 1024 * 1024 + preloaded
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    cpu_seconds = limits.cpu_seconds or limits.seconds
    most = limits.seconds if limits.unpacked_cpu_seconds else cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, most + 1))
    # UTF-8 needs at most four bytes a character, and headings repeat the text at most once; the rest is JSON's syntax.
    size = (
        max(limits.max_chars, limits.max_table_chars) * 8
        + limits.max_pages * 1024
        + MAX_HEADINGS * 64
        + 2 * 1024 * 1024
    )
    size = max(size, inner_files)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not limits.ocr_languages:
        # No other process and no thread. The limit counts all of the user's, so only zero is a usable number.
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def allow_for_unpacked(path: Path, limits: Limits) -> None:
    """Raise the processor time limit to what an office file justifies by its unpacked size."""
    if not limits.unpacked_cpu_seconds:
        return
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except signatures.UNREADABLE:  # its reader will say so
        return
    explained = limits.cpu_seconds + limits.unpacked_cpu_seconds * min(unpacked, size * ORDINARY_RATIO) // MB
    resource.setrlimit(resource.RLIMIT_CPU, (min(explained, limits.seconds), limits.seconds + 1))


def outcome(module: str, path: Path, limits: Limits, take: Callable[[ExtractedPage], None]) -> dict[str, Any]:
    """Return what was read, or why nothing was. `take` gets the first pages of what is long, while it is read."""
    try:
        signatures.check(path)
        allow_for_unpacked(path, limits)
        with reading.begin(limits.encoding, take) as notes:
            extracted = importlib.import_module(module).extract(path, limits)
        if notes.taken:
            check_pages(notes.taken + len(extracted.pages), limits)
        else:
            check_amount(extracted, limits)
    except ExtractionError as error:
        return {"error": stored(error.sentence), "limit": isinstance(error, LimitReachedError)}
    except RecursionError:
        return {"error": stored(said(TOO_DEEP))}
    except MemoryError:
        return {"outgrown": True}
    rest = asdict(replace(extracted, pages=(), notes=(*extracted.notes, *notes.notes())))
    return {**rest, "pages": extracted.pages}


def read(module: str, path: str, limits: Limits, preloaded: int) -> None:
    """Read one file within its limits, and write its pages, and last the rest of the outcome, to standard output.

    Each is JSON on one line. A page is a list of its values.
    """
    restrict(limits, Path(path).stat().st_size, preloaded)
    found = outcome(module, Path(path), limits, _write)
    for page in found.pop("pages", ()):
        _write(page)
    _write_line(found)


def _write(page: ExtractedPage) -> None:
    _write_line([page.text, page.label, page.first_row, page.unit])


def _write_line(value: object) -> None:
    # In one piece: if memory runs out, no half of a line is written.
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
