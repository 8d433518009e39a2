"""Saves files of old office programs in today's formats with LibreOffice, where it is installed.

LibreOffice needs far more address space than the extraction process, so it runs in a process of its own, with its own
limits, a profile that lasts for one file, and no keys: `python -m documents.extraction.old_office ARGUMENTS`.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from documents.extraction import folders, signatures
from documents.extraction.main import end_with
from documents.extraction.registry import libreoffice
from documents.extraction.types import ExtractionError, LimitReachedError, Limits
from documents.sentences import restored, stored
from langai_site.words import gettext_noop

ROOT = Path(__file__).resolve().parents[2]
MB = 1024 * 1024
# Returned for a process that was still running when its time was up; no process ends by this signal.
WATCH_SECONDS, OUT_OF_TIME = 1.0, -signal.SIGALRM
# LibreOffice maps gigabytes that it never touches; what it writes to is limited like any other reader.
ADDRESS_SPACE_MB, OPEN_FILES, WRITTEN_MB = 8192, 1024, 512
REFUSED = 3
UNOPENED = gettext_noop(
    "LibreOffice could not open this file: it is damaged, or of another type than its name says. Open it in the "
    "program it was made with, save it in its present format, and upload that."
)
# No macros, no active content, no links that are followed, and a proxy that does not exist for whatever asks all the
# same: a document must reach nothing.
_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    *(("Inet/Settings", f"ooInet{kind}ProxyName", "127.0.0.1") for kind in ("HTTP", "HTTPS")),
    *(("Inet/Settings", f"ooInet{kind}ProxyPort", "9") for kind in ("HTTP", "HTTPS")),
)
PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(_ITEM.format(path=path, name=name, value=value) for path, name, value in _SETTINGS)
    + "</oor:items>"
)


@contextmanager
def saved_anew(path: Path, suffix: str, limits: Limits, watch: Callable[[], object]) -> Iterator[tuple[Path, Limits]]:
    """Save the file with this suffix, such as `.docx`; yield the new file and the limits that are left to read it.

    Raises ExtractionError, and LimitReachedError if more time might help.
    """
    began = time.monotonic()
    with folders.opened() as folder:
        newer = _convert(path, suffix, Path(folder), limits, watch)
        left = max(1, int(limits.seconds - (time.monotonic() - began)))
        yield newer, replace(limits, seconds=left)


def _convert(path: Path, suffix: str, folder: Path, limits: Limits, watch: Callable[[], object]) -> Path:
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(PROFILE)
    arguments = [libreoffice(), str(path), suffix[1:], str(folder), str(limits.memory_mb), str(limits.seconds)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "documents.extraction.old_office", *arguments, str(os.getpid())],
            cwd=ROOT,
            env={
                "LANG": "C.UTF-8",
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(folder),
                "TMPDIR": str(folder),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = _ended(process, limits.seconds, watch)
        finally:
            _kill(process)
        output.seek(0)
        if code == REFUSED:
            raise ExtractionError(restored(json.load(output)["error"]) or UNOPENED)
    if code in (-signal.SIGXCPU, -signal.SIGKILL, OUT_OF_TIME):
        raise LimitReachedError(
            gettext_noop(
                "LibreOffice took longer than %(seconds)s seconds, or too much memory. Split the file into several."
            ),
            seconds=str(limits.seconds),
        )
    newer = folder / "out" / f"{path.stem}{suffix}"
    if code or not newer.is_file():
        raise ExtractionError(UNOPENED)
    return newer


def _ended(process: subprocess.Popen[bytes], seconds: float, watch: Callable[[], object]) -> int:
    """Return the exit code, negative for a signal."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(WATCH_SECONDS, left))
        watch()
    return OUT_OF_TIME


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole process group: LibreOffice is a script that starts others."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def check(path: Path) -> None:
    """Raise ExtractionError unless the file is of the old type that it is named after.

    LibreOffice goes by what is in a file, whatever its name says. Formats that are text, such as HTML and flat
    OpenDocument, can draw in other files.
    """
    signatures.check(path)
    with path.open("rb") as file:
        if not file.read(len(signatures.OLE)) == signatures.OLE:
            raise ExtractionError(UNOPENED)


def main(arguments: list[str]) -> None:
    """Limit this process, check what the file is, and become LibreOffice."""
    office, path, kind, folder, memory_mb, seconds, parent = arguments
    end_with(int(parent))
    os.umask(0o077)
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_MB * MB),
        (resource.RLIMIT_DATA, (int(memory_mb) + 1024) * MB),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, WRITTEN_MB * MB),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        check(Path(path))
    except ExtractionError as error:
        json.dump({"error": stored(error.sentence)}, sys.stdout)
        sys.stdout.flush()
        os._exit(REFUSED)
    profile = (Path(folder) / "profile").as_uri()
    quiet = ["--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"]
    os.execv(  # noqa: S606
        office,
        [office, f"-env:UserInstallation={profile}", *quiet, "--convert-to", kind, "--outdir", f"{folder}/out", path],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
