"""Memory and processor time of processes, from /proc."""

import importlib.metadata
import os
import re
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name: own time in user and system mode, and that of children that have ended.
PARENT, OWN, ENDED = 1, slice(11, 13), slice(13, 15)
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_seconds(pid: int) -> float:
    """Processor time of one process, without its children."""
    return sum(map(int, _stat(pid)[OWN])) / TICK


def tree(root: int) -> list[int]:
    """A process and all its living descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[PARENT])
            except OSError:
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def memory_mib(root: int) -> dict[str, float]:
    """Memory of a process tree in MiB: `Rss`, and `Pss`, in which what processes share is counted once."""
    sums = {"Rss": 0, "Pss": 0}
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        sums = {name: size + sizes.get(name, 0) for name, size in sums.items()}
    return {name: size / 1024 for name, size in sums.items()}


def _busy() -> float:
    """Processor time that the whole machine has spent so far."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def _ours() -> float:
    total = 0
    for pid in tree(os.getpid()):
        try:
            fields = _stat(pid)
        except OSError:
            continue
        total += sum(map(int, fields[OWN] + fields[ENDED]))
    return total / TICK


class Others:
    """The cores that work which is not ours takes, since this was made."""

    def __init__(self) -> None:
        self.began, self.before = time.monotonic(), _busy() - _ours()

    def cores(self) -> float:
        return max(0.0, (_busy() - _ours() - self.before) / max(0.001, time.monotonic() - self.began))


def installed_bytes(lock: Path) -> int:
    """What the packages of a lock file take on disk, as installed in this environment."""
    total = 0
    # A package is listed once for each platform that needs a version of its own.
    for name in set(LOCKED.findall(lock.read_text())):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:  # meant for another platform
            continue
        for file in files:
            path = Path(str(file.locate()))
            total += path.stat().st_blocks * 512 if path.exists() else 0
    return total
