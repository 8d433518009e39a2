"""The files that people attach to their messages: what the chat needs of the app that stores and reads files.

That app registers itself here in its `ready()`, because neither of the two may import the other.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from langai_site.sensitivity import Sensitivity

State = Literal["waiting", "ready", "failed"]


@dataclass(frozen=True)
class StoredFile:
    """A file that was just stored. `document` is its id, the same for every time that a person attaches it."""

    document: UUID
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class FileState:
    """How far a stored file is. `words` say it to its owner; if it failed, they say why and what to do.

    `pages` is None while it is not read. `is_picture`: a model can be shown it.
    """

    state: State
    words: str
    pages: int | None = None
    is_picture: bool = False


@dataclass(frozen=True)
class ServedFile:
    """A file on the disk, with the name and media type with which it is sent; `size` in bytes."""

    path: Path
    name: str
    media_type: str
    size: int


class FileStore(Protocol):
    """Stores and reads attached files. Synchronous. None of it checks rights: only the chat knows who attached what."""

    def refuse(self, name: str, size: int) -> None:
        """Raise InvalidError for a file of a name and size in bytes that is not stored."""
        ...

    def store(self, user: Any, file: Any, lowest: Sensitivity) -> StoredFile:  # noqa: ANN401 - Django's user and File
        """Store a file and queue it for reading. Raises InvalidError if it is refused.

        Its label is not below `lowest`, also if the same file was stored with a lower one before.
        """
        ...

    def hold(self, document: UUID) -> bool:
        """Keep a file from being removed until the transaction ends; False if it is gone."""
        ...

    def states(self, documents: Collection[UUID]) -> Mapping[UUID, FileState]:
        """Return the states of those of `documents` that exist."""
        ...

    def read_again(self, document: UUID) -> None:
        """Queue a file that could not be read once more. Raises ConflictError if it did not fail."""
        ...

    def remove(self, documents: Collection[UUID]) -> None:
        """Delete files with their pages, passages, vectors and keywords."""
        ...

    def stored_before(self, moment: datetime) -> Collection[UUID]:
        """Return the attached files that were stored before `moment`."""
        ...

    def original(self, document: UUID) -> ServedFile | None:
        """Return the file as it was attached; None if it is gone."""
        ...

    def picture(self, document: UUID, *, small: bool = False) -> ServedFile | None:
        """Return the picture that models are shown, or a small copy of it; None if it is not a picture that is read."""
        ...

    def accepted(self) -> str:
        """Return what a field for files offers, as the attribute `accept` lists it."""
        ...


_stores: list[Callable[[], FileStore]] = []


def register(store: Callable[[], FileStore]) -> None:
    """Register `store()`, which returns the store; it is called when a file is needed first."""
    _stores[:] = [store]


def file_store() -> FileStore:
    return _stores[0]()
