"""Cuts text into pages, with the headings on them."""

from collections.abc import Iterable, Sequence
from operator import itemgetter

from documents.extraction.encodings import clean
from documents.extraction.types import MAX_HEADINGS, Extracted, ExtractedPage, Heading, Limits, check_characters

# A page is shown whole beside a citation, so a long text is cut into several.
PAGE_CHARACTERS = 50_000
TITLE_CHARACTERS = 300
LABEL_CHARACTERS = 200
SEPARATOR = " > "
SHORTEST_SECTION = 20


def paged(text: str, headings: Iterable[tuple[int, str]] = (), title: str = "", label: str = "") -> Extracted:
    """Cut `text` into pages at line ends; `headings` are given by their character in the whole text."""
    starts = [0]
    while len(text) - starts[-1] > PAGE_CHARACTERS:
        starts.append(_cut(text, starts[-1]))
    ends = [*starts[1:], len(text)]
    pages = tuple(
        ExtractedPage(text[start:end], label[:LABEL_CHARACTERS]) for start, end in zip(starts, ends, strict=True)
    )
    applying = [heading for heading in headings if heading[0] < len(text)]
    return Extracted(title[:TITLE_CHARACTERS], pages, tuple(_placed(applying[: MAX_HEADINGS + 1], ends)))


def _cut(text: str, start: int) -> int:
    """Return the best place to end the page that starts at `start`: a blank line, a line end, a space, anywhere."""
    limit = start + PAGE_CHARACTERS
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, start + PAGE_CHARACTERS // 2, limit)
        if found > 0:
            return found + len(mark)
    return limit


def _placed(headings: Sequence[tuple[int, str]], ends: Sequence[int]) -> Iterable[Heading]:
    page = 0
    for start, text in headings if len(headings) <= MAX_HEADINGS else ():
        while start >= ends[page]:
            page += 1
        yield Heading(page + 1, start - (ends[page - 1] if page else 0), text[:TITLE_CHARACTERS])


def row(cells: Iterable[str]) -> str:
    """Return a table's row as one line: `Role | Days`. A row without words gives ""."""
    line = " | ".join(" ".join(cell.split()) for cell in cells)
    return line.strip().rstrip(" |") if line.strip(" |") else ""


def under(section: str, names: str) -> str:
    """Return the heading of a table's rows: that of their section, shortened if need be, and their columns' names."""
    room = TITLE_CHARACTERS - len(names) - len(SEPARATOR)
    section = section if len(section) <= room else f"{section[: room - 1]}…"
    return f"{section}{SEPARATOR}{names}" if section and room >= SHORTEST_SECTION else names


class PageDraft:
    """Blocks of text in reading order, with the headings among them. Raises ExtractionError if there is too much."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, int, str]] = []
        # Names of a table's columns, from where they apply to where the last heading applies again.
        self._names: list[tuple[int, str]] = []

    def add(self, text: str, gap: str = "\n\n") -> None:
        """Add a block, `gap` after the one before it."""
        text = clean(text).rstrip()
        if text:
            self._append(gap if self._parts else "")
            self._append(text)

    def heading(self, text: str, level: int = 1) -> None:
        """Add a heading; one of `level` 0 is the title of the whole."""
        text = " ".join(clean(text).split())
        if text:
            self._append("\n\n" if self._parts else "")
            self._headings.append((self._length, level, text))
            self._append(text)

    def table(self, lines: Sequence[str], header: int, names: str) -> None:
        """Add a table, one line a row. `names` are those of its columns, which are in its first `header` lines."""
        section = self._headings[-1][2] if self._headings else ""
        self.add("\n".join(lines[:header]))
        if names and lines[header:]:
            self._names.append((self._length, under(section, names)))
        self.add("\n".join(lines[header:]), "\n" if header else "\n\n")
        if names and lines[header:]:
            self._names.append((self._length, section))

    def extracted(self) -> Extracted:
        headings = sorted([*self._names, *((start, text) for start, _, text in self._headings)], key=itemgetter(0))
        return paged("".join(self._parts), headings, self._title())

    def _title(self) -> str:
        """Return the single heading of the highest level, or "" if there are several."""
        top = min((level for _, level, _ in self._headings), default=2)
        highest = [text for _, level, text in self._headings if level == top]
        return highest[0] if top == 0 or (top == 1 and len(highest) == 1) else ""

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        check_characters(self._length, self._limits)
