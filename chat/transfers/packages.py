"""Opens an uploaded export: one JSON file, or a ZIP file with many and with the files of messages."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from langai_site.errors import InvalidError
from langai_site.numbers import grouped

# Entries of an archive: each takes about a kilobyte of memory.
MOST_ENTRIES = 50_000
# Bytes of an archive's list of entries, which is read and parsed as a whole before anybody can count them.
MOST_LISTED = MOST_ENTRIES * 300
# Text shrinks to a tenth or less; what grows beyond this was made to fill a disk.
MOST_GROWTH, SMALL = 150, 200_000_000
ENCRYPTED = 0x1
NOT_A_ZIP = gettext_noop("This is not a whole ZIP file. Download the export again.")
BOMB = gettext_noop("This ZIP file would unpack to more than an export can have. It is refused.")
LOCKED = gettext_noop("This ZIP file has a password. Pack it again without one.")
TOO_MANY = gettext_noop("This ZIP file has more than %(most)s entries. Import it in several files.")
# What reading a damaged entry raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
# How file ids begin the names of files in ChatGPT's export: file-Ab12-holiday.png, file_0001.dat.
_FILE_ID = re.compile(r"(file[-_][A-Za-z0-9]+)")
# Those of ChatGPT that hold no conversations, and could be long.
NOT_CONVERSATIONS = {"user.json", "users.json", "message_feedback.json", "memories.json", "model_comparisons.json"}


class ExportPackage:
    """An export that is open. `texts` are its JSON files by name, with their sizes in bytes."""

    def __init__(self, path: Path, archive: zipfile.ZipFile | None) -> None:
        self._path = path
        self._archive = archive
        entries = [] if archive is None else [entry for entry in archive.infolist() if not entry.is_dir()]
        texts = [entry for entry in entries if _is_text(entry.filename)]
        self.texts = {entry.filename: entry.file_size for entry in texts} if archive else {"": path.stat().st_size}
        self._members = _named(entry.filename for entry in entries)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a JSON file of the export, or a file of a message; "" is the file itself if it is not an archive."""
        with self._archive.open(name) if self._archive else self._path.open("rb") as file:
            yield file

    def find(self, hint: str) -> str | None:
        """Return the entry that a message means by a path, a file's id or its name; None if it is not there."""
        return self._members.get(hint.lower())

    def size(self, name: str) -> int:
        assert self._archive
        return self._archive.getinfo(name).file_size


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() == ".json" and path.name not in NOT_CONVERSATIONS and "__MACOSX" not in path.parts


def _named(names: Iterator[str]) -> dict[str, str]:
    """Return the entries by all that a message may call them, in small letters."""
    found: dict[str, str] = {}
    for name in names:
        path = PurePosixPath(name)
        keys = [name, path.name, path.stem]
        keys += [match[1] for match in [_FILE_ID.match(path.name)] if match]
        for key in keys:
            found.setdefault(key.lower(), name)
    return found


@contextmanager
def opened(path: Path) -> Iterator[ExportPackage]:
    """Open an uploaded export. Raises InvalidError for an archive that is damaged, locked, or made to do harm."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                raise InvalidError(_(NOT_A_ZIP))
        yield ExportPackage(path, None)
        return
    with _Archive(FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise InvalidError(_(NOT_A_ZIP)) from None
        file.is_open = True
        with archive:
            _check(archive, path.stat().st_size)
            yield ExportPackage(path, archive)


class _Archive(BufferedReader):
    """A ZIP file that refuses to have a list of entries read which is too long."""

    is_open = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.is_open and size is not None and size > MOST_LISTED:
            raise InvalidError(_(TOO_MANY) % {"most": grouped(MOST_ENTRIES)})
        return super().read(size)


def _check(archive: zipfile.ZipFile, packed: int) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise InvalidError(_(TOO_MANY) % {"most": grouped(MOST_ENTRIES)})
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise InvalidError(_(LOCKED))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > SMALL and unpacked > packed * MOST_GROWTH:
        raise InvalidError(_(BOMB))


def counting(file: IO[bytes], watch: Callable[[int], None]) -> Callable[[int], bytes]:
    """Return a function that reads from `file` and tells `watch` how many bytes it has read."""

    def read(size: int) -> bytes:
        data = file.read(size)
        watch(len(data))
        return data

    return read
