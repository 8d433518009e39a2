"""Pure: the values that worker and extraction process exchange."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from documents.sentences import SentenceTemplate, Value, said
from langai_site.errors import LangAIError
from langai_site.words import gettext_noop

# More headings than this no longer say much about a place, and would bloat the output.
MAX_HEADINGS = 100_000


class ExtractionError(LangAIError):
    """No text can be read from a file; the message explains the reason to its owner and what to do.

    It is a sentence, because it is stored, and read later in the language of a page.
    """

    code, status = "extraction_failed", 422

    def __init__(self, template: str | SentenceTemplate, **values: Value) -> None:
        self.sentence = said(template, **values)
        super().__init__(str(self.sentence))


class LimitReachedError(ExtractionError):
    """Reading exceeded its time or memory, or the process died: with more, the file might have been read."""


@dataclass(frozen=True)
class Limits:
    """The resources that one extraction may use, and the limits of its result.

    `cpu_seconds` is the processor time that the file's size justifies; 0: as much as `seconds`. Each megabyte that an
    office file unpacks to justifies `unpacked_cpu_seconds` more. `ocr_languages` names the languages of scanned pages
    for tesseract. If it is empty, nothing is recognised, and the extraction may not start a process. `ends_at` is when
    the sandbox ends it, by time.monotonic(). `encoding` is the one that a person chose for the file; empty: it is
    recognised. `is_first_try`: if these limits are reached, there will be another try with higher ones.
    """

    memory_mb: int
    seconds: int
    max_pages: int
    max_chars: int
    ocr_languages: str = ""
    cpu_seconds: int = 0
    unpacked_cpu_seconds: int = 0
    ends_at: float | None = None
    encoding: str = ""
    is_first_try: bool = False
    # The most characters of a table whose pages leave the process as they are read; 0: as much as `max_chars`.
    max_table_chars: int = 0


class Unread(StrEnum):
    """The kinds of parts that were not read, or are uncertain. documents.notes puts each into words."""

    # Pages on which nothing was found: blank ones, and drawings without words.
    EMPTY_PAGES = "empty_pages"
    # Pictures, or pages that are pictures, which were skipped because text recognition is not installed.
    PICTURES = "pictures"
    # Pictures, or pages that are pictures, that text recognition could not read, or not in time.
    UNRECOGNISED = "unrecognised"
    # Pages whose words come from text recognition, so that some may be wrong.
    RECOGNISED = "recognised"
    # Characters that could not be decoded, or that a page has and its text does not.
    LOST_CHARACTERS = "lost_characters"
    # `value` is the encoding that the file was read in because its letters suggested it.
    GUESSED_ENCODING = "guessed_encoding"
    # `value` is the name of an attachment.
    ATTACHMENT = "attachment"
    # The extraction service did not read the file, so LangAI did; `value` says why.
    NO_EXTRACTOR = "no_extractor"
    # `value` is a sentence that names a part of the file: "cells with formulas without a stored value".
    PART = "part"


@dataclass(frozen=True)
class Note:
    """A part that was not read, or is uncertain.

    `pages` are page numbers, from 1; `count` says how many there are of what `code` says, and `value` which.
    """

    code: str
    value: str | SentenceTemplate = ""
    pages: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class ExtractedPage:
    """A page's text. `label`, `first_row` and `unit` are those of search.types.PageText."""

    text: str
    label: str = ""
    first_row: int | None = None
    unit: str = "row"


@dataclass(frozen=True)
class Heading:
    """A heading on a page (from 1), with the character where it starts to apply; an empty one ends the previous."""

    page: int
    start: int
    text: str


@dataclass(frozen=True)
class Extracted:
    """A document's text, page by page. `title` is empty if the file has none worth showing.

    `numbered`: the pages are the file's own, so their numbers tell a person where to look. `notes` say what was not
    read; readers of formats leave them with documents.extraction.reading.
    """

    title: str
    pages: Sequence[ExtractedPage]
    headings: tuple[Heading, ...] = ()
    numbered: bool = False
    notes: tuple[Note, ...] = ()


def check_amount(extracted: Extracted, limits: Limits) -> None:
    """Raise ExtractionError if there is no text, or more than `limits` allow."""
    check_pages(len(extracted.pages), limits)
    check_characters(sum(len(page.text) for page in extracted.pages), limits)
    if not any(page.text.strip() for page in extracted.pages):
        raise ExtractionError(gettext_noop("This file has no text in it."))


TOO_MANY_PAGES = gettext_noop("This file has %(count)s pages; at most %(most)s are read. Split it into several files.")


def check_pages(pages: int, limits: Limits, template: str = TOO_MANY_PAGES) -> None:
    if pages > limits.max_pages:
        raise ExtractionError(template, count=pages, most=limits.max_pages)


def check_characters(characters: int, limits: Limits) -> None:
    if characters > limits.max_chars:
        raise ExtractionError(
            gettext_noop(
                "This file holds too much text: at most %(max_chars)s characters are read. Split it into several files."
            ),
            max_chars=limits.max_chars,
        )
