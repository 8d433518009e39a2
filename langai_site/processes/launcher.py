"""`manage.py run`: sets up in a child process, then supervises the processes.

It stays small: it loads no application.
"""

import asyncio
import fcntl
import os
import re
import signal
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from langai_site.folders import DISK_FULL, is_disk_full
from langai_site.processes import chroma, ports
from langai_site.processes.local_model import child as local_model
from langai_site.processes.supervisor import Child, Supervisor, die_with, write_json, write_line

# Time for the web process to cancel and save answers that did not finish within its grace period.
STOP_MARGIN = 10
# Chroma prints a page of art and advertising at start; only its problems belong in the log.
CHROMA_TROUBLE = re.compile("WARN|ERROR|error|panicked")

# In production machines read the log: each line is a JSON object.
_write = write_json if settings.PRODUCTION else write_line


def main() -> None:
    """Run LangAI until Ctrl-C or SIGTERM."""
    if trouble := ports.trouble(settings.HOST, settings.PORT):
        sys.exit(trouble)
    lock = _lock()
    # Ctrl-C during the setup ends it without a traceback; later the supervisor handles it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prepare_in_child()
    with lock:
        try:
            asyncio.run(_supervise())
        finally:
            settings.RUNNING_CHROMA.unlink(missing_ok=True)
            settings.RUNNING_LOCAL_MODEL.unlink(missing_ok=True)


def _lock() -> BinaryIO:
    """Lock DATA_DIR for as long as the file is open: two sets of processes would disturb each other in it."""
    file = (settings.DATA_DIR / "run.lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"LangAI is already running on {settings.DATA_DIR}. Stop it first, or set another DATA_DIR.")
    return file


def _prepare_in_child() -> None:
    """Set up in a separate process, so that what it loads does not stay in memory."""
    process = get_context("fork").Process(target=_prepare, args=(os.getpid(),))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def _prepare(parent: int) -> None:
    die_with(parent)
    django.setup()
    from langai_site.processes import setup

    try:
        for line in setup.steps():
            _write("setup", line)
        # Print it immediately, whatever happens next: no later start shows the password again.
        if line := setup.first_admin():
            _write("setup", line)
    except ImproperlyConfigured as error:
        sys.exit(f"LangAI cannot start: {error}")
    except Exception as error:
        if is_disk_full(error):
            sys.exit(DISK_FULL)
        raise


def _children() -> list[Child]:
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    # Few arenas: otherwise each of the short-lived threads would keep memory of its own.
    environment = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
    if sys.stdout.isatty():
        # Their output is not a terminal itself, but ends up on one.
        environment["FORCE_COLOR"] = "1"
    children = []
    if settings.VECTOR_STORE == "chroma" and not settings.CHROMA_URL:
        # One port while this runs: a restarted Chroma has the same address.
        port = ports.free()
        environment["CHROMA_URL"] = f"http://127.0.0.1:{port}"
        settings.RUNNING_CHROMA.write_text(environment["CHROMA_URL"])
        children.append(_chroma(port))
    if model := local_model.child(_write):
        children.append(model)
    worker = Child("worker", [*manage, "worker"], environment)
    web = Child("web", [*manage, "serve"], environment, grace=settings.STOP_GRACE + STOP_MARGIN)
    return [web, *children, worker]


def _chroma(port: int) -> Child:
    program = Path(sys.executable).with_name("chroma")
    file = settings.DATA_DIR / "chroma.yaml"
    command = [str(program), "run", str(chroma.written(file, host="127.0.0.1", port=port, path=settings.CHROMA_PATH))]
    # Stopped last: answers that are being finished may still search.
    environment = {"ANONYMIZED_TELEMETRY": "False", "RUST_LOG": "warn"}
    return Child("chroma", command, environment, wave=1, shown=CHROMA_TROUBLE, remedy=set_chroma_aside)


def set_chroma_aside() -> str:
    """Move damaged files of Chroma away so that it can start empty: the search fills it again from the database."""
    path: Path = settings.CHROMA_PATH
    aside = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        path.rename(aside)
    except OSError as error:
        return f"chroma cannot stay up, and its files cannot be moved aside: {error}"
    return f"chroma cannot stay up; its files are now in {aside}, and the search fills it again"


async def _supervise() -> None:
    supervisor = Supervisor(_children(), _write)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    announcement = asyncio.create_task(_announce())
    await supervisor.run()
    announcement.cancel()
    _write("run", "Stopped.")


async def _announce() -> None:
    """Print the address once it answers."""
    wildcard = settings.HOST in ("0.0.0.0", "::")  # noqa: S104
    host = "127.0.0.1" if wildcard else settings.HOST
    while not await _answers(host, settings.PORT):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    shown = f"[{host}]" if ":" in host else "localhost" if host == "127.0.0.1" else host
    _write("run", f"LangAI is ready at http://{shown}:{settings.PORT}/")


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
