"""Reads HTML as a person sees it: the words in their blocks, without scripts, styles and hidden parts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.extraction import html_nesting
from documents.extraction.encodings import clean, decode
from documents.extraction.formulas import power_mark, written
from documents.extraction.grids import TALLEST_CELL, Cell, Grid, TableLines
from documents.extraction.html_furniture import furniture
from documents.extraction.layout import paged, under
from documents.extraction.reading import note
from documents.extraction.types import Extracted, Limits, Unread
from documents.sentences import said
from langai_site.words import gettext_noop

UNSEEN = {"script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "-comment"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
PARAGRAPHS = HEADINGS | {
    *("address", "article", "aside", "blockquote", "body", "details", "dl", "fieldset", "figure", "footer", "form"),
    *("header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"),
}
LINES = {"br", "caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tr"}
CELLS = {"td", "th"}

# Parts of a formula that repeat it for programs.
UNSEEN_IN_FORMULAS = {"annotation", "annotation-xml", "mphantom", "-comment"}
MAX_FORMULA_DEPTH = 60
CHANGES = {"del", "ins", "s", "strike"}

PICTURE = "Picture: "
LEFT_OUT = gettext_noop("menus, notices and footers of the page, such as “%(text)s”")
NOTE_CHARACTERS = 190
Step = tuple[LexborNode, bool]

DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
SPACES = re.compile(r"[ \t\n\r\f]+")


@dataclass(frozen=True)
class HtmlReading:
    """A page as read; headings by their first character."""

    text: str
    headings: list[tuple[int, str]]
    title: str


def extract(path: Path, limits: Limits) -> Extracted:
    data = path.read_bytes()
    declared = DECLARED.search(data[:4096])
    page = read(clean(decode(data, declared[1].decode() if declared else "")), only_main=True)
    return paged(page.text, page.headings, page.title)


def read(markup: str, *, only_main: bool = False) -> HtmlReading:
    """Return the words of a page. `only_main`: without its menus, notices and footers, which a note then names."""
    html_nesting.check(markup)
    page = LexborHTMLParser(markup)
    title = page.css_first("title")
    writer = HtmlWriter()
    if page.body:
        nodes = list(_walk(page.body))
        left_out = _left_out(page.body, nodes) if only_main else set()
        _write([*_without(nodes, left_out)] if left_out else nodes, writer)
    return HtmlReading(writer.text(), writer.headings, SPACES.sub(" ", title.text()).strip() if title else "")


def _left_out(body: LexborNode, nodes: list[Step]) -> set[int]:
    found = furniture(body, nodes)
    if found.samples:
        shown = "”, “".join(found.samples)
        note(Unread.PART, said(LEFT_OUT, text=shown), count=len(found.left_out))
    return found.left_out


def _without(nodes: list[Step], left_out: set[int]) -> Iterator[Step]:
    inside = 0
    for node, opens in nodes:
        if node.mem_id in left_out and node.is_element_node:
            inside += 1 if opens else -1
        elif not inside:
            yield node, opens


class HtmlWriter:
    """Joins text as a browser would lay it out, and records where headings start."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.gap = ""
        self.headings: list[tuple[int, str]] = []
        # The open heading: its first part, and its first character or -1 before its first word.
        self.heading: int | None = None
        self.heading_start = -1

    def gap_of(self, gap: str) -> None:
        """Request a gap before the next word; the widest request counts."""
        order = ("", " ", "\n", "\n\n")
        self.gap = max(self.gap, gap, key=order.index)

    def words(self, text: str) -> None:
        if not text:
            return
        if self.parts:
            self._append(self.gap)
        self.gap = ""
        if self.heading is not None and self.heading_start < 0:
            self.heading, self.heading_start = len(self.parts), self.length
        self._append(text)

    def flowing(self, text: str) -> None:
        """Write words in which any whitespace means a single space."""
        flat = SPACES.sub(" ", text)
        if flat.startswith(" "):
            self.gap_of(" ")
        self.words(flat.strip(" "))
        if flat.endswith(" "):
            self.gap_of(" ")

    def heading_opens(self) -> None:
        self.heading, self.heading_start = len(self.parts), -1

    def heading_closes(self) -> None:
        text = SPACES.sub(" ", "".join(self.parts[self.heading :])).strip() if self.heading is not None else ""
        if text and self.heading_start >= 0:
            self.headings.append((self.heading_start, text))
        self.heading = None

    def table(self, table: TableLines) -> None:
        """Write a table, a line a row; the rows below its names have them in their heading."""
        section = self.headings[-1][1] if self.headings else ""
        self.gap_of("\n\n")
        for number, line in enumerate(table.lines):
            if number == table.header and table.names:
                self.headings.append((self.length, under(section, table.names)))
            self.words(line)
            self.gap_of("\n")
        if table.names and len(table.lines) > table.header:
            self.headings.append((self.length, section))
        self.gap_of("\n\n")

    def text(self) -> str:
        return "".join(self.parts)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)


def _write(nodes: list[Step], writer: HtmlWriter) -> None:
    tables, preformatted = _tables(nodes), 0
    table: HtmlTable | None = None
    for node, opens in nodes:
        tag = node.tag or ""
        if table is None and opens and node.mem_id in tables:
            table = HtmlTable()
        elif table is not None and not opens and node.mem_id in tables:
            table.write(writer)
            table = None
        elif table is not None:
            table.read(node, opens=opens)
        elif tag in WRITTEN:
            writer.flowing(WRITTEN[tag](node) if opens else "")
        elif tag == "-text":
            text = _text(node)
            writer.words(text) if preformatted else writer.flowing(text)
        else:
            preformatted += (1 if opens else -1) if tag == "pre" else 0
            _write_block(tag, opens, writer)


def _write_block(tag: str, opens: bool, writer: HtmlWriter) -> None:
    if not opens and tag in HEADINGS:
        writer.heading_closes()
    writer.gap_of("\n\n" if tag in PARAGRAPHS else "\n" if tag in LINES else " " if tag in CELLS else "")
    if opens and tag in HEADINGS:
        writer.heading_opens()
    elif opens and tag == "li":
        writer.words("-")
        writer.gap_of(" ")


class HtmlTable:
    """A table being read: a row is a line, whatever blocks its cells consist of."""

    def __init__(self) -> None:
        self._grid = Grid()
        self._cells: list[Cell] = []
        self._caption = HtmlWriter()
        # The words of the open cell; outside of cells there are none, except those of the caption.
        self._words = self._caption
        self._in_head = False

    def read(self, node: LexborNode, *, opens: bool) -> None:
        tag = node.tag or ""
        if tag in WRITTEN:
            self._words.flowing(WRITTEN[tag](node) if opens else "")
        elif tag == "-text":
            self._words.flowing(_text(node))
        elif tag in CELLS and opens:
            self._words = HtmlWriter()
        elif tag in CELLS:
            covers = (_span(node, "colspan"), _span(node, "rowspan"))
            self._cells.append(Cell(self._words.text(), *covers, header=tag == "th"))
            self._words = self._caption
        elif tag == "tr" and not opens:
            self._grid.add(self._cells, header=self._in_head)
            self._cells = []
        elif tag == "thead":
            self._in_head = opens
        elif tag in PARAGRAPHS | LINES:
            self._words.gap_of(" ")

    def write(self, writer: HtmlWriter) -> None:
        writer.gap_of("\n\n")
        writer.words(self._caption.text())
        writer.gap_of("\n")
        writer.table(self._grid.table())


def _alternative(picture: LexborNode) -> str:
    """Return what a page says that a picture shows, between spaces; "" for pictures that are decoration or signs."""
    words = clean(picture.attributes.get("alt") or "").strip()
    return f" {PICTURE}{words} " if " " in words else f" {words} " if words else ""


def _text(node: LexborNode) -> str:
    """Return the words of a text, without the hyphens that are shown only where a line ends."""
    return clean(node.text_content or "").replace("\u00ad", "")


def _between_changes(change: LexborNode) -> str:
    """Return a space if an old or new version directly follows the other: its words would be joined with them."""
    before = change.prev
    return " " if before is not None and before.tag in CHANGES and before.tag != change.tag else ""


def _power_mark(raised: LexborNode) -> str:
    before = raised.prev
    return power_mark(before.text_content or "", raised.text()) if before is not None and before.tag == "-text" else ""


def _formula(node: LexborNode, depth: int = 0) -> str:
    if node.tag == "-text":
        return " ".join(_text(node).split())
    if depth > MAX_FORMULA_DEPTH:
        return " ".join(node.text().split())
    parts = [
        _formula(part, depth + 1)
        for part in node.iter(include_text=True)
        if part.tag not in UNSEEN_IN_FORMULAS and (part.is_element_node or (part.text_content or "").strip())
    ]
    return written(node.tag or "", parts)


# What is written where an element begins, instead of or before what is in it.
WRITTEN: dict[str, Callable[[LexborNode], str]] = {
    **{"img": _alternative, "math": _formula, "sup": _power_mark},
    **dict.fromkeys(CHANGES, _between_changes),
}


def _span(cell: LexborNode, name: str) -> int:
    """Return how many columns or rows a cell covers; as in browsers, 0 rows are all that follow."""
    span = cell.attributes.get(name) or ""
    number = int(span) if span.isdecimal() and len(span) < 6 else 1
    return number or (TALLEST_CELL if name == "rowspan" else 1)


def _tables(nodes: list[Step]) -> set[int]:
    """Return the tables of data.

    A table with headings or tables in it, or without a row of two cells, is only layout.
    """
    around: list[int] = []
    data, arranging = set(), set()
    for node, opens in nodes:
        if around and opens and (node.tag == "table" or node.tag in HEADINGS):
            arranging.add(around[-1])
        elif around and opens and node.tag in CELLS and _follows_cell(node):
            data.add(around[-1])
        if node.tag == "table":
            around.append(node.mem_id) if opens else around.pop()
    return data - arranging


def _follows_cell(node: LexborNode) -> bool:
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    return before is not None and before.tag in CELLS


def _walk(root: LexborNode) -> Iterator[Step]:
    """Yield every visible node, as it opens and as it closes; without recursion, because the depth is not limited."""
    stack = [(root, True)]
    while stack:
        node, opens = stack.pop()
        if opens and (node.tag in UNSEEN or (node.is_element_node and _hidden(node))):
            continue
        yield node, opens
        if opens and node.is_element_node:
            stack.append((node, False))
            if node.tag == "math":
                continue
            stack.extend((child, True) for child in reversed(list(node.iter(include_text=True))))


def _hidden(node: LexborNode) -> bool:
    return "hidden" in node.attributes or bool(HIDDEN.search(node.attributes.get("style") or ""))
