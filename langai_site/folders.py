"""Finds out on what kind of disk a folder is."""

from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
# File systems on which other machines may not see the locks that SQLite relies on.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs"}


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
