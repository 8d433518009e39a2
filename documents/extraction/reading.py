"""Collects what could not be read while one file is read, from however deep inside its format that is noticed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from documents.extraction.types import Note

# A file can have thousands of attachments or pages; a person reads the first ones.
MOST_NOTES, MOST_PAGES, VALUE_CHARACTERS = 50, 1000, 200


@dataclass
class Reading:
    """The reading of one file: the encoding that a person chose for it, and the notes so far, in order."""

    encoding: str = ""
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _pages: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def add(self, code: str, value: str, pages: Iterable[int], count: int) -> None:
        kind = (str(code), " ".join(value.split())[:VALUE_CHARACTERS])
        if kind not in self._counts and len(self._counts) == MOST_NOTES:
            return
        self._counts[kind] = self._counts.get(kind, 0) + count
        self._pages.setdefault(kind, set()).update(pages)

    def notes(self) -> tuple[Note, ...]:
        """Return one note for each code and value, with all its pages."""
        return tuple(
            Note(code, value, tuple(sorted(self._pages[code, value])[:MOST_PAGES]), count)
            for (code, value), count in self._counts.items()
        )


_current: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def begin(encoding: str = "") -> Iterator[Reading]:
    """Collect the notes of the file that is read in this block."""
    reading = Reading(encoding)
    before = _current.set(reading)
    try:
        yield reading
    finally:
        _current.reset(before)


def note(code: str, value: str = "", *, pages: Iterable[int] = (), count: int = 1) -> None:
    """Record that something of the file was not read, or with a doubt; `code` is one of types.Unread.

    Notes of the same code and value are added up. Outside `begin` nobody asks, so nothing is kept.
    """
    if reading := _current.get():
        reading.add(code, value, pages, count)


def chosen_encoding() -> str:
    """Return the encoding that a person chose for the file; "" if it is to be recognised."""
    reading = _current.get()
    return reading.encoding if reading else ""
