"""Reads texts whose headings are marked: LaTeX, AsciiDoc and Org. They are read without changing them."""

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from documents.extraction.encodings import read_text
from documents.extraction.grids import are_names
from documents.extraction.layout import paged, row, under
from documents.extraction.types import Extracted, Limits

TEX = re.compile(
    r"[ \t]*\\(?P<level>title|part|chapter|section|subsection|subsubsection|paragraph)\*?[ \t]*"
    r"(?:\[[^\]\n]*\])?\{(?P<words>.*)\}"
)
ASCIIDOC = re.compile(r"(?P<level>={1,6})[ \t]+(?P<words>\S.*)")
ORG = re.compile(r"(?P<level>\*+)[ \t]+(?:(?:TODO|DONE)[ \t]+)?(?P<words>\S.*)")
ORG_TITLE = re.compile(r"#\+title:[ \t]*(?P<words>\S.*)", re.IGNORECASE)
MARKS = {".tex": (TEX,), ".adoc": (ASCIIDOC,), ".asciidoc": (ASCIIDOC,), ".org": (ORG, ORG_TITLE)}


class TableMarks(NamedTuple):
    """How a table is written: lines of it, or those that begin and end it, and what is between its cells."""

    bar: str
    line: re.Pattern[str] | None = None
    begin: re.Pattern[str] | None = None
    end: re.Pattern[str] | None = None


BARS = TableMarks("|", begin=re.compile(r"\|={3,}"), end=re.compile(r"\|={3,}"))
TABLES = {
    ".tex": TableMarks("&", begin=re.compile(r".*\\begin\{(?:tabular|longtable|tabu)"), end=re.compile(r".*\\end\{")),
    ".adoc": BARS,
    ".asciidoc": BARS,
    ".org": TableMarks("|", line=re.compile(r"[ \t]*\|")),
}
# What ends a row, and draws a line below it.
ROW_END = re.compile(r"\\\\.*|\\(?:hline|toprule|midrule)")
# Lines that begin and end blocks in which nothing is a heading.
BLOCK = re.compile(r"(-{4,}|\.{4,}|={4,}|#\+(?:begin|end)_\w+.*)[ \t]*$", re.IGNORECASE)


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    suffix = path.suffix.lower()
    headings = list(_headings(text, MARKS[suffix]))
    title = headings[0][1] if headings else ""
    return paged(text, sorted([*headings, *_tables(text, TABLES[suffix], headings)], key=itemgetter(0)), title)


def _tables(text: str, marks: TableMarks, headings: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield (character, heading) where the rows of a table begin, with the names of its columns, and where they end."""
    start, inside, named = 0, False, False
    sections = iter([*headings, (len(text), "")])
    section, (next_at, next_section) = "", next(sections)
    for line in [*text.splitlines(keepends=True), ""]:
        while next_at <= start < len(text):
            section, (next_at, next_section) = next_section, next(sections)
        was, inside = inside, _is_inside(line, marks, inside=inside)
        if was and not inside and named:
            yield start, section
        if inside and not was:
            named = False
        cells = [cell.strip() for cell in ROW_END.sub("", line).strip().strip(marks.bar).split(marks.bar)]
        if inside and not named and are_names(cells):
            named = True
            yield start, under(section, row(cells))
        start += len(line)


def _is_inside(line: str, marks: TableMarks, *, inside: bool) -> bool:
    if marks.line:
        return bool(marks.line.match(line))
    if inside:
        return bool(line) and not (marks.end and marks.end.match(line))
    return bool(marks.begin and marks.begin.match(line))


def _headings(text: str, marks: tuple[re.Pattern[str], ...]) -> Iterator[tuple[int, str]]:
    """Yield (character, text) of each heading."""
    start, inside = 0, False
    for line in text.splitlines(keepends=True):
        inside ^= bool(BLOCK.match(line))
        found = None if inside else next((match for mark in marks if (match := mark.match(line))), None)
        if found:
            yield start, found["words"].strip()
        start += len(line)
