"""Reads comma- and tab-separated values. Each record is a row, numbered as spreadsheet programs do."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.tables import Tables
from documents.extraction.types import Extracted, ExtractionError, Limits
from langai_site.words import gettext_noop

# The comma comes last: in files with decimal commas, it also seems to split rows regularly.
DELIMITERS = "\t;|,"
SAMPLE_ROWS = 50
SAMPLE_CHARACTERS = 100_000
# Excel names the delimiter like this in a first line.
NAMED = re.compile(r"sep=(.)\n", re.IGNORECASE)


def extract(path: Path, limits: Limits) -> Extracted:
    text = read_text(path)
    named = NAMED.match(text)
    delimiter = named[1] if named else "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    tables = Tables(limits)
    tables.add(_rows(text[named.end() :] if named else text, delimiter, limits.max_chars))
    return Extracted("", tuple(tables.pages), tuple(tables.headings))


def _rows(text: str, delimiter: str, max_chars: int) -> Iterator[list[str]]:
    # With an odd number of quotes, quotes do not enclose cells: one of them would swallow the rest of the file.
    quoted = text.count('"') % 2 == 0
    csv.field_size_limit(max_chars)
    try:
        yield from csv.reader(
            _lines(text),
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        )
    except csv.Error as error:
        raise ExtractionError(
            gettext_noop("This table cannot be read: %(error)s. Save it again as .csv or .xlsx."), error=str(error)
        ) from error


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; a copy of the whole text would take four bytes a character."""
    start = 0
    while end := text.find("\n", start) + 1:
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _delimiter(text: str) -> str:
    """Return the delimiter that gives most of the first rows the same number of cells, more than one."""

    def regularity(delimiter: str) -> int:
        reader = csv.reader(text[:SAMPLE_CHARACTERS].split("\n"), delimiter=delimiter)
        return max(Counter(len(cells) for cells in islice(reader, SAMPLE_ROWS) if len(cells) > 1).values(), default=0)

    return max(DELIMITERS, key=regularity)
