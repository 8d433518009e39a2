"""Finds out on what kind of disk a folder is, and whether an error says that a disk is full; locks files."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
# File systems on which other machines may not see the locks that SQLite relies on.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs"}


DISK_FULL = "LangAI cannot go on: the disk is full. Make room on the disk of DATA_DIR, then run it again."
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# In the words of SQLite, of PostgreSQL, and of the system.
FULL_DATABASE = ("database or disk is full", "No space left on device", "Disk quota exceeded")


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Lock a file that may be missing. Raises BlockingIOError if another process holds the lock."""
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether `error`, or an error that caused it, says that a disk has no room left."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        of_database = any("OperationalError" in base.__name__ for base in type(error).__mro__)
        if of_database and any(words in str(error) for words in FULL_DATABASE):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def network_file_system(folder: Path) -> str:
    """Return the type of the network file system that `folder` is on, such as nfs4; "" if it is on no known one."""
    try:
        mounts = [line.split() for line in MOUNTS.read_text().splitlines()]
    except OSError:
        return ""
    kinds = {Path(_unescaped(place)): kind for _, place, kind, *_ in mounts}
    nearest = next((path for path in (folder, *folder.parents) if path in kinds), None)
    kind = kinds[nearest] if nearest else ""
    return kind if kind in NETWORK else ""


def _unescaped(place: str) -> str:
    """Decode a place with spaces, which the kernel writes as `\\040`."""
    return place.encode().decode("unicode_escape").encode("latin1").decode(errors="replace")
