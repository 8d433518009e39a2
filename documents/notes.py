"""Puts into words what of a document was not read, or was read with a doubt."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from documents.encoding_choices import name_of
from documents.extraction.types import Note, Unread

# Of many pages, the first ranges are named.
RANGES_NAMED = 10
OCR_MISSING = "text recognition (tesseract) is not installed on the server"


@dataclass(frozen=True)
class NoteText:
    """A note in words; `is_doubt`: the text was read, and a person may want to check it."""

    text: str
    is_doubt: bool


def described(stored: Iterable[dict[str, Any]] | None) -> tuple[NoteText, ...]:
    """Return the notes of a version in words: losses first, then doubts. None, of one without notes, gives none."""
    notes = [
        Note(
            str(item.get("code", "")),
            str(item.get("value", "")),
            tuple(int(page) for page in item.get("pages", ())),
            int(item.get("count", 0)),
        )
        for item in stored or ()
    ]
    texts = [NoteText(_sentence(note), note.code in DOUBTS) for note in notes]
    return tuple(sorted(texts, key=lambda text: text.is_doubt))


def _sentence(note: Note) -> str:
    words = WORDS.get(note.code)
    return words(note) if words else f"Something in this file was not read: {note.value or note.code}."


def _empty_pages(note: Note) -> str:
    return f"{_pages(note, 'has', 'have')} no text."


def _pictures(note: Note) -> str:
    where = f" on {_pages(note, '', '').lower()}" if note.pages else ""
    verb = "was" if note.count == 1 else "were"
    return f"{_counted(note.count, 'picture')}{where} {verb} not searched for text, because {OCR_MISSING}."


def _unrecognised(note: Note) -> str:
    where = f" on {_pages(note, '', '').lower()}" if note.pages else ""
    return f"No text was recognised in {_counted(note.count, 'picture')}{where}."


def _recognised(note: Note) -> str:
    what = _pages(note, "was", "were") if note.pages else "The text of this picture was"
    return f"{what} read by text recognition, so some words may be wrong."


def _lost_characters(note: Note) -> str:
    where = f" on {_pages(note, '', '').lower()}" if note.pages else ""
    return f"{_counted(note.count, 'character')}{where} could not be read."


def _guessed_encoding(note: Note) -> str:
    return f"This file was read as {name_of(note.value)}, because it does not say which encoding it is in."


def _attachment(note: Note) -> str:
    name, _, reason = note.value.partition(": ")
    return f"The attachment “{name}” was not read.{reason and f' {reason}'}"


def _no_extractor(note: Note) -> str:
    return f"LangAI read this file itself, because the extraction service did not: {note.value}."


def _part(note: Note) -> str:
    count = f" ({note.count:,})" if note.count > 1 else ""
    where = f" on {_pages(note, '', '').lower()}" if note.pages else ""
    return f"Not read{where}: {note.value}{count}."


WORDS: dict[str, Callable[[Note], str]] = {
    Unread.EMPTY_PAGES: _empty_pages,
    Unread.PICTURES: _pictures,
    Unread.UNRECOGNISED: _unrecognised,
    Unread.RECOGNISED: _recognised,
    Unread.LOST_CHARACTERS: _lost_characters,
    Unread.GUESSED_ENCODING: _guessed_encoding,
    Unread.ATTACHMENT: _attachment,
    Unread.NO_EXTRACTOR: _no_extractor,
    Unread.PART: _part,
}
DOUBTS = {Unread.RECOGNISED, Unread.GUESSED_ENCODING, Unread.NO_EXTRACTOR}


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _pages(note: Note, one: str, many: str) -> str:
    """Return `Page 3 has`, `Pages 3, 7 to 9 have`."""
    single = len(note.pages) == 1
    return f"{'Page' if single else 'Pages'} {ranges(note.pages)} {one if single else many}".rstrip()


def ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as text: `[3, 7, 8, 9]` -> 3, 7 to 9; of many, the first ones."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    parts = [str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(parts[:RANGES_NAMED]) + (" and others" if len(parts) > RANGES_NAMED else "")
