"""Reads presentations: a page for each slide, with its tables, charts, diagrams and the speaker's notes."""

from collections.abc import Callable, Iterator
from pathlib import Path

from documents.extraction.encodings import clean
from documents.extraction.layout import TITLE_CHARACTERS, row
from documents.extraction.package import Element, Package, attribute, below, child, local, opened, whole_number
from documents.extraction.types import (
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    Limits,
    check_characters,
    check_pages,
)

NOT_ONE = "This is not a presentation, though its name says so, or it is damaged. Save it again as .pptx."
NOTES = "Speaker notes:"

TITLES = {"title", "ctrTitle"}
# Elements that repeat on every slide, and the slide's picture on its page of notes.
FURNITURE = {"sldNum", "dt", "ftr", "hdr", "sldImg"}
# Copies of shapes for programs that cannot draw them.
COPIES = {"Fallback"}
DEEPEST = 8
MAX_CELLS = 10_000_000
TOO_MANY_VALUES = f"The charts of this presentation have more than {MAX_CELLS:,} values. Split it into several files."


def extract(path: Path, limits: Limits) -> Extracted:
    pages, headings, characters = [], [], 0
    with opened(path) as package:
        slides = _slides(package)
        check_pages(len(slides), limits, "slides")
        shown = Shown(package, limits)
        for number, name in enumerate(slides, start=1):
            title, text = _numbered(shown, number, name)
            characters += len(text)
            check_characters(characters, limits)
            pages.append(ExtractedPage(text, f"slide {number}"))
            headings.append(Heading(number, 0, title[:TITLE_CHARACTERS]))
    return Extracted(headings[0].text if headings else "", tuple(pages), tuple(headings))


def _slides(package: Package) -> list[str]:
    """Return the names of the slides' parts, in the order in which they are shown."""
    main = package.first_related("", "officeDocument")
    if not main:
        raise ExtractionError(NOT_ONE)
    order = child(package.tree(main), "sldIdLst")
    parts = package.related(main)
    # The item's own id has the same local name without a namespace, so the reference is looked up by its full name.
    references = [value for item in order or () for key, value in item.items() if key.endswith("}id")]
    # A slide that is listed twice is read once.
    return list(dict.fromkeys(parts[reference][1] for reference in references if reference in parts))


class Shown:
    """The separate parts of a presentation, such as charts: each is read once, where it is shown first."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self.package = package
        self._limits = limits
        self._read: set[str] = set()
        self._cells = 0

    def lines(self, slide: str, reference: str, read: Callable[[Element], Iterator[str]]) -> Iterator[str]:
        """Yield the lines of the part that a slide refers to. Raises ExtractionError if they are too much text."""
        _, name = self.package.related(slide).get(reference, ("", ""))
        if name not in self.package or name in self._read:
            return
        self._read.add(name)
        characters = 0
        for line in read(self.package.tree(name)):
            characters += len(line)
            check_characters(characters, self._limits)
            yield line

    def chart(self, space: Element) -> Iterator[str]:
        """Yield a chart as its title and a table: a column for each category, a row for each series."""
        chart = child(space, "chart")
        title = child(chart, "title") if chart is not None else None
        yield from _paragraphs(title) if title is not None else ()
        series = [element for element in below(space) if local(element) == "ser"]
        names = _points(series[0], "cat", "xVal") if series else {}
        yield row(["", *(names[index] for index in sorted(names))])
        for one in series:
            values = _points(one, "val", "yVal")
            columns = sorted(names or values)
            self._count(len(columns))
            yield row([*_points(one, "tx").values(), *(values.get(index, "") for index in columns)])

    def _count(self, cells: int) -> None:
        """Count a chart's cells: each of its series has all of its categories, however few values it has."""
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise ExtractionError(TOO_MANY_VALUES)


def _numbered(shown: Shown, number: int, name: str) -> tuple[str, str]:
    try:
        return _slide(shown, name)
    except ExtractionError as error:
        raise ExtractionError(f"Slide {number}: {error.message}") from error


def _slide(shown: Shown, name: str) -> tuple[str, str]:
    """Return a slide's title and its text, which begins with the title."""
    title, blocks = "", []
    for shape in _shapes(shown.package.tree(name)):
        role, text = _role(shape), "\n".join(filter(None, _lines(shape, shown, name)))
        if role in TITLES and not title:
            title = " ".join(text.split())
        elif role not in FURNITURE and text.strip():
            blocks.append(text)
    notes = _notes(shown.package, name)
    text = "\n\n".join(filter(None, [title, *blocks, f"{NOTES}\n{notes}" if notes else ""]))
    return clean(title), clean(text)


def _notes(package: Package, slide: str) -> str:
    name = package.first_related(slide, "notesSlide")
    shapes = _shapes(package.tree(name)) if name else ()
    texts = ("\n".join(_paragraphs(shape)) for shape in shapes if _role(shape) == "body")
    return "\n".join(text for text in texts if text.strip())


def _shapes(parent: Element) -> Iterator[Element]:
    """Yield the shapes that may hold words, also from groups, from the back to the front."""
    for element in parent:
        if local(element) in ("sp", "graphicFrame"):
            yield element
        elif local(element) not in COPIES:
            yield from _shapes(element)


def _role(shape: Element) -> str:
    """Return a shape's role on its slide: a title, the slide's number, …; "" for any other."""
    place = child(shape, "nvSpPr", "nvPr", "ph")
    return attribute(place, "type") if place is not None else ""


def _lines(shape: Element, shown: Shown, slide: str) -> Iterator[str]:
    data = child(shape, "graphic", "graphicData")
    for element in data if data is not None else ():
        if local(element) == "tbl":
            yield from _rows(element)
        elif local(element) == "chart":
            yield from shown.lines(slide, attribute(element, "id"), shown.chart)
        elif local(element) == "relIds":
            yield from shown.lines(slide, attribute(element, "dm"), _paragraphs)
    if data is None:
        yield from _paragraphs(shape)


def _paragraphs(parent: Element) -> Iterator[str]:
    """Yield the paragraphs of text below `parent`, those of lower levels as items."""
    for element in below(parent, COPIES, whole=("p",)):
        if local(element) == "p":
            text = "".join(_words(element))
            style = child(element, "pPr")
            depth = whole_number(attribute(style, "lvl"), 0) if style is not None else 0
            indent = "  " * min(depth, DEEPEST) + "- " if depth else ""
            if text.strip():
                yield indent + text


def _words(paragraph: Element) -> Iterator[str]:
    for element in below(paragraph, COPIES):
        if local(element) == "t":
            yield element.text or ""
        elif local(element) == "br":
            yield "\n"


def _rows(table: Element) -> Iterator[str]:
    for line in table:
        if local(line) == "tr":
            cells = (" ".join(_paragraphs(cell)) for cell in line if local(cell) == "tc")
            if text := row(cells):
                yield text


def _points(series: Element, *kinds: str) -> dict[int, str]:
    """Return the values that a chart stores for its series, its categories or its name, by their position."""
    parts = [part for part in series if local(part) in kinds]
    points = (point for part in parts for point in below(part) if local(point) == "pt")
    return {
        whole_number(attribute(point, "idx"), 0): "".join(value.text or "" for value in point if local(value) == "v")
        for point in points
    }
