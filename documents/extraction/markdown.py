"""Reads Markdown without changing it: splitter and reader rely on its marks."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, Limits

FENCE = re.compile(r" {0,3}(```+|~~~+)")
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    headings = list(_headings(text))
    title = next((heading for _, level, heading in headings if level == 1), "")
    return paged(text, [(start, heading) for start, _, heading in headings], title)


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (character, level, text) of each `# heading` outside code blocks."""
    start, fence = 0, ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and (found := HEADING.match(line)) and (words := _words(line[found.end() :])):
            yield start, len(found[1]), words
        start += len(line)


def _words(line: str) -> str:
    """Return a heading's words, without the marks that may close it."""
    line = line.rstrip()
    return line.rstrip("#").rstrip(" \t") or line
