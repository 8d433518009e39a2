"""Folders for parts of the files that are being read, which contain what people keep confidential. Pure."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

# By this, those that a killed worker left are found.
PREFIX = "langai-reading-"


def opened() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that only this user can open, and that is deleted with all in it after its `with` block."""
    return tempfile.TemporaryDirectory(prefix=PREFIX)


def left_behind(before: float) -> Iterator[Path]:
    """Yield the folders of this user in which nothing was made or deleted since `before`, a time in seconds."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            found = path.lstat()
        except FileNotFoundError:  # another process removed it
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and found.st_mtime < before:
            yield path
