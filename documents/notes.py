"""Puts into words which parts of a document were not read, or are uncertain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents.extraction.types import Note, Unread
from documents.sentences import SentenceTemplate, restored
from documents.wording import drawn, encoding_name

# Of many pages, the first ranges are named.
RANGES_NAMED = 10


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
            restored(item.get("value")) or str(item.get("value", "")),
            tuple(int(page) for page in item.get("pages", ())),
            int(item.get("count", 0)),
        )
        for item in stored or ()
    ]
    texts = [NoteText(_sentence(note), note.code in DOUBTS) for note in notes]
    return tuple(sorted(texts, key=lambda text: text.is_doubt))


def _sentence(note: Note) -> str:
    words = WORDS.get(note.code)
    if words:
        return words(note)
    return _("Something in this file was not read: %(what)s.") % {"what": _value(note) or note.code}


def _value(note: Note) -> str:
    """Return the value of a note in the language of the page. What an earlier version stored is a text, and stays."""
    return drawn(note.value) if isinstance(note.value, SentenceTemplate) else note.value


def _empty_pages(note: Note) -> str:
    text = ngettext("Page %(pages)s has no text.", "Pages %(pages)s have no text.", len(note.pages))
    return text % {"pages": ranges(note.pages)}


def _pictures(note: Note) -> str:
    text = ngettext(
        "%(count)s picture%(place)s was not searched for text, because text recognition (tesseract) is not installed "
        "on the server.",
        "%(count)s pictures%(place)s were not searched for text, because text recognition (tesseract) is not installed "
        "on the server.",
        note.count,
    )
    return text % {"count": intcomma(note.count), "place": _place(note)}


def _unrecognised(note: Note) -> str:
    text = ngettext(
        "No text was recognised in %(count)s picture%(place)s.",
        "No text was recognised in %(count)s pictures%(place)s.",
        note.count,
    )
    return text % {"count": intcomma(note.count), "place": _place(note)}


def _recognised(note: Note) -> str:
    if not note.pages:
        return _("The text of this picture was read by text recognition, so some words may be wrong.")
    text = ngettext(
        "Page %(pages)s was read by text recognition, so some words may be wrong.",
        "Pages %(pages)s were read by text recognition, so some words may be wrong.",
        len(note.pages),
    )
    return text % {"pages": ranges(note.pages)}


def _lost_characters(note: Note) -> str:
    text = ngettext(
        "%(count)s character%(place)s could not be read.",
        "%(count)s characters%(place)s could not be read.",
        note.count,
    )
    return text % {"count": intcomma(note.count), "place": _place(note)}


def _guessed_encoding(note: Note) -> str:
    text = _("This file was read as %(encoding)s, because it does not say which encoding it is in.")
    return text % {"encoding": encoding_name(_value(note))}


def _attachment(note: Note) -> str:
    if isinstance(note.value, SentenceTemplate):
        name, reason = _parts(note.value)
    else:
        name, _colon, reason = note.value.partition(": ")
    return (_("The attachment “%(name)s” was not read. %(reason)s") % {"name": name, "reason": reason}).rstrip()


def _parts(value: SentenceTemplate) -> tuple[str, str]:
    """Return the name of an attachment, and why it was not read."""
    values = dict(value.values)
    reason = values["reason"]
    return str(values["name"]), drawn(reason) if isinstance(reason, SentenceTemplate) else str(reason)


def _no_extractor(note: Note) -> str:
    text = _("LangAI read this file itself, because the extraction service did not: %(reason)s.")
    return text % {"reason": _value(note).removesuffix(".")}


def _part(note: Note) -> str:
    count = f" ({intcomma(note.count)})" if note.count > 1 else ""
    return _("Not read%(place)s: %(what)s.") % {"place": _place(note), "what": f"{_value(note)}{count}"}


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


def _place(note: Note) -> str:
    """Return ` on page 3`, ` on pages 3, 7 to 9`, or nothing: it follows a noun."""
    text = ngettext(" on page %(pages)s", " on pages %(pages)s", len(note.pages))
    return text % {"pages": ranges(note.pages)} if note.pages else ""


def ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as text: `[3, 7, 8, 9]` -> 3, 7 to 9; of many, the first ones."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    parts = [
        str(start) if start == end else _("%(first)s to %(last)s") % {"first": start, "last": end}
        for start, end in zip(starts, ends, strict=True)
    ]
    named = ", ".join(parts[:RANGES_NAMED])
    return _("%(pages)s and others") % {"pages": named} if len(parts) > RANGES_NAMED else named
