"""Reads Markdown in pages, as an extraction service returns it: the first line is the mark that parts the pages."""

from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

from documents.extraction.encodings import read_text
from documents.extraction.markdown import headings_of
from documents.extraction.reading import note
from documents.extraction.types import (
    MAX_HEADINGS,
    Extracted,
    ExtractedPage,
    Heading,
    Limits,
    Unread,
    check_pages,
)

BETWEEN = "\n\n"
# Stands for a picture, of which nothing is searched.
PICTURE = "<!-- image -->"


def extract(path: Path, limits: Limits) -> Extracted:
    marker, _, text = read_text(path).partition("\n")
    pages = [page.replace(PICTURE, "").strip("\n") for page in text.split(marker)]
    check_pages(len(pages), limits)
    if empty := [number for number, page in enumerate(pages, 1) if not page.strip()]:
        note(Unread.EMPTY_PAGES, pages=empty)
    # Headings are found in the whole text: a table or a block of code may go on over a page's end.
    starts = [0, *accumulate(len(page) + len(BETWEEN) for page in pages[:-1])]
    found = list(headings_of(BETWEEN.join(pages)))[:MAX_HEADINGS]
    places = [(bisect_right(starts, start) - 1, start, heading) for start, _, heading in found]
    return Extracted(
        next((heading for _, level, heading in found if level == 1), ""),
        tuple(map(ExtractedPage, pages)),
        tuple(Heading(at + 1, start - starts[at], heading) for at, start, heading in places),
        numbered=True,
    )
