"""Reads reStructuredText without changing it. Its directives, which may include other files, are not executed."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, Limits

# A line of one repeated mark, under a title and perhaps above it.
RULE = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*")


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    headings = list(_headings(text))
    return paged(text, headings, headings[0][1] if headings else "")


def _headings(text: str) -> Iterator[tuple[int, str]]:
    """Yield (character, text) of each line that is underlined."""
    before, start = "", 0
    for line in text.splitlines(keepends=True):
        if RULE.fullmatch(line.rstrip("\n")) and _is_title(before, line):
            yield start - len(before), before.strip()
        before = line
        start += len(line)


def _is_title(line: str, rule: str) -> bool:
    words = line.strip()
    if not words or RULE.fullmatch(line.rstrip("\n")):
        return False
    # From four marks on, docutils accepts a line that is shorter than its title as an underline.
    return 1 < len(rule.strip()) >= min(len(words), 4)
