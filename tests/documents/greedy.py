"""Extractors that misbehave, run in the real extraction process."""

import ctypes
import os
import resource
import signal
import time
import zipfile
from pathlib import Path
from typing import NoReturn

from documents.extraction import main
from documents.extraction.reading import chosen_encoding, note
from documents.extraction.types import Extracted, ExtractedPage, ExtractionError, Limits, Unread


def extract(path: Path, limits: Limits) -> Extracted:
    """Do what the file says: its text, or the name of the first part of an archive."""
    order = zipfile.ZipFile(path).namelist()[0] if zipfile.is_zipfile(path) else path.read_text()
    found: Extracted = globals()[order]()
    return found


def eat_memory() -> Extracted:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


class _TooMuch(dict[str, str]):
    def items(self) -> NoReturn:
        raise MemoryError


def run_out_of_memory_while_writing() -> Extracted:
    """Hand over a page of which the second half does not fit into memory."""
    main._write_line(["first half", _TooMuch(second="half")])
    return Extracted("", ())


def spin() -> Extracted:
    while True:
        pass


def sleep() -> Extracted:
    time.sleep(3600)
    return Extracted("", ())


def crash() -> Extracted:
    ctypes.string_at(0)
    return Extracted("", ())


def raise_error() -> Extracted:
    raise ValueError("private detail")


def write_endlessly() -> Extracted:
    return Extracted("x" * 20_000_000, (ExtractedPage("text"),))


def start_process() -> Extracted:
    # The limit does not hold for root, as whom the tests may run.
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)
    try:
        child = os.fork()
    except BlockingIOError:
        raise ExtractionError("no other process may be started") from None
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return Extracted("", (ExtractedPage("started"),))


def open_files() -> Extracted:
    try:
        hoard = [os.open("/dev/null", os.O_RDONLY) for _ in range(1000)]
    except OSError:
        raise ExtractionError("too many open files") from None
    return Extracted("", (ExtractedPage(str(len(hoard))),))


def tell_cpu_seconds() -> Extracted:
    return Extracted("", (ExtractedPage(str(resource.getrlimit(resource.RLIMIT_CPU)[0])),))


def tell_environment() -> Extracted:
    return Extracted("", (ExtractedPage("\n".join(f"{name}={value}" for name, value in os.environ.items())),))


def tell_modules() -> Extracted:
    import sys

    return Extracted("", (ExtractedPage("\n".join(sys.modules)),))


def leave_notes() -> Extracted:
    for page in (3, 2):
        note(Unread.PICTURES, pages=[page])
    note(Unread.ATTACHMENT, "budget\n.xlsx")
    return Extracted("", (ExtractedPage(chosen_encoding() or "none chosen"),))


def tell_warm_process() -> Extracted:
    return Extracted("", (ExtractedPage(str(os.getppid())),))


left_behind: list[str] = []


def leave_things_behind() -> Extracted:
    """Change all that a process has: its modules' values, environment, folder, umask, signals and open files."""
    left_behind.append("x")
    os.environ["LEFT_BEHIND"] = "x"
    os.chdir("/")
    os.umask(0)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    files = len(os.listdir("/dev/fd"))
    os.dup(1)
    return Extracted("", (ExtractedPage(f"left behind {files}"),))


def find_things() -> Extracted:
    found = [*left_behind, *(name for name in os.environ if name == "LEFT_BEHIND")]
    found += [os.getcwd()] if os.getcwd() == "/" else []
    found += ["umask"] if os.umask(0o077) == 0 else []
    found += ["signal"] if signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN else []
    return Extracted("", (ExtractedPage(f"{found} {len(os.listdir('/dev/fd'))}"),))


def sleep_with_another() -> Extracted:
    """Start a process, as recognising text does, and sleep with it."""
    os.fork()
    return sleep()
