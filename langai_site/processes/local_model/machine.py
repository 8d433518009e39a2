"""How much memory and how many processors this process may use, as Linux says: of the machine, and of its container."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def available_memory(root: Path = ROOT) -> int | None:
    """Return the bytes that can still be taken without swapping; None where nobody says."""
    found = [_of_machine(root), *_left_in_groups(root)]
    return min((max(0, number) for number in found if number is not None), default=None)


def processors(root: Path = ROOT) -> int:
    """Return how many processors there are to compute on, at least one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(root)]))


def _of_machine(root: Path) -> int | None:
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield what each control group leaves, of both versions; files that can be read again do not count as used."""
    for folder in _groups(root, ""):
        if (most := _number(folder / "memory.max")) is not None:
            yield most - (_number(folder / "memory.current") or 0) + _cached(folder, "inactive_file")
    for folder in _groups(root, "memory"):
        if (most := _number(folder / "memory.limit_in_bytes")) is not None:
            yield most - (_number(folder / "memory.usage_in_bytes") or 0) + _cached(folder, "total_inactive_file")


def _quotas(root: Path) -> Iterator[int]:
    """Yield how many whole processors each control group gives, of both versions."""
    for folder in _groups(root, ""):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.strip().isdigit():
            yield max(1, int(quota) // int(period))
    for folder in _groups(root, "cpu"):
        quota_us, period_us = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota_us and period_us:
            yield max(1, quota_us // period_us)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's group and of those around it; `controller` is empty for version 2."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        if controller not in names.split(","):
            continue
        top = root / "sys/fs/cgroup" / controller
        # In a container the path may be that of the host, which is not there.
        inner = Path(path.strip("/"))
        yield from (top / folder for folder in dict.fromkeys((inner, *inner.parents, Path())))


def _cached(folder: Path, name: str) -> int:
    for line in _text(folder / "memory.stat").splitlines():
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return 0


def _number(path: Path) -> int | None:
    """Return the number in a file; None where there is none, such as in one that says `max`."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
