"""Pure: splits pages of text into passages of about 200 tokens that record exactly where they came from."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from documents.extraction.types import Heading
from search.types import PageText, TextSpan

PASSAGE_TOKENS = 200
# Also the limit if there is no tokenizer. A word too long for the vocabulary counts as one token,
# so passages are limited in characters too.
PASSAGE_CHARACTERS = 2000
CHARACTERS_A_TOKEN = 4

# The time to find the best cut grows with the square of the text, most of all within one line. So a longer text is
# passed to the splitter in windows, and in smaller ones if it has very long lines.
WINDOW = 50_000
LONG_LINE = 5_000

LINE_END = re.compile("\n")


class Splitter(Protocol):
    """Cuts a text into pieces, each with the position of its first character."""

    def chunk_indices(self, text: str, /) -> list[tuple[int, str]]: ...


def splitter(*, markdown: bool, tokenizer: str = "") -> Splitter:
    """Return a splitter that counts with `tokenizer` (tokenizers' JSON), or by characters if it is empty."""
    from semantic_text_splitter import MarkdownSplitter, TextSplitter

    kind = MarkdownSplitter if markdown else TextSplitter
    if not tokenizer:
        return kind(PASSAGE_TOKENS * CHARACTERS_A_TOKEN)
    return kind.from_huggingface_tokenizer_str(tokenizer, PASSAGE_TOKENS)


@lru_cache(maxsize=2)
def untruncated(path: Path) -> str:
    """Return the tokenizer in `path` without its truncation, which would make every text seem to fit."""
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps({**tokenizer, "truncation": None, "padding": None})


def split(
    pages: Sequence[PageText],
    using: Splitter,
    headings: Sequence[Heading] = (),
    *,
    numbered: bool = False,
    watch: Callable[[], object] = bool,
) -> list[TextSpan]:
    """Return the passages of `pages` in reading order.

    For each, `text == page.text[start:end]`; none crosses a page, overlaps another or is blank, and only
    whitespace is between them. `headings` are in reading order too. `numbered`: the pages are the document's
    own, so their numbers say where a passage is. `watch` is called before each page; an exception from it ends
    the splitting.
    """
    places = [(heading.page, heading.start) for heading in headings]

    def heading_at(page: int, start: int) -> str:
        above = bisect_right(places, (page, start))
        return headings[above - 1].text if above else ""

    numbered = numbered and len(pages) > 1
    spans: list[TextSpan] = []
    for page in pages:
        watch()
        spans.extend(_spans(page, using, heading_at, _places(page, numbered=numbered)))
    return spans


def _spans(
    page: PageText, using: Splitter, heading_at: Callable[[int, int], str], place: Callable[[int, int], str]
) -> Iterator[TextSpan]:
    for start, text in _pieces(page.text, using):
        end = start + len(text)
        yield TextSpan(text, page.number, start, end, heading_at(page.number, start), place(start, end))


def _places(page: PageText, *, numbered: bool) -> Callable[[int, int], str]:
    """Return a function that says, as people would, where the characters from `start` to `end` are."""
    name = page.label or (f"page {page.number}" if numbered else "")
    first_row = page.first_row
    if first_row is None:
        return lambda start, end: name
    line_ends = [match.start() for match in LINE_END.finditer(page.text)]

    def rows(start: int, end: int) -> str:
        first, last = (first_row + bisect_left(line_ends, position) for position in (start, end - 1))
        row_range = f"row {first}" if first == last else f"rows {first} to {last}"
        return f"{name}, {row_range}" if name else row_range

    return rows


def _pieces(text: str, using: Splitter) -> Iterator[tuple[int, str]]:
    for first, window in _windows(text):
        for start, piece in using.chunk_indices(window):
            if len(piece) <= PASSAGE_CHARACTERS:
                yield first + start, piece
            else:
                yield from ((first + start + offset, part) for offset, part in _by_characters(piece))


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the windows to split one by one, each with the position of its first character."""
    for start, window in _cut(text, WINDOW):
        dense = max(map(len, window.split("\n"))) > LONG_LINE
        yield from ((start + offset, part) for offset, part in _cut(window, LONG_LINE if dense else WINDOW))


def _cut(text: str, size: int) -> Iterator[tuple[int, str]]:
    """Yield parts of at most `size` characters that end between paragraphs, lines or words if possible."""
    start = 0
    while len(text) - start > size:
        found = ((text.rfind(mark, start + size // 2, start + size), mark) for mark in ("\n\n", "\n", " "))
        end = next((place + len(mark) for place, mark in found if place > 0), start + size)
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def _by_characters(text: str) -> list[tuple[int, str]]:
    from semantic_text_splitter import TextSplitter

    return TextSplitter(PASSAGE_CHARACTERS).chunk_indices(text)
