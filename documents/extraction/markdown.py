"""Reads Markdown without changing it: splitter and reader rely on its marks."""

import re
from collections.abc import Iterator
from html import unescape
from operator import itemgetter
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.grids import are_names
from documents.extraction.layout import paged, row, under
from documents.extraction.types import Extracted, Limits

FENCE = re.compile(r" {0,3}(```+|~~~+)")
# The line below the names of a table's columns: `|---|:---:|`. In quotations, all lines begin with a mark.
RULE = re.compile(r"[> \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
BAR = re.compile(r"(?<!\\)\|")
BLANK = "> \t\n"
HTML_CELL = re.compile(r"<t[hd]\b[^<>]*>", re.IGNORECASE)
HTML_TAG = re.compile(r"<[^<>]*>")
# A longer first row does not name columns.
LONGEST_ROW = 5000
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")


def extract(path: Path, limits: Limits) -> Extracted:
    return read(read_text(path))


def read(text: str) -> Extracted:
    headings = list(headings_of(text))
    for start, names in html_tables(text):
        section = next((words for at, _, words in reversed(headings) if at <= start), "")
        headings.append((start, 0, under(section, names) if names else section))
    headings.sort(key=itemgetter(0))
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


def html_tables(text: str) -> Iterator[tuple[int, str]]:
    """Yield (character, names of the columns) of each table that is written in HTML, and ("", its end)."""
    end, lowered = 0, text.lower()
    while (start := lowered.find("<table", end)) >= 0:
        row_end = lowered.find("</tr", start)
        end = lowered.find("</table", start)
        end = len(text) if end < 0 else end
        if 0 <= row_end < end and row_end - start <= LONGEST_ROW:
            cells = HTML_CELL.split(text[start:row_end])[1:]
            names = [" ".join(HTML_TAG.sub(" ", cell).split()) for cell in cells]
            if are_names(names):
                yield start, row(map(unescape, names))
                yield end, ""
        end += 1


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
