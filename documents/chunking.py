"""Pure: splits pages of text into passages of about 200 tokens that record exactly where they came from."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from documents import scripts
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
TITLE = re.compile(r"#{1,6}[ \t]")


class Splitter(Protocol):
    """Cuts a text into pieces, each with the position of its first character."""

    def chunk_indices(self, text: str, /) -> list[tuple[int, str]]: ...


def splitter(*, markdown: bool, tokenizer: str = "", count: Callable[[str], int] | None = None) -> Splitter:
    """Return a splitter into passages of PASSAGE_TOKENS tokens.

    `count` is how the embedder that reads the passages counts tokens. Without it, texts in Latin letters are counted
    with `tokenizer` (tokenizers' JSON), or by characters if it is empty, and others by what their scripts usually
    take: a tokenizer that does not know a script spells it letter by letter, so that little would be in a passage.
    """
    from semantic_text_splitter import MarkdownSplitter, TextSplitter

    kind = MarkdownSplitter if markdown else TextSplitter
    if count:
        return kind.from_callback(count, PASSAGE_TOKENS)
    latin = kind.from_huggingface_tokenizer_str(tokenizer, PASSAGE_TOKENS) if tokenizer else None
    return _ByScript(latin or kind(PASSAGE_TOKENS * CHARACTERS_A_TOKEN), kind)


class _ByScript:
    """Cuts texts in Latin letters with one splitter, others into as many characters as make up a passage."""

    def __init__(self, latin: Splitter, by_characters: Callable[[int], Splitter]) -> None:
        self._latin = latin
        self._of = lru_cache(maxsize=64)(by_characters)

    def chunk_indices(self, text: str) -> list[tuple[int, str]]:
        characters = scripts.passage_characters(text, PASSAGE_TOKENS)
        return (self._of(characters) if characters else self._latin).chunk_indices(text)


class _Watched:
    """A splitter that calls `watch` before each text that it is given."""

    def __init__(self, using: Splitter, watch: Callable[[], object]) -> None:
        self._using, self._watch = using, watch

    def chunk_indices(self, text: str) -> list[tuple[int, str]]:
        self._watch()
        return self._using.chunk_indices(text)


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
    """Return the passages of `pages` in reading order, as `spans` yields them."""
    return list(spans(pages, using, headings, numbered=numbered and len(pages) > 1, watch=watch))


def spans(
    pages: Iterable[PageText],
    using: Splitter,
    headings: Sequence[Heading] = (),
    *,
    numbered: bool = False,
    watch: Callable[[], object] = bool,
) -> Iterator[TextSpan]:
    """Yield the passages of `pages` in reading order, a page at a time.

    For each, `text == page.text[start:end]`; none crosses a page, overlaps another or is blank, and only
    whitespace is between them. `headings` are in reading order too. `numbered`: the pages are the document's
    own, so their numbers say where a passage is. `watch` is called before each page, and before each part of a long
    one; an exception from it ends the splitting.
    """
    places = [(heading.page, heading.start) for heading in headings]

    def heading_at(page: int, start: int) -> str:
        above = bisect_right(places, (page, start))
        return headings[above - 1].text if above else ""

    starts: dict[int, set[int]] = {}
    for heading in headings:
        if heading.text:
            starts.setdefault(heading.page, set()).add(heading.start)
    watched = _Watched(using, watch)
    for page in pages:
        titles = starts.get(page.number, set[int]())
        yield from _spans(page, watched, heading_at, titles, _places(page, numbered=numbered))


def _spans(
    page: PageText,
    using: Splitter,
    heading_at: Callable[[int, int], str],
    titles: Set[int],
    place: Callable[[int, int], str],
) -> Iterator[TextSpan]:
    pieces = [(start, start + len(text)) for start, text in _pieces(page.text, using)]
    for start, end in _with_titles(page.text, pieces, titles):
        text = page.text[start:end]
        # The splitter keeps a control character that separates, which Python counts as blank.
        if not text.strip():
            continue
        yield TextSpan(text, page.number, start, end, heading_at(page.number, start), place(start, end))


def _with_titles(text: str, pieces: Sequence[tuple[int, int]], titles: Set[int]) -> Iterator[tuple[int, int]]:
    """Yield the pieces, from start to end, each title with what it stands above: alone it answers nothing."""
    begins: int | None = None
    for number, (start, end) in enumerate(pieces):
        first, begins = start if begins is None else begins, None
        if number + 1 < len(pieces):
            cut = _last_titles(text, first, end, titles)
            if cut < end and pieces[number + 1][1] - cut <= PASSAGE_CHARACTERS:
                begins, end = cut, first + len(text[first:cut].rstrip())
        if end > first:
            yield first, end


def _last_titles(text: str, first: int, end: int, titles: Set[int]) -> int:
    """Return where the titles begin with which a piece ends; its end if it ends with none.

    A title is a heading of markdown, or a line that begins at one of `titles`.
    """
    cut = end
    while body := text[first:cut].rstrip():
        line = max(first, text.rfind("\n", first, first + len(body)) + 1)
        if line not in titles and not TITLE.match(text, line):
            return cut
        cut = line
    return cut


def _places(page: PageText, *, numbered: bool) -> Callable[[int, int], str]:
    """Return a function that says, as people would, where the characters from `start` to `end` are."""
    name = page.label or (f"page {page.number}" if numbered else "")
    first_row = page.first_row
    if first_row is None:
        return lambda start, end: name
    line_ends = [match.start() for match in LINE_END.finditer(page.text)]

    def rows(start: int, end: int) -> str:
        first, last = (first_row + bisect_left(line_ends, position) for position in (start, end - 1))
        row_range = f"{page.unit} {first}" if first == last else f"{page.unit}s {first} to {last}"
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
