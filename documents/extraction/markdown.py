"""Reads Markdown without changing it: splitter and reader rely on its marks."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.layout import paged, row, under
from documents.extraction.types import Extracted, Limits

FENCE = re.compile(r" {0,3}(```+|~~~+)")
# The line below the names of a table's columns: `|---|:---:|`. In quotations, all lines begin with a mark.
RULE = re.compile(r"[> \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
BAR = re.compile(r"(?<!\\)\|")
BLANK = "> \t\n"
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")


def extract(path: Path, limits: Limits) -> Extracted:
    return read(read_text(path))


def read(text: str) -> Extracted:
    headings = list(headings_of(text))
    title = next((heading for _, level, heading in headings if level == 1), "")
    return paged(text, [(start, heading) for start, _, heading in headings], title)


def headings_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (character, level, text) of each `# heading` outside code blocks.

    The rows of a table have a heading of level 0: that of their section with the names of the columns.
    """
    start, fence, section, before, in_table = 0, "", "", "", False
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if in_table and (mark or not line.strip(BLANK) or HEADING.match(line)):
            yield start, 0, section
            in_table = False
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and (found := HEADING.match(line)) and (words := _words(line[found.end() :])):
            yield start, len(found[1]), words
            section = words
        elif not fence and not in_table and (names := _column_names(before, line)) is not None:
            in_table = bool(names)
            yield from [(start, 0, under(section, names))] if names else []
        before = line
        start += len(line)


def _column_names(line: str, rule: str) -> str | None:
    """Return the names of a table's columns if `line` and the `rule` below it start one; otherwise None."""
    if "|" not in line or not RULE.match(rule) or len(_cells(line)) != len(_cells(rule)):
        return None
    return row(cell.replace("\\|", "|").strip("*_` \t") for cell in _cells(line))


def _cells(line: str) -> list[str]:
    """Return the cells of a table's line, which bars separate, unless a backslash is before the bar."""
    inner = line.strip(BLANK).removeprefix("|")
    cells = BAR.split(inner)
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


def _words(line: str) -> str:
    """Return a heading's words, without the marks that may close it."""
    line = line.rstrip()
    return line.rstrip("#").rstrip(" \t") or line
