"""Pages of text -> passages of about 200 tokens that say exactly where they came from. Pure."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
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


def split(pages: Sequence[PageText], using: Splitter, headings: Sequence[Heading] = ()) -> list[Span]:
    """Return the passages of `pages` in reading order.

    For each, `text == page.text[start:end]`; none crosses a page, overlaps another or is blank, and only
    whitespace is between them. `headings` are in reading order too.
    """
    places = [(heading.page, heading.start) for heading in headings]

    def heading_at(page: int, start: int) -> str:
        above = bisect_right(places, (page, start))
        return headings[above - 1].text if above else ""

    return [
        Span(text=text, page=page.number, start=start, end=start + len(text), heading=heading_at(page.number, start))
        for page in pages
        for start, text in _pieces(page.text, using)
    ]


def _pieces(text: str, using: Splitter) -> Iterator[tuple[int, str]]:
    for start, piece in using.chunk_indices(text):
        if len(piece) <= PASSAGE_CHARACTERS:
            yield start, piece
        else:
            yield from ((start + offset, part) for offset, part in _by_characters(piece))


def _by_characters(text: str) -> list[tuple[int, str]]:
    from semantic_text_splitter import TextSplitter

    return TextSplitter(PASSAGE_CHARACTERS).chunk_indices(text)
