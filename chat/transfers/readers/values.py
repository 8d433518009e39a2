"""Pure: conversations as readers of exports return them, before anything is stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

USER, ASSISTANT = "user", "assistant"
# The year in which the first of these programs began: an earlier time is a mistake.
FIRST_YEAR, LAST_YEAR = 2015, 2100


class BrokenError(ValueError):
    """A conversation cannot be read; the message says why, to its owner."""


@dataclass(frozen=True)
class ImportedFile:
    """A file of a message: its bytes or text, or `member`, by which its place in the archive is found."""

    name: str
    member: str = ""
    data: bytes | None = None


@dataclass(frozen=True)
class ImportedMessage:
    """A message. `details` has what only LangAI's own exports contain, as they contain it."""

    id: str
    parent: str | None
    role: str
    text: str = ""
    at: datetime | None = None
    model: str = ""
    thoughts: str = ""
    seconds: float = 0
    error: str = ""
    good: bool | None = None
    files: tuple[ImportedFile, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.text.strip() or self.files or self.error)


@dataclass(frozen=True)
class ImportedConversation:
    """A conversation; each message comes after the one that it follows, and roles alternate from question to answer.

    `left_out` counts what was found in it and cannot be kept, by reason.
    """

    program: str
    id: str
    title: str
    messages: tuple[ImportedMessage, ...]
    current: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    folder: tuple[str, ...] = ()
    is_pinned: bool = False
    is_archived: bool = False
    label: str = ""
    is_titled_by_person: bool = False
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class ImportedFolder:
    """A folder without conversations, such as a project. `left_out` as above."""

    path: tuple[str, ...]
    instructions: str = ""
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class BrokenConversation:
    """A conversation that cannot be read, with the reason as its owner reads it; `title` if that can be read."""

    reason: str
    title: str = ""


class SavedKind(StrEnum):
    """What else than conversations an export can contain, as reports call it."""

    PROMPT = "prompts"
    ASSISTANT = "assistants"


@dataclass(frozen=True)
class ImportedPrompt:
    """A prompt with LangAI's variables. `lost`: what does not fit, as pairs of a reason and a name."""

    program: str
    id: str
    command: str
    title: str
    text: str
    lost: tuple[tuple[str, str], ...] = ()
    kind = SavedKind.PROMPT


@dataclass(frozen=True)
class ImportedAssistant:
    """A preset of a model. `model` is its name there; `knowledge` are names of collections. `lost` as above."""

    program: str
    id: str
    title: str
    purpose: str = ""
    instructions: str = ""
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    starters: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    kind = SavedKind.ASSISTANT


@dataclass(frozen=True)
class BrokenItem:
    """A prompt or an assistant that cannot be taken over, with the reason."""

    kind: SavedKind
    reason: str
    title: str = ""


ImportedItem = ImportedPrompt | ImportedAssistant
Imported = ImportedConversation | ImportedFolder | ImportedItem | BrokenConversation | BrokenItem


def moment(value: object) -> datetime | None:
    """Return a time that an export states: seconds since 1970, or ISO 8601; None if it is none that can be true."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
        else:
            seconds = float(value)  # type: ignore[arg-type]
            if not isfinite(seconds):
                return None
            # Some programs count milliseconds, or even nanoseconds.
            while seconds > 1e11:
                seconds /= 1000
            found = datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if FIRST_YEAR <= found.year < LAST_YEAR else None


def text_of(value: object) -> str:
    """Return a text of an export; empty for anything else."""
    return value if isinstance(value, str) else ""


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return an object of an export; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def list_of(value: object) -> list[Any]:
    """Return a list of an export; empty for anything else."""
    return value if isinstance(value, list) else []
