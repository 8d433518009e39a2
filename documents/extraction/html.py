"""HTML as a person reads it: the words in their blocks, without scripts, styles and what is hidden."""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.extraction.text import clean, decode, paged
from documents.extraction.types import Extracted, Limits

UNSEEN = {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "head", "select", "-comment"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
PARAGRAPHS = HEADINGS | {
    *("address", "article", "aside", "blockquote", "body", "details", "dl", "fieldset", "figure", "footer", "form"),
    *("header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"),
}
LINES = {"br", "caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tr"}
CELLS = {"td", "th"}

DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
SPACES = re.compile(r"[ \t\n\r\f]+")


def extract(path: Path, limits: Limits) -> Extracted:
    data = path.read_bytes()
    declared = DECLARED.search(data[:4096])
    page = LexborHTMLParser(clean(decode(data, declared[1].decode() if declared else "")))
    title = page.css_first("title")
    writer = Writer()
    if page.body:
        _write(page.body, writer)
    return paged(writer.text(), writer.headings, SPACES.sub(" ", title.text()).strip() if title else "")


class Writer:
    """Joins text as a browser would lay it out, and remembers where headings start."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.gap = ""
        self.headings: list[tuple[int, str]] = []
        # The open heading: its first part, and its first character or -1 before its first word.
        self.heading: int | None = None
        self.heading_start = -1

    def gap_of(self, gap: str) -> None:
        """Ask for a gap before the next word; the widest asked for counts."""
        order = ("", " ", "\t", "\n", "\n\n")
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
        """Words whose whitespace means no more than a space."""
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

    def text(self) -> str:
        return "".join(self.parts)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)


def _write(root: LexborNode, writer: Writer) -> None:
    preformatted = 0
    for node, opens in _walk(root):
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            writer.words(text) if preformatted else writer.flowing(text)
            continue
        preformatted += (1 if opens else -1) if tag == "pre" else 0
        if not opens and tag in HEADINGS:
            writer.heading_closes()
        writer.gap_of(_gap(tag, preformatted))
        if opens and tag in HEADINGS:
            writer.heading_opens()
        elif opens and tag == "li":
            writer.words("-")
            writer.gap_of(" ")


def _gap(tag: str, preformatted: int) -> str:
    if tag in PARAGRAPHS:
        return "\n\n"
    if tag in LINES:
        return "\n"
    return "\t" if tag in CELLS else ""


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield every node a reader sees, as it opens and as it closes; without recursion, as depth has no bound."""
    stack = [(root, True)]
    while stack:
        node, opens = stack.pop()
        if opens and (node.tag in UNSEEN or (node.is_element_node and "hidden" in node.attributes)):
            continue
        yield node, opens
        if opens and node.is_element_node:
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(list(node.iter(include_text=True))))
