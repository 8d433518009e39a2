"""Reads the words of a Word document's paragraphs, with inserted but without deleted text, and what is in them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from documents.extraction.drawings import Drawings, alternative_text
from documents.extraction.formulas import power_mark, written
from documents.extraction.package import Element, Package, attribute, child, local

# Deleted text, older copies of text boxes, and formats that say nothing about the words.
UNREAD = {
    *("del", "moveFrom", "Fallback", "delText", "rPr", "pPr", "sectPr", "tblPr", "tblGrid", "trPr"),
    *("tcPr", "sdtPr", "sdtEndPr"),
}
# How the parts of a formula are set.
UNREAD_IN_FORMULAS = {
    *("fPr", "sSupPr", "sSubPr", "sSubSupPr", "radPr", "naryPr", "limUppPr", "limLowPr", "ctrlPr", "argPr", "funcPr"),
    *("mPr", "eqArrPr", "barPr", "accPr", "boxPr", "groupChrPr", "borderBoxPr", "sPrePr", "phantPr"),
}
BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}
OFF = {"0", "false", "off"}
# The code of a field that is a link: `HYPERLINK "https://example.org"`.
LINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"')
SHOWN_TARGETS = ("http://", "https://", "mailto:", "ftp://")


@dataclass
class ParagraphText:
    """A paragraph's words, the text boxes anchored in it, and what is read after it: pictures, charts, comments."""

    parts: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    # The codes of open fields, such as links, the outermost first.
    codes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def link(self, start: int, target: str) -> None:
        """Add where a link leads, unless its words say that already; they begin with the part `start`."""
        words = "".join(self.parts[start:])
        plain = target.removeprefix("mailto:").partition("?")[0] if target.startswith("mailto:") else target
        if target.startswith(SHOWN_TARGETS) and plain.rstrip("/") not in words:
            self.parts.append(f" ({plain})")


class RunReader:
    """Reads paragraphs of one part of a document, such as its body or a header."""

    def __init__(self, package: Package, part: str, drawings: Drawings) -> None:
        self._package, self._part, self._drawings = package, part, drawings
        self._references: list[tuple[str, str]] = []
        self._listed: dict[tuple[str, str], Element] | None = None

    def of(self, part: str) -> "RunReader":
        """Return a reader for another part of the same document."""
        return RunReader(self._package, part, self._drawings)

    def read(self, paragraph: Element) -> ParagraphText:
        read = ParagraphText()
        self._gather(paragraph, read)
        return read

    def notes(self) -> list[Element | None]:
        """Return the notes to which the paragraphs have referred so far, by their numbers."""
        return [self._elements().get(reference) for reference in self._references]

    def comments(self, references: Iterable[str]) -> Iterator[tuple[str, Element]]:
        """Yield (author, comment) for each reference."""
        for reference in references:
            comment = self._elements().get(("comments", reference))
            if comment is not None:
                yield attribute(comment, "author") or "somebody", comment

    def _elements(self) -> dict[tuple[str, str], Element]:
        """Return notes and comments by their kind and id."""
        if self._listed is None:
            kinds = {kind: self._package.first_related(self._part, kind) for kind in (*NOTES.values(), "comments")}
            self._listed = {
                (kind, attribute(note, "id")): note
                for kind, name in kinds.items()
                if name
                for note in self._package.tree(name)
            }
        return self._listed

    def _gather(self, parent: Element, read: ParagraphText) -> None:
        for element in parent:
            name = local(element)
            if name == "t":
                read.parts.append(element.text or "")
            elif name in BREAKS:
                read.parts.append(BREAKS[name])
            elif name == "oMath":
                read.parts.append(_formula(element))
            elif name in NOTES:
                self._references.append((NOTES[name], attribute(element, "id")))
                read.parts.append(f"[{len(self._references)}]")
            elif name == "commentReference":
                read.comments.append(attribute(element, "id"))
            elif name in ("hyperlink", "fldSimple"):
                self._gather_link(element, read)
            elif name in ("fldChar", "instrText"):
                _follow_field(element, read)
            elif name == "txbxContent":
                read.boxes.append(element)
            elif name in ("drawing", "pict", "object"):
                self._gather_drawing(element, read)
            elif name not in UNREAD and not (name == "r" and _hidden(element)):
                read.parts.append(_power_mark(element, read) if name == "r" else "")
                self._gather(element, read)

    def _gather_link(self, element: Element, read: ParagraphText) -> None:
        start = len(read.parts)
        self._gather(element, read)
        code = LINK.match(attribute(element, "instr"))
        target = self._package.external(self._part).get(attribute(element, "id"), "")
        read.link(start, code[1] if code else target)

    def _gather_drawing(self, parent: Element, read: ParagraphText) -> None:
        """Read the words of a drawing: its text boxes, what somebody wrote that it shows, and its pictures."""
        for element in parent:
            name, lines = local(element), list[str]()
            if name == "txbxContent":
                read.boxes.append(element)
            elif name == "docPr" and (words := alternative_text(element)):
                read.asides.append(f"Picture: {words}")
            elif name == "chart":
                lines = list(self._drawings.lines(self._part, attribute(element, "id"), self._drawings.chart))
            elif name == "relIds":
                lines = list(self._drawings.lines(self._part, attribute(element, "dm"), self._drawings.diagram))
            elif name in ("blip", "imagedata"):
                reference = attribute(element, "embed") or attribute(element, "id")
                lines = [self._drawings.picture(self._part, reference)]
            elif name not in UNREAD:
                self._gather_drawing(element, read)
            read.asides += ["\n".join(filter(None, lines))] if any(lines) else []


def _follow_field(element: Element, read: ParagraphText) -> None:
    """Follow a field from its code to its end; if it is a link, add where it leads.

    A field that goes on in another paragraph ends with this one.
    """
    kind = attribute(element, "fldCharType")
    if kind == "begin":
        read.codes.append("")
    elif local(element) == "instrText" and read.codes:
        read.codes[-1] += element.text or ""
    elif kind == "end" and read.codes and (code := LINK.match(read.codes.pop())):
        read.link(0, code[1])


def _power_mark(run: Element, read: ParagraphText) -> str:
    raised = child(run, "rPr", "vertAlign")
    if raised is None or attribute(raised, "val") != "superscript":
        return ""
    before = next((part for part in reversed(read.parts) if part), "")
    return power_mark(before, "".join(element.text or "" for element in run if local(element) == "t"))


def _formula(element: Element) -> str:
    """Return a formula as people type it; those of an office package are never nested too deeply for this."""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name == "func":
        return " ".join(_formula(part) for part in element if local(part) in ("fName", "e"))
    if name == "d":
        return f"({', '.join(_formula(part) for part in element if local(part) == 'e')})"
    parts = [(local(part), _formula(part)) for part in element if local(part) not in UNREAD | UNREAD_IN_FORMULAS]
    if name == "nary":
        sign = child(element, "naryPr", "chr")
        below, above, inner = (dict(parts).get(part, "") for part in ("sub", "sup", "e"))
        summed = written("sSubSup", [(sign is not None and attribute(sign, "val")) or "∫", below, above])
        return f"{summed} {inner}"
    if name == "rad":
        degree, inner = dict(parts).get("deg", ""), dict(parts).get("e", "")
        return written("mroot", [inner, degree])
    return written(name, [text for _, text in parts])


def _hidden(run: Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and attribute(vanish, "val") not in OFF
