"""Reads electronic books: chapter by chapter, in their order."""

import posixpath
from pathlib import Path
from urllib.parse import unquote

from documents.extraction import html
from documents.extraction.collected import CollectedParts
from documents.extraction.encodings import clean, decode
from documents.extraction.layout import paged
from documents.extraction.package import Package, attribute, below, local, opened
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread
from documents.sentences import said
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not an electronic book, though its name says so, or it is damaged. Save it again as .epub."
)
LOCKED = gettext_noop("This book is protected against copying. Upload a copy without protection.")
CHAPTER = gettext_noop("the chapter “%(name)s”: %(reason)s")
CONTAINER, RIGHTS = "META-INF/container.xml", "META-INF/rights.xml"
CHAPTER_CHARACTERS = 100


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as package:
        if RIGHTS in package:
            raise ExtractionError(LOCKED)
        title, chapters = _chapters(package)
        parts = CollectedParts(limits)
        for name in chapters:
            try:
                page = html.read(clean(decode(package.read(name))))
            except ExtractionError as error:
                note(Unread.PART, said(CHAPTER, name=posixpath.basename(name), reason=error.sentence))
                continue
            if page.text.strip():
                shown = (page.headings[0][1] if page.headings else page.title)[:CHAPTER_CHARACTERS]
                parts.add(paged(page.text, page.headings), shown, shown)
    return Extracted(title[:300], tuple(parts.pages), tuple(parts.headings))


def _chapters(package: Package) -> tuple[str, list[str]]:
    """Return the book's title, and the names of its chapters in their order."""
    if CONTAINER not in package:
        raise ExtractionError(NOT_ONE)
    roots = (attribute(part, "full-path") for part in below(package.tree(CONTAINER)) if local(part) == "rootfile")
    root = next((name for name in roots if name in package), "")
    if not root:
        raise ExtractionError(NOT_ONE)
    items: dict[str, str] = {}
    order: list[str] = []
    title = ""
    for part in below(package.tree(root)):
        if local(part) == "item":
            target = posixpath.join(posixpath.dirname(root), unquote(attribute(part, "href")))
            items[attribute(part, "id")] = posixpath.normpath(target)
        elif local(part) == "itemref":
            order.append(attribute(part, "idref"))
        elif local(part) == "title" and not title:
            title = " ".join((part.text or "").split())
    names = dict.fromkeys(items[reference] for reference in order if reference in items)
    return title, [name for name in names if name in package]
