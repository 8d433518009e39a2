"""Finds the files of installed wheels, checks their hash, and writes a prepared model so that it is whole or absent."""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = ".preparing"


def wheel_file(wheel: str, name: str) -> Path | None:
    """Return the path of a file in an installed wheel; None if it is not there. No code of the wheel is imported."""
    try:
        files = importlib.metadata.files(wheel) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in files if file.name == name]
    return next((path for path in found if path.is_file()), None)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def preparing(model_dir: Path) -> Iterator[None]:
    """Create the folder, and let one process at a time prepare models in it: each needs memory."""
    model_dir.mkdir(parents=True, exist_ok=True)
    with (model_dir / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `target` when complete.

    A killed build leaves no partial model.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def return_memory() -> None:
    """Return freed memory to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
