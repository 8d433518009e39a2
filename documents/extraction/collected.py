"""Joins the pages of several parts, such as a mail and the files in it, to one document within the limits."""

from dataclasses import replace

from documents.extraction.encodings import clean
from documents.extraction.layout import LABEL_CHARACTERS, TITLE_CHARACTERS
from documents.extraction.reading import note
from documents.extraction.types import (
    MAX_HEADINGS,
    Extracted,
    ExtractedPage,
    ExtractionError,
    Heading,
    Limits,
    check_amount,
)
from langai_site.words import gettext_noop

TOO_MUCH_IN_ALL = gettext_noop("it would be more text than one document may have")
TOO_MANY_PAGES = gettext_noop(
    "With everything in it, this file has more than %(most)s pages. Split it into several files."
)


class CollectedParts:
    """The pages of the parts that were read so far."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._characters = 0
        self.pages: list[ExtractedPage] = []
        self.headings: list[Heading] = []

    def rest(self) -> Limits:
        """Return the limits for one more part: as many pages and characters as are left."""
        return replace(
            self._limits,
            max_pages=max(0, self._limits.max_pages - len(self.pages)),
            max_chars=max(0, self._limits.max_chars - self._characters),
        )

    def add(self, part: Extracted, place: str = "", heading: str = "") -> None:
        """Add the pages of a part.

        `place` says where the part is and comes before the place within it; `heading` applies up to its first own
        heading. Raises ExtractionError if there are more pages or characters than the limits allow.
        """
        if len(self.pages) + len(part.pages) > self._limits.max_pages:
            raise ExtractionError(TOO_MANY_PAGES, most=self._limits.max_pages)
        check_amount(part, self.rest())
        before, numbered = len(self.pages), part.numbered and len(part.pages) > 1
        self._add_headings(part, before, heading)
        for number, page in enumerate(part.pages, start=1):
            inner = page.label or (f"page {number}" if numbered else "")
            label = ", ".join(filter(None, (place, inner)))
            self.pages.append(replace(page, label=clean(label)[:LABEL_CHARACTERS]))
            self._characters += len(page.text)
        for one in part.notes:
            note(one.code, one.value, pages=[page + before for page in one.pages], count=one.count)

    def _add_headings(self, part: Extracted, before: int, heading: str) -> None:
        if len(self.headings) + len(part.headings) >= MAX_HEADINGS:
            raise ExtractionError(TOO_MUCH_IN_ALL)
        # Also an empty one: it ends the last heading of the part before.
        self.headings.append(Heading(before + 1, 0, clean(heading)[:TITLE_CHARACTERS]))
        self.headings.extend(replace(inner, page=inner.page + before) for inner in part.headings)
