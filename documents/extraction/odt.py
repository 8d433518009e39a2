"""Reads OpenDocument texts: paragraphs, lists, tables, text boxes and notes."""

import re
from collections.abc import Iterator
from pathlib import Path

from documents.extraction.grids import Cell, Grid
from documents.extraction.layout import PageDraft
from documents.extraction.package import Element, attribute, child, local, opened, whole_number
from documents.extraction.signatures import LOCKED
from documents.extraction.types import Extracted, ExtractionError, Limits, check_characters
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not an OpenDocument text, though its name says so, or it is damaged. Save it again as .odt."
)
MANIFEST = "META-INF/manifest.xml"

# Remarks, deleted text, and data for the program only.
UNREAD = {
    *("annotation", "annotation-end", "tracked-changes", "forms", "sequence-decls", "variable-decls"),
    *("user-field-decls", "dde-connection-decls", "alphabetical-index-auto-mark-file", "ruby-text", "desc", "title"),
}
GAPS = {"s": " ", "tab": "\t", "line-break": "\n"}
BLOCKS = {"p", "h", "list", "table"}
SPACES = re.compile(r"[ \t\r\n]+")
TITLE_STYLE = "Title"
MOST_SPACES = MOST_CELLS = 100


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as package:
        if MANIFEST in package and b"encryption-data" in package.read(MANIFEST):
            raise ExtractionError(LOCKED)
        if "content.xml" not in package:
            raise ExtractionError(NOT_ONE)
        content = package.tree("content.xml")
    text = child(content, "body", "text")
    if text is None:
        raise ExtractionError(NOT_ONE)
    reader = OdtReader(_title_styles(content), limits)
    reader.write(text)
    reader.write_notes()
    return reader.draft.extracted()


def _title_styles(content: Element) -> set[str]:
    """Return the names of the styles that make a paragraph the document's title."""
    styles = child(content, "automatic-styles")
    made = {attribute(style, "name") for style in styles or () if attribute(style, "parent-style-name") == TITLE_STYLE}
    return made | {TITLE_STYLE}


class OdtReader:
    """A document being read: its text so far, and the notes it has referred to."""

    def __init__(self, title_styles: set[str], limits: Limits) -> None:
        self.draft = PageDraft(limits)
        self._limits = limits
        self._repeated = 0
        self._title_styles = title_styles
        self._notes: list[Element] = []
        self._after_item = False

    def write(self, parent: Element, in_list: bool = False) -> None:
        for block in _blocks(parent):
            if local(block) == "list":
                self.write(block, in_list=True)
            elif local(block) == "table":
                laid_out = self._grid(block).table()
                self.draft.table(laid_out.lines, laid_out.header, laid_out.names)
                self._after_item = False
            else:
                self._write_paragraph(block, in_list)

    def write_notes(self) -> None:
        # A note may refer to notes; those references stay numbers only.
        for number, note in enumerate(list(self._notes), start=1):
            if text := " ".join(self._cell(note)).strip():
                self.draft.add(f"[{number}] {text}")

    def _write_paragraph(self, paragraph: Element, in_list: bool) -> None:
        text, boxes = self._text(paragraph)
        if local(paragraph) == "h":
            self.draft.heading(text, whole_number(attribute(paragraph, "outline-level"), 1))
        elif attribute(paragraph, "style-name") in self._title_styles:
            self.draft.heading(text, 0)
        elif in_list and text.strip():
            self.draft.add(f"- {text.strip()}", "\n" if self._after_item else "\n\n")
        else:
            self.draft.add(text)
        self._after_item = in_list and local(paragraph) == "p"
        for box in boxes:
            self.write(box)

    def _text(self, paragraph: Element) -> tuple[str, list[Element]]:
        """Return a paragraph's words and the text boxes that are anchored in it."""
        parts: list[str] = []
        boxes: list[Element] = []

        def gather(element: Element) -> None:
            parts.append(SPACES.sub(" ", element.text or ""))
            for inner in element:
                name = local(inner)
                if name == "text-box":
                    boxes.append(inner)
                elif name == "note":
                    parts.append(self._noted(inner))
                elif name in GAPS:
                    parts.append(GAPS[name] * min(whole_number(attribute(inner, "c"), 1), MOST_SPACES))
                elif name not in UNREAD:
                    gather(inner)
                parts.append(SPACES.sub(" ", inner.tail or ""))

        gather(paragraph)
        return "".join(parts), boxes

    def _noted(self, note: Element) -> str:
        body = child(note, "note-body")
        if body is None:
            return ""
        self._notes.append(body)
        return f"[{len(self._notes)}]"

    def _grid(self, table: Element) -> Grid:
        grid, named = Grid(), child(table, "table-header-rows")
        marked = set(map(id, _inner(named, {"table-row"}))) if named is not None else set()
        for line in _inner(table, {"table-row"}):
            cells, covered = list[Cell](), 0
            for cell in _inner(line, {"table-cell", "covered-table-cell"}):
                if local(cell) == "covered-table-cell" and covered > 0:
                    covered -= max(1, whole_number(attribute(cell, "number-columns-repeated"), 1))
                    continue
                texts = self._as_often(" ".join(self._cell(cell)), attribute(cell, "number-columns-repeated"))
                columns = whole_number(attribute(cell, "number-columns-spanned"), 1)
                cells += [Cell(text, columns, continues=local(cell) != "table-cell") for text in texts]
                covered = columns - 1
            grid.add(cells, header=id(line) in marked)
        return grid

    def _as_often(self, text: str, repeated: str) -> list[str]:
        """Return a cell's text as often as its attribute says, limited: cells within cells could multiply endlessly."""
        times = min(whole_number(repeated, 1), MOST_CELLS)
        self._repeated += len(text) * (times - 1)
        check_characters(self._repeated, self._limits)
        return [text] * times

    def _cell(self, cell: Element) -> Iterator[str]:
        for block in _blocks(cell):
            if local(block) == "table":
                yield from self._grid(block).flat()
            elif local(block) == "list":
                yield from self._cell(block)
            else:
                text, boxes = self._text(block)
                yield text
                for box in boxes:
                    yield from self._cell(box)


def _blocks(parent: Element) -> Iterator[Element]:
    """Yield paragraphs, lists and tables, also from sections and frames around them."""
    for element in parent:
        if local(element) in BLOCKS:
            yield element
        elif local(element) not in UNREAD:
            yield from _blocks(element)


def _inner(parent: Element, wanted: set[str]) -> Iterator[Element]:
    """Yield a table's rows or a row's cells, also from groups around them."""
    for element in parent:
        if local(element) in wanted:
            yield element
        elif local(element) not in UNREAD:
            yield from _inner(element, wanted)
