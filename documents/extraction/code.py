"""Reads programs, settings and logs: text that is read by its lines. A passage's place is its lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import clean, read_text
from documents.extraction.layout import PAGE_CHARACTERS, TITLE_CHARACTERS
from documents.extraction.types import MAX_HEADINGS, Extracted, ExtractedPage, Heading, Limits, check_characters

# Lines that say what the lines below them are: definitions of common languages, sections of settings.
DEFINITION = re.compile(
    r"[ \t]{0,8}(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub|unsafe|virtual|"
    r"override|inline|create(?:[ \t]+or[ \t]+replace)?)[ \t]+){0,5}"
    r"(?:def|class|function|func|fn|interface|trait|struct|enum|impl|module|namespace|package|type|sub|procedure|table|"
    r"view|trigger|record|object|protocol|extension)\b[ \t]*\S.{0,200}$",
    re.IGNORECASE,
)
SECTION = re.compile(r"\[{1,2}[\w .:\"'/-]{1,200}\]{1,2}[ \t]*$")
# Code files that are one enormous line are made by programs for programs.
LONGEST_LINE = 2_000_000


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    check_characters(len(text), limits)
    return by_lines(text)


def by_lines(text: str) -> Extracted:
    """Return pages of lines, numbered from 1, with the definitions among them as headings."""
    pages: list[ExtractedPage] = []
    headings: list[Heading] = []
    for first, lines in _pages(text):
        pages.append(ExtractedPage("\n".join(lines), first_row=first, unit="line"))
        if len(headings) < MAX_HEADINGS // 2:
            headings.extend(_definitions(lines, len(pages)))
    return Extracted("", tuple(pages), tuple(headings))


def _pages(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the first line, lines) of each page."""
    lines: list[str] = []
    first, length = 1, 0
    for number, line in enumerate(clean(text).split("\n"), start=1):
        if lines and length + len(line) > PAGE_CHARACTERS:
            yield first, lines
            lines, first, length = [], number, 0
        lines.append(line.rstrip())
        length += len(line) + 1
    yield first, lines


def _definitions(lines: list[str], page: int) -> Iterator[Heading]:
    start = 0
    for line in lines:
        if len(line) <= TITLE_CHARACTERS and (DEFINITION.match(line) or SECTION.match(line)):
            yield Heading(page, start, line.strip().rstrip("{:( \t"))
        start += len(line) + 1
