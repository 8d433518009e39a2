"""Pages of text -> passages of about 200 tokens that say exactly where they came from. Pure."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from documents.extraction.types import Heading
from search.types import PageText, Span

PASSAGE_TOKENS = 200
# Also the measure where there is no tokenizer. A word too long for the vocabulary counts as one token,
# so a passage is bounded in characters too.
PASSAGE_CHARACTERS = 2000
CHARACTERS_A_TOKEN = 4

LINE_END = re.compile("\n")


class Splitter(Protocol):
    """Cuts a text into pieces, each with the character where it starts."""

    def chunk_indices(self, text: str, /) -> list[tuple[int, str]]: ...


def splitter(*, markdown: bool, tokenizer: str = "") -> Splitter:
    """Return a splitter that counts with `tokenizer` (tokenizers' JSON), or by characters where it is empty."""
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
    pages: Sequence[PageText], using: Splitter, headings: Sequence[Heading] = (), *, numbered: bool = False
) -> list[Span]:
    """Return the passages of `pages` in reading order.

    For each, `text == page.text[start:end]`; none crosses a page, overlaps another or is blank, and only
    whitespace is between them. `headings` are in reading order too. `numbered`: the pages are the document's
    own, so their numbers say where a passage stands.
    """
    places = [(heading.page, heading.start) for heading in headings]

    def heading_at(page: int, start: int) -> str:
        above = bisect_right(places, (page, start))
        return headings[above - 1].text if above else ""

    numbered = numbered and len(pages) > 1
    return [span for page in pages for span in _spans(page, using, heading_at, _places(page, numbered=numbered))]


def _spans(
    page: PageText, using: Splitter, heading_at: Callable[[int, int], str], place: Callable[[int, int], str]
) -> Iterator[Span]:
    for start, text in _pieces(page.text, using):
        end = start + len(text)
        yield Span(text, page.number, start, end, heading_at(page.number, start), place(start, end))


def _places(page: PageText, *, numbered: bool) -> Callable[[int, int], str]:
    """Return a function that says where the characters from `start` to `end` stand, as people say it."""
    name = page.label or (f"page {page.number}" if numbered else "")
    first_row = page.first_row
    if first_row is None:
        return lambda start, end: name
    line_ends = [match.start() for match in LINE_END.finditer(page.text)]

    def rows(start: int, end: int) -> str:
        first, last = (first_row + bisect_left(line_ends, position) for position in (start, end - 1))
        said = f"row {first}" if first == last else f"rows {first} to {last}"
        return f"{name}, {said}" if name else said

    return rows


def _pieces(text: str, using: Splitter) -> Iterator[tuple[int, str]]:
    for start, piece in using.chunk_indices(text):
        if len(piece) <= PASSAGE_CHARACTERS:
            yield start, piece
        else:
            yield from ((start + offset, part) for offset, part in _by_characters(piece))


def _by_characters(text: str) -> list[tuple[int, str]]:
    from semantic_text_splitter import TextSplitter

    return TextSplitter(PASSAGE_CHARACTERS).chunk_indices(text)
