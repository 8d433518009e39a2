"""Reads the pictures in a file by text recognition, as far as there is time for them beside the rest."""

import time
from collections.abc import Sequence
from dataclasses import replace

from documents.extraction.ocr import available, picture_text
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, LimitReachedError, Limits, Unread
from langai_site.words import gettext_noop

MAX_PICTURES = 500
# Smaller ones are lines, dots and signs.
LEAST_BYTES = 700
# The part of a file's time that is left for its text.
KEPT_FOR_TEXT = 0.3


ONLY_PICTURES = gettext_noop(
    "There is no text in this file, only pictures, and text recognition is not installed on this server. Ask an "
    "admin to install tesseract."
)


class Pictures:
    """The pictures of one file. When their time is up, the others are noted as not read, so that the text is kept."""

    def __init__(self, limits: Limits) -> None:
        self._deadline = (limits.ends_at or time.monotonic() + limits.seconds) - limits.seconds * KEPT_FOR_TEXT
        self._limits = replace(limits, ends_at=self._deadline)
        self._done = 0

    def refuse_unread(self, extracted: Extracted) -> None:
        """Raise ExtractionError if a file has no text and its pictures could not be read."""
        if self._done and not available(self._limits) and not any(page.text.strip() for page in extracted.pages):
            raise ExtractionError(ONLY_PICTURES)

    def text(self, data: bytes, *, pages: Sequence[int] = ()) -> str:
        """Return the words in a picture; "" if it has none or could not be read, which a note says.

        Raises LimitReachedError if the file can be read again with more time.
        """
        if len(data) < LEAST_BYTES:
            return ""
        self._done += 1
        if self._done > MAX_PICTURES or (time.monotonic() > self._deadline and not self._limits.is_first_try):
            note(Unread.UNRECOGNISED, pages=pages)
            return ""
        try:
            return picture_text(data, self._limits, pages=pages)
        except LimitReachedError:
            if self._limits.is_first_try:
                raise
            note(Unread.UNRECOGNISED, pages=pages)
            return ""
