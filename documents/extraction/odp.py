"""Reads OpenDocument presentations: a page for each slide, with its notes."""

from pathlib import Path

from documents.extraction.odt import MANIFEST, OdtReader
from documents.extraction.package import child, local, opened
from documents.extraction.signatures import LOCKED
from documents.extraction.types import (
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    Limits,
    check_characters,
    check_pages,
)
from langai_site.words import gettext_noop

TOO_MANY_SLIDES = gettext_noop(
    "This file has %(count)s slides; at most %(most)s are read. Split it into several files."
)
NOT_ONE = gettext_noop(
    "This is not an OpenDocument presentation, though its name says so, or it is damaged. Save it again as .odp."
)


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as package:
        if MANIFEST in package and b"encryption-data" in package.read(MANIFEST):
            raise ExtractionError(LOCKED)
        content = package.tree("content.xml")
    slides = child(content, "body", "presentation")
    if slides is None:
        raise ExtractionError(NOT_ONE)
    pages, headings, characters = list[ExtractedPage](), list[Heading](), 0
    for slide in (part for part in slides if local(part) == "page"):
        reader = OdtReader(set(), limits)
        reader.write(slide)
        text = "".join(page.text for page in reader.draft.extracted().pages)
        characters += len(text)
        check_characters(characters, limits)
        check_pages(len(pages) + 1, limits, TOO_MANY_SLIDES)
        pages.append(ExtractedPage(text, f"slide {len(pages) + 1}"))
        headings.append(Heading(len(pages), 0, text.partition("\n")[0][:300]))
    return Extracted(headings[0].text if headings else "", tuple(pages), tuple(headings))
