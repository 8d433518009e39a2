"""Reads presentations: a page for each slide, with its tables, charts, diagrams, pictures, comments and the
speaker's notes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from documents.extraction.drawings import COPIES, Drawings, alternative_text, paragraphs
from documents.extraction.grids import Cell, Grid, TableLines
from documents.extraction.layout import PageDraft
from documents.extraction.package import Element, Package, attribute, below, child, local, opened, whole_number
from documents.extraction.types import (
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    LimitReachedError,
    Limits,
    check_characters,
    check_pages,
)
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop("This is not a presentation, though its name says so, or it is damaged. Save it again as .pptx.")
TOO_MANY_SLIDES = gettext_noop(
    "This file has %(count)s slides; at most %(most)s are read. Split it into several files."
)
NOTES = "Speaker notes:"

TITLES = {"title", "ctrTitle"}
# Elements that repeat on every slide, and the slide's picture on its page of notes.
FURNITURE = {"sldNum", "dt", "ftr", "hdr", "sldImg"}


def extract(path: Path, limits: Limits) -> Extracted:
    pages, headings, characters = list[ExtractedPage](), list[Heading](), 0
    with opened(path) as package:
        slides = _slides(package)
        check_pages(len(slides), limits, TOO_MANY_SLIDES)
        shown = Drawings(package, limits)
        for number, name in enumerate(slides, start=1):
            slide = _numbered(shown, number, name, limits)
            text = "".join(page.text for page in slide.pages)
            characters += len(text)
            check_characters(characters, limits)
            pages.append(ExtractedPage(text, f"slide {number}"))
            titled = slide.headings and not slide.headings[0].start
            headings += [] if titled else [Heading(number, 0, "")]
            headings += [replace(heading, page=number) for heading in slide.headings if heading.page == 1]
    extracted = Extracted(headings[0].text if headings else "", tuple(pages), tuple(headings))
    shown.pictures.refuse_unread(extracted)
    return extracted


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


def _numbered(shown: Drawings, number: int, name: str, limits: Limits) -> Extracted:
    try:
        return _slide(shown, number, name, limits)
    except LimitReachedError:
        raise
    except ExtractionError as error:
        raise ExtractionError(
            gettext_noop("Slide %(number)s: %(reason)s"), number=str(number), reason=error.sentence
        ) from error


def _slide(shown: Drawings, number: int, name: str, limits: Limits) -> Extracted:
    """Return a slide's text, which begins with its title."""
    title, blocks = "", list[TableLines]()
    for shape in _shapes(shown.package.tree(name)):
        role, block = _role(shape), _block(shape, shown, number, name)
        if role in TITLES and not title:
            title = " ".join("\n".join(block.lines).split())
        elif role not in FURNITURE:
            blocks.append(block)
    notes, comments = _notes(shown.package, name), list(_comments(shown.package, name))
    draft = PageDraft(limits)
    draft.heading(title)
    for block in blocks:
        draft.table(block.lines, block.header, block.names)
    draft.add(f"{NOTES}\n{notes}" if notes else "")
    draft.add("\n".join(comments))
    return draft.extracted()


def _comments(package: Package, slide: str) -> Iterator[str]:
    """Yield the comments on a slide, in the older format and in the one with answers."""
    for kind, name in package.related(slide).values():
        for element in below(package.tree(name), whole=("txBody",)) if kind == "comments" and name in package else ():
            if local(element) == "text" and (element.text or "").strip():
                yield f"Comment: {' '.join((element.text or '').split())}"
            elif local(element) == "txBody" and (text := " ".join(paragraphs(element))):
                yield f"Comment: {text}"


def _notes(package: Package, slide: str) -> str:
    name = package.first_related(slide, "notesSlide")
    shapes = _shapes(package.tree(name)) if name else ()
    texts = ("\n".join(paragraphs(shape)) for shape in shapes if _role(shape) == "body")
    return "\n".join(text for text in texts if text.strip())


def _shapes(parent: Element) -> Iterator[Element]:
    """Yield the shapes that may hold words, also from groups, from the back to the front."""
    for element in parent:
        if local(element) in ("sp", "graphicFrame", "pic"):
            yield element
        elif local(element) not in COPIES:
            yield from _shapes(element)


def _role(shape: Element) -> str:
    """Return a shape's role on its slide: a title, the slide's number, …; "" for any other."""
    place = child(shape, "nvSpPr", "nvPr", "ph")
    return attribute(place, "type") if place is not None else ""


def _block(shape: Element, shown: Drawings, number: int, slide: str) -> TableLines:
    """Return the words of a shape, a table, a chart or a picture."""
    data = child(shape, "graphic", "graphicData")
    table = child(data, "tbl") if data is not None else None
    if table is not None:
        return _table(table)
    lines = [f"Picture: {words}"] if (words := _alternative(shape)) else []
    for element in data if data is not None else ():
        if local(element) == "chart":
            lines += shown.lines(slide, attribute(element, "id"), shown.chart)
        elif local(element) == "relIds":
            lines += shown.lines(slide, attribute(element, "dm"), shown.diagram)
    if local(shape) == "pic":
        blip = child(shape, "blipFill", "blip")
        lines.append(shown.picture(slide, attribute(blip, "embed"), [number]) if blip is not None else "")
    elif data is None:
        lines += paragraphs(shape)
    return TableLines(list(filter(None, lines)))


def _alternative(shape: Element) -> str:
    """Return what somebody wrote that a shape shows."""
    properties = next((part for part in shape if local(part).startswith("nv")), None)
    named = child(properties, "cNvPr") if properties is not None else None
    return alternative_text(named) if named is not None else ""


def _table(table: Element) -> TableLines:
    grid = Grid()
    for line in table:
        if local(line) == "tr":
            grid.add([_cell(cell) for cell in line if local(cell) == "tc" and not attribute(cell, "hMerge")])
    return grid.table()


def _cell(cell: Element) -> Cell:
    covers = (whole_number(attribute(cell, "gridSpan"), 1), 1)
    return Cell(" ".join(paragraphs(cell)), *covers, continues=bool(attribute(cell, "vMerge")))
