"""Reads texts whose headings are marked: LaTeX, AsciiDoc and Org. They are read without changing them."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, Limits

TEX = re.compile(
    r"[ \t]*\\(?P<level>title|part|chapter|section|subsection|subsubsection|paragraph)\*?[ \t]*"
    r"(?:\[[^\]\n]*\])?\{(?P<words>.*)\}"
)
ASCIIDOC = re.compile(r"(?P<level>={1,6})[ \t]+(?P<words>\S.*)")
ORG = re.compile(r"(?P<level>\*+)[ \t]+(?:(?:TODO|DONE)[ \t]+)?(?P<words>\S.*)")
ORG_TITLE = re.compile(r"#\+title:[ \t]*(?P<words>\S.*)", re.IGNORECASE)
MARKS = {".tex": (TEX,), ".adoc": (ASCIIDOC,), ".asciidoc": (ASCIIDOC,), ".org": (ORG, ORG_TITLE)}
# Lines that begin and end blocks in which nothing is a heading.
BLOCK = re.compile(r"(-{4,}|\.{4,}|={4,}|#\+(?:begin|end)_\w+.*)[ \t]*$", re.IGNORECASE)


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    headings = list(_headings(text, MARKS[path.suffix.lower()]))
    return paged(text, headings, headings[0][1] if headings else "")


def _headings(text: str, marks: tuple[re.Pattern[str], ...]) -> Iterator[tuple[int, str]]:
    """Yield (character, text) of each heading."""
    start, inside = 0, False
    for line in text.splitlines(keepends=True):
        inside ^= bool(BLOCK.match(line))
        found = None if inside else next((match for mark in marks if (match := mark.match(line))), None)
        if found:
            yield start, found["words"].strip()
        start += len(line)
