"""On what kind of disk a folder is."""

from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
# Where the locks that SQLite relies on may not be seen by other machines.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "fuse.sshfs"}


def network_file_system(folder: Path) -> str:
    """The kind of the network's file system that `folder` is on, such as nfs4; "" where it is on none that is known."""
    try:
        mounts = [line.split() for line in MOUNTS.read_text().splitlines()]
    except OSError:
        return ""
    kinds = {Path(_unescaped(place)): kind for _, place, kind, *_ in mounts}
    nearest = next((path for path in (folder, *folder.parents) if path in kinds), None)
    kind = kinds[nearest] if nearest else ""
    return kind if kind in NETWORK else ""


def _unescaped(place: str) -> str:
    """As the kernel writes a place with spaces: `\\040`."""
    return place.encode().decode("unicode_escape").encode("latin1").decode(errors="replace")
