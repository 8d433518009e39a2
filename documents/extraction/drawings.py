"""Reads what is drawn in office files: charts as tables, diagrams as their words, pictures by text recognition."""

from collections.abc import Callable, Iterator, Sequence

from documents.extraction.embedded_pictures import Pictures
from documents.extraction.layout import row
from documents.extraction.package import Element, Package, attribute, below, child, local, whole_number
from documents.extraction.types import ExtractionError, Limits, check_characters
from documents.sentences import said
from langai_site.words import gettext_noop

# Copies of shapes for programs that cannot draw them.
COPIES = {"Fallback"}
DEEPEST = 8
MAX_CELLS = 10_000_000
TOO_MANY_VALUES = said(
    gettext_noop("The charts of this file have more than %(max_cells)s values. Split it into several files."),
    max_cells=MAX_CELLS,
)


class Drawings:
    """The separate parts of an office file that are drawn, such as charts: each is read once, where it comes first."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self.package = package
        self._limits = limits
        self._read: set[str] = set()
        self._cells = 0
        self.pictures = Pictures(limits)

    def lines(self, part: str, reference: str, read: Callable[[Element], Iterator[str]]) -> Iterator[str]:
        """Yield the lines of the part to which `part` refers. Raises ExtractionError if they are too much text."""
        _, name = self.package.related(part).get(reference, ("", ""))
        if name not in self.package or name in self._read:
            return
        self._read.add(name)
        characters = 0
        for line in read(self.package.tree(name)):
            characters += len(line)
            check_characters(characters, self._limits)
            yield line

    def diagram(self, model: Element) -> Iterator[str]:
        yield from paragraphs(model)

    def chart(self, space: Element) -> Iterator[str]:
        """Yield a chart as its title and a table: a column for each category, a row for each series."""
        chart = child(space, "chart")
        title = child(chart, "title") if chart is not None else None
        yield from paragraphs(title) if title is not None else ()
        series = [element for element in below(space) if local(element) == "ser"]
        names = _points(series[0], "cat", "xVal") if series else {}
        yield row(["", *(names[index] for index in sorted(names))])
        for one in series:
            values = _points(one, "val", "yVal")
            columns = sorted(names or values)
            self._count(len(columns))
            yield row([*_points(one, "tx").values(), *(values.get(index, "") for index in columns)])

    def picture(self, part: str, reference: str, pages: Sequence[int] = ()) -> str:
        """Return the words in the picture to which `part` refers; "" for one that was read before."""
        _, name = self.package.related(part).get(reference, ("", ""))
        if name not in self.package or name in self._read:
            return ""
        self._read.add(name)
        return self.pictures.text(self.package.read(name), pages=pages)

    def _count(self, cells: int) -> None:
        """Count a chart's cells: each of its series has all of its categories, however few values it has."""
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise ExtractionError(TOO_MANY_VALUES)


def paragraphs(parent: Element) -> Iterator[str]:
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


def _points(series: Element, *kinds: str) -> dict[int, str]:
    """Return the values that a chart stores for its series, its categories or its name, by their position."""
    parts = [part for part in series if local(part) in kinds]
    points = (point for part in parts for point in below(part) if local(point) == "pt")
    return {
        whole_number(attribute(point, "idx"), 0): "".join(value.text or "" for value in point if local(value) == "v")
        for point in points
    }


def alternative_text(properties: Element) -> str:
    """Return what a person wrote to say what a drawing shows; `properties` is the element with its name."""
    return " ".join(attribute(properties, "descr").split()) or " ".join(attribute(properties, "title").split())
