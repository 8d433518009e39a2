"""The file of a backup: a compressed tar. Its last member, the manifest, lists all others with size and SHA-256."""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from langai_site.errors import LangAIError

FORMAT = 1
MANIFEST = "manifest.json"
SECRET = "secret_key"  # noqa: S105 - the name of a file
FILES = "files/"
# Texts and rows become a tenth; more effort gains little, and the worker shares its cores with people's answers.
COMPRESSION = 3
CHUNK = 1024 * 1024
MANIFEST_MAX_BYTES = 16 * 1024 * 1024
_KNOWN_NAMES = re.compile(r"database\.(sqlite3|dump)|secret_key|files/[^\0]+")


class BackupError(LangAIError):
    """A backup cannot be made, is damaged, or does not fit this installation."""

    code, status = "backup", 409


@dataclass(frozen=True)
class Member:
    """A file in the archive."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is in a backup. `counts` are rows by table; `sequence` and `head` are the end of the ledger's chain.

    `secret` is a fingerprint of SECRET_KEY, which does not reveal it. `vanished` counts files that were deleted while
    the backup was made. `left_out` says in words what is not in the archive, and how it comes back.
    """

    version: str
    created_at: str
    engine: str
    migrations: list[str]
    counts: dict[str, int]
    sequence: int
    head: str
    secret: str
    vanished: int = 0
    left_out: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @property
    def database(self) -> str:
        """Return the name of the member that holds the database."""
        return next(name for name in self.members if name.startswith("database."))


def read_manifest(text: bytes) -> Manifest:
    """Raises BackupError for what no version of LangAI wrote, or only a later one."""
    try:
        value = json.loads(text)
        if value["format"] > FORMAT:
            raise BackupError(
                f"The backup was made by LangAI {value['version']}, whose backups this version cannot read. "
                "Install that version or a later one, and use it instead."
            )
        members = {str(name): Member(**member) for name, member in value.pop("members").items()}
        return Manifest(**value, members=members)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError("The file is not a backup that LangAI made: its manifest cannot be read.") from None


class ArchiveWriter:
    """Writes members one by one, and at the end the manifest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file. Raises FileNotFoundError if it is gone."""
        with path.open("rb") as file:
            info = _info(name, os.fstat(file.fileno()).st_size)
            hashing = _HashingReader(file)
            self._tar.addfile(info, hashing)
        self.members[name] = Member(info.size, hashing.digest.hexdigest())

    def close(self, manifest: Manifest) -> None:
        text = manifest.as_json().encode()
        self._tar.addfile(_info(MANIFEST, len(text)), io.BytesIO(text))


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """Write an archive to `path`, which appears only when it is complete and on the disk."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            partial.chmod(0o600)
            packing = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=COMPRESSION)
            with packing as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
                yield ArchiveWriter(tar)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Give name and content of each member, in their order. Raises BackupError for a damaged or foreign file."""
    try:
        with tarfile.open(path, mode="r|gz") as tar:
            yield _members(tar, path)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BackupError(f"{path} is damaged, incomplete or not a backup. Use another one.") from error
    except OSError as error:
        if error.filename != str(path):
            raise
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error


def _members(tar: tarfile.TarFile, path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info) if info.isreg() else None
        if content is None or not (info.name == MANIFEST or _is_known(info.name)):
            raise BackupError(f"{path} is not a backup that LangAI made: it contains “{info.name}”.")
        yield info.name, content


def check(path: Path) -> Manifest:
    """Read the whole archive and compare every member with the manifest. Raises BackupError."""
    found: dict[str, Member] = {}
    manifest = None
    with reading(path) as members:
        for name, content in members:
            if name == MANIFEST:
                manifest = read_manifest(content.read(MANIFEST_MAX_BYTES))
            else:
                found[name] = measured(content)
    if manifest is None:
        raise BackupError(f"{path} has no manifest: it is incomplete. Use another one.")
    _compare(found, manifest.members)
    return manifest


def _compare(found: Mapping[str, Member], listed: Mapping[str, Member]) -> None:
    wrong = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise BackupError(f"The backup is damaged: “{wrong[0]}”{more} differs from its manifest. Use another one.")


def measured(content: IO[bytes], into: IO[bytes] | None = None) -> Member:
    """Read `content` to its end and return its size and SHA-256; write it to `into` as well."""
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if into is not None:
            into.write(chunk)
    return Member(size, digest.hexdigest())


class _HashingReader(io.RawIOBase):
    """Computes the SHA-256 of what tarfile reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _is_known(name: str) -> bool:
    parts = name.split("/")
    return bool(_KNOWN_NAMES.fullmatch(name)) and not any(part in ("", ".", "..") for part in parts)
