"""What travels between the worker and the extraction process: values, no Django."""

from dataclasses import dataclass

from langai_site.errors import LangAIError


class ExtractionError(LangAIError):
    """A file has no text that can be read from it; the message tells its owner why and what to do."""

    code, status = "extraction_failed", 422


@dataclass(frozen=True)
class Limits:
    """What one extraction may use, and how much it may yield."""

    memory_mb: int
    seconds: int
    max_pages: int
    max_chars: int


@dataclass(frozen=True)
class Heading:
    """A heading on a page (from 1), with the character where it starts."""

    page: int
    start: int
    text: str


@dataclass(frozen=True)
class Extracted:
    """A document's text, page by page. `title` is empty where the file names none worth showing."""

    title: str
    pages: tuple[str, ...]
    headings: tuple[Heading, ...] = ()


def check_amount(extracted: Extracted, limits: Limits) -> None:
    """Raise ExtractionError where there is no text, or more than `limits` allow."""
    check_pages(len(extracted.pages), limits)
    check_characters(sum(map(len, extracted.pages)), limits)
    if not any(page.strip() for page in extracted.pages):
        raise ExtractionError("This file has no text in it.")


def check_pages(pages: int, limits: Limits) -> None:
    if pages > limits.max_pages:
        raise ExtractionError(
            f"This file has {pages:,} pages; at most {limits.max_pages:,} are read. Split it into several files."
        )


def check_characters(characters: int, limits: Limits) -> None:
    if characters > limits.max_chars:
        raise ExtractionError(
            f"This file holds too much text: at most {limits.max_chars:,} characters are read. "
            "Split it into several files."
        )
