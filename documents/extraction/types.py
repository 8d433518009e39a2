"""What travels between the worker and the extraction process: values, no Django."""

from dataclasses import dataclass

from langai_site.errors import LangAIError

# More than this many headings say nothing about a place any more, and would swell the output.
MAX_HEADINGS = 100_000


class ExtractionError(LangAIError):
    """A file has no text that can be read from it; the message tells its owner why and what to do."""

    code, status = "extraction_failed", 422


class LimitReachedError(ExtractionError):
    """It took more time or memory than it was given, or its reader ended: with more, it might have been read."""


@dataclass(frozen=True)
class Limits:
    """What one extraction may use, and how much it may yield.

    `cpu_seconds` is how much processor time the file's size explains; 0: as much as `seconds`. Each megabyte that an
    office file unpacks to explains `unpacked_cpu_seconds` more. `ocr_languages` names
    what tesseract is to recognise in scanned pages. Where it is empty nothing is recognised, and the extraction may
    start no process. `ends_at` is when the sandbox ends it, by time.monotonic().
    """

    memory_mb: int
    seconds: int
    max_pages: int
    max_chars: int
    ocr_languages: str = ""
    cpu_seconds: int = 0
    unpacked_cpu_seconds: int = 0
    ends_at: float | None = None


@dataclass(frozen=True)
class ExtractedPage:
    """A page's text. `label` and `first_row` are those of search.types.PageText."""

    text: str
    label: str = ""
    first_row: int | None = None


@dataclass(frozen=True)
class Heading:
    """A heading on a page (from 1), with the character from which it holds; an empty one ends the one before it."""

    page: int
    start: int
    text: str


@dataclass(frozen=True)
class Extracted:
    """A document's text, page by page. `title` is empty where the file names none worth showing.

    `numbered`: the pages are the file's own, so that their numbers tell a person where to look.
    """

    title: str
    pages: tuple[ExtractedPage, ...]
    headings: tuple[Heading, ...] = ()
    numbered: bool = False


def check_amount(extracted: Extracted, limits: Limits) -> None:
    """Raise ExtractionError where there is no text, or more than `limits` allow."""
    check_pages(len(extracted.pages), limits)
    check_characters(sum(len(page.text) for page in extracted.pages), limits)
    if not any(page.text.strip() for page in extracted.pages):
        raise ExtractionError("This file has no text in it.")


def check_pages(pages: int, limits: Limits, what: str = "pages") -> None:
    if pages > limits.max_pages:
        raise ExtractionError(
            f"This file has {pages:,} {what}; at most {limits.max_pages:,} are read. Split it into several files."
        )


def check_characters(characters: int, limits: Limits) -> None:
    if characters > limits.max_chars:
        raise ExtractionError(
            f"This file holds too much text: at most {limits.max_chars:,} characters are read. "
            "Split it into several files."
        )
