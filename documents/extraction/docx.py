"""Reads Word documents: paragraphs, lists, tables, text boxes, pictures, notes, comments, headers and footers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from documents.extraction.docx_runs import OFF, UNREAD, RunReader
from documents.extraction.drawings import Drawings
from documents.extraction.grids import WIDEST_CELL, Cell, Grid
from documents.extraction.layout import PageDraft
from documents.extraction.package import Element, Package, attribute, child, local, opened, whole_number
from documents.extraction.types import Extracted, ExtractionError, Limits
from langai_site.words import gettext_noop

NO_TEXT_PART = gettext_noop(
    "This is not a Word document, though its name says so, or it is damaged. Save it again as .docx."
)

BODY_LEVEL = 10
MAX_ANCESTRY = 20


@dataclass(frozen=True)
class Style:
    """The effect of a paragraph's style: its outline level, from 0 for a title, and whether it is a list item."""

    level: int = BODY_LEVEL
    item: bool = False


@dataclass(frozen=True)
class OwnStyle:
    """A style's own settings, and the name of the style it is based on. `level` None: the style does not set it."""

    level: int | None
    item: bool
    based_on: str


@dataclass
class DocxReader:
    """A document being read: its styles, its text, and the paragraphs' reader, which knows the notes and comments."""

    styles: dict[str, Style]
    draft: PageDraft
    runs: RunReader


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as package:
        main = package.first_related("", "officeDocument")
        body = child(package.tree(main), "body") if main else None
        if body is None:
            raise ExtractionError(NO_TEXT_PART)
        styles = package.first_related(main, "styles")
        drawings = Drawings(package, limits)
        runs = RunReader(package, main, drawings)
        word = DocxReader(_styles(package.tree(styles)) if styles else {}, PageDraft(limits), runs)
        _write_margins(package, main, "header", word)
        _write(body, word)
        _write_notes(word)
        _write_margins(package, main, "footer", word)
    extracted = word.draft.extracted()
    drawings.pictures.refuse_unread(extracted)
    return extracted


def _write_margins(package: Package, main: str, kind: str, word: DocxReader) -> None:
    """Write the headers or the footers, each once, however many pages and sections have it."""
    names = dict.fromkeys(name for found, name in package.related(main).values() if found == kind and name in package)
    texts = (_margin(package.tree(name), replace(word, runs=word.runs.of(name))) for name in names)
    for text in dict.fromkeys(texts):
        if sum(map(str.isalpha, text)) > 1:
            word.draft.add(f"{kind.capitalize()}: {text}")


def _margin(part: Element, word: DocxReader) -> str:
    return "\n".join(filter(None, (" ".join(text.split()) for text in _cell(part, word))))


def _styles(listing: Element) -> dict[str, Style]:
    # Each is read once, however many styles are based on it: one may hold very many elements.
    own = {attribute(style, "styleId"): _own_style(style) for style in listing if local(style) == "style"}
    return {name: _style(list(_ancestry(name, own))) for name in own}


def _own_style(style: Element) -> OwnStyle:
    return OwnStyle(_style_level(style), child(style, "pPr", "numPr") is not None, _value(style, "basedOn"))


def _style(ancestry: list[OwnStyle]) -> Style:
    """Return the settings that apply: each from the nearest style in the ancestry that sets it."""
    levels = (style.level for style in ancestry)
    item = any(style.item for style in ancestry)
    return Style(next((level for level in levels if level is not None), BODY_LEVEL), item)


def _style_level(style: Element) -> int | None:
    if _value(style, "name").lower() == "title":
        return 0
    outline = _value(style, "pPr", "outlineLvl")
    return whole_number(outline, BODY_LEVEL) + 1 if outline else None


def _ancestry(name: str, styles: dict[str, OwnStyle]) -> Iterator[OwnStyle]:
    """Yield a style and those it is based on, nearest first. The chain is bounded, because it may be circular."""
    for _ in range(MAX_ANCESTRY):
        style = styles.get(name)
        if style is None:
            return
        yield style
        name = style.based_on


def _write(block: Element, word: DocxReader) -> None:
    previous_in_list = False
    for element in _blocks(block):
        if local(element) == "tbl":
            _write_table(element, word)
            previous_in_list = False
        else:
            previous_in_list = _write_paragraph(element, word, previous_in_list)


def _write_paragraph(paragraph: Element, word: DocxReader, after_list: bool) -> bool:
    """Write a paragraph and the text boxes in it; return whether it is a list item."""
    read = word.runs.read(paragraph)
    text = read.text
    style = _paragraph_style(paragraph, word.styles)
    if style.level < BODY_LEVEL:
        word.draft.heading(text, style.level)
    elif style.item and text.strip():
        word.draft.add(f"- {text.strip()}", "\n" if after_list else "\n\n")
    else:
        word.draft.add(text)
    for box in read.boxes:
        _write(box, word)
    for aside in read.asides:
        word.draft.add(aside)
    _write_comments(read.comments, word)
    return style.item and style.level == BODY_LEVEL


def _write_comments(references: list[str], word: DocxReader) -> None:
    for author, comment in word.runs.comments(references):
        word.draft.add(f"Comment by {author}: " + " ".join(_cell(comment, word)).strip())


def _paragraph_style(paragraph: Element, styles: dict[str, Style]) -> Style:
    """Return its style; settings of the paragraph itself come first."""
    style = styles.get(_value(paragraph, "pPr", "pStyle"), Style())
    outline = _value(paragraph, "pPr", "outlineLvl")
    level = whole_number(outline, BODY_LEVEL) + 1 if outline else style.level
    return Style(level, style.item or child(paragraph, "pPr", "numPr") is not None)


def _blocks(parent: Element) -> Iterator[Element]:
    """Yield paragraphs and tables, also from content controls and insertions around them."""
    for element in parent:
        name = local(element)
        if name in ("p", "tbl"):
            yield element
        elif name not in UNREAD:
            yield from _blocks(element)


def _write_table(table: Element, word: DocxReader) -> None:
    rows = [list(_inner(line, "tc")) for line in _inner(table, "tr")]
    if all(len(cells) < 2 for cells in rows) and any(_is_layout(cell) for cells in rows for cell in cells):
        for cells in rows:
            for cell in cells:
                _write(cell, word)
        return
    laid_out = _grid(table, word).table()
    word.draft.table(laid_out.lines, laid_out.header, laid_out.names)


def _is_layout(cell: Element) -> bool:
    """Return whether a cell only arranges what is in it, such as another table."""
    return any(local(block) == "tbl" for block in _blocks(cell))


def _grid(table: Element, word: DocxReader) -> Grid:
    grid = Grid()
    for line in _inner(table, "tr"):
        before = min(whole_number(_value(line, "trPr", "gridBefore"), 0), WIDEST_CELL)
        cells = [Cell("", before)] if before else []
        cells += [_table_cell(cell, word) for cell in _inner(line, "tc")]
        header = child(line, "trPr", "tblHeader")
        grid.add(cells, header=header is not None and attribute(header, "val") not in OFF)
    return grid


def _table_cell(cell: Element, word: DocxReader) -> Cell:
    merged = child(cell, "tcPr", "vMerge")
    continues = merged is not None and attribute(merged, "val") != "restart"
    return Cell(" ".join(_cell(cell, word)), whole_number(_value(cell, "tcPr", "gridSpan"), 1), continues=continues)


def _inner(parent: Element, wanted: str) -> Iterator[Element]:
    """Yield a table's rows or a row's cells, also from content controls around them."""
    for element in parent:
        if local(element) == wanted:
            yield element
        elif local(element) not in UNREAD:
            yield from _inner(element, wanted)


def _cell(cell: Element, word: DocxReader) -> Iterator[str]:
    for element in _blocks(cell):
        if local(element) == "tbl":
            yield from _grid(element, word).flat()
            continue
        read = word.runs.read(element)
        yield " ".join([read.text, *read.asides]) if read.asides else read.text
        for box in read.boxes:
            yield from _cell(box, word)
        for author, comment in word.runs.comments(read.comments):
            yield f"(Comment by {author}: {' '.join(_cell(comment, word)).strip()})"


def _write_notes(word: DocxReader) -> None:
    # A note may refer to notes; those references stay numbers only.
    for number, note in enumerate(word.runs.notes(), start=1):
        text = " ".join(_cell(note, word)).strip() if note is not None else ""
        word.draft.add(f"[{number}] {text}" if text else "")


def _value(element: Element, *path: str) -> str:
    """Return the `val` of the element at `path`."""
    found = child(element, *path)
    return attribute(found, "val") if found is not None else ""
