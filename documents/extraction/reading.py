"""Collects what could not be read while one file is read, from however deep inside its format that is noticed."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from documents.extraction.types import ExtractedPage, Note
from documents.sentences import SentenceTemplate, Value

# Recognising a page in every direction takes up to four times as long.
MOST_TURNED = 10
# A file can have thousands of attachments or pages; a person reads the first ones.
MOST_NOTES, MOST_PAGES, VALUE_CHARACTERS = 50, 1000, 200


@dataclass
class Reading:
    """The reading of one file: the encoding that a person chose for it, and the notes so far, in order.

    `picture_seconds` is the time that recognising text in its pictures has taken, `turned_pages` how many of them were
    turned in every direction.
    """

    encoding: str = ""
    picture_seconds: float = 0.0
    turned_pages: int = 0
    # Takes the first pages of a long file as soon as they are read; None: all of them are returned together.
    take: Callable[[ExtractedPage], None] | None = None
    taken: int = 0
    _counts: dict[tuple[str, str | SentenceTemplate], int] = field(default_factory=dict)
    _pages: dict[tuple[str, str | SentenceTemplate], set[int]] = field(default_factory=dict)

    def add(self, code: str, value: str | SentenceTemplate, pages: Iterable[int], count: int) -> None:
        kind = (str(code), shortened(value))
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
def begin(encoding: str = "", take: Callable[[ExtractedPage], None] | None = None) -> Iterator[Reading]:
    """Collect the notes of the file that is read in this block. `take` may get its first pages before it is read."""
    reading = Reading(encoding, take=take)
    before = _current.set(reading)
    try:
        yield reading
    finally:
        _current.reset(before)


def shortened(value: str | SentenceTemplate) -> str | SentenceTemplate:
    """Return a value on one line, with texts of VALUE_CHARACTERS at most."""
    if isinstance(value, SentenceTemplate):
        return SentenceTemplate(value.template, tuple((name, _short(one)) for name, one in value.values))
    return _one_line(value)


def _short(value: Value) -> Value:
    return value if isinstance(value, int) else shortened(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:VALUE_CHARACTERS]


def note(code: str, value: str | SentenceTemplate = "", *, pages: Iterable[int] = (), count: int = 1) -> None:
    """Record that a part of the file was not read, or is uncertain; `code` is one of types.Unread.

    Notes of the same code and value are added up. Outside `begin` nobody asks, so nothing is kept.
    """
    if reading := _current.get():
        reading.add(code, value, pages, count)


def takes_pages() -> bool:
    """Return whether pages may be handed over while the file is read."""
    reading = _current.get()
    return reading is not None and reading.take is not None


def hand_over(pages: Iterable[ExtractedPage]) -> None:
    """Hand over the file's next pages: they do not return with the others. Only if `takes_pages`."""
    reading = _current.get()
    if reading and reading.take:
        for page in pages:
            reading.take(page)
            reading.taken += 1


def chosen_encoding() -> str:
    """Return the encoding that a person chose for the file; "" if it is to be recognised."""
    reading = _current.get()
    return reading.encoding if reading else ""


@contextmanager
def picture_time() -> Iterator[float]:
    """Count the time of this block as spent on the file's pictures; give the seconds that were spent before it."""
    reading = _current.get() or Reading()
    began = time.monotonic()
    try:
        yield reading.picture_seconds
    finally:
        reading.picture_seconds += time.monotonic() - began


def may_turn() -> bool:
    """Return whether one more page of the file may be recognised in every direction, and count it."""
    reading = _current.get() or Reading()
    reading.turned_pages += 1
    return reading.turned_pages <= MOST_TURNED
