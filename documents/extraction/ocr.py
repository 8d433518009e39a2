"""Recognises text in pictures with tesseract, if it is installed."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from documents.extraction.encodings import clean
from documents.extraction.reading import note
from documents.extraction.types import ExtractionError, LimitReachedError, Limits, Unread

PROGRAM = "tesseract"
DPI = 300
# The sandbox ends the process to the second; this many seconds earlier, report that recognition takes too long.
EARLIER = 0.75


@dataclass(frozen=True)
class Picture:
    """Rows of grey pixels, a byte each."""

    width: int
    height: int
    pixels: bytes


def available(limits: Limits) -> bool:
    return bool(limits.ocr_languages and shutil.which(PROGRAM))


def picture_text(data: bytes, limits: Limits, *, pages: Sequence[int] = ()) -> str:
    """Return the words in a picture of any common format; "" if it has none.

    If it cannot be read, because tesseract is not installed or the picture is damaged, a note says so, with `pages`,
    the numbers of the page or slide on which it is. Raises LimitReachedError when the time for the file is up.
    """
    if not available(limits):
        note(Unread.PICTURES, pages=pages)
        return ""
    try:
        return clean(Recogniser(limits, 1).recognise(data)).strip()
    except LimitReachedError:
        raise
    except ExtractionError:
        note(Unread.UNRECOGNISED, pages=pages)
        return ""


class Recogniser:
    """Recognises `pages` pages, one after another, as long as the extraction may take."""

    def __init__(self, limits: Limits, pages: int) -> None:
        self._limits = limits
        self._pages = pages
        self._done = 0
        self._deadline = (limits.ends_at or time.monotonic() + limits.seconds) - EARLIER

    def text(self, picture: Picture, page: int) -> str:
        """Return the words in `picture`. Raises ExtractionError, naming the page, if that fails."""
        return self.recognise(b"P5 %d %d 255\n" % (picture.width, picture.height) + picture.pixels, page)

    def recognise(self, image: bytes, page: int = 1) -> str:
        """Return the words in the bytes of a picture file. Raises ExtractionError, naming the page, if that fails."""
        try:
            done = subprocess.run(  # noqa: S603 - arguments are ours; the languages are checked as a setting
                [PROGRAM, "stdin", "stdout", "-l", self._limits.ocr_languages, "--dpi", str(DPI)],
                input=image,
                capture_output=True,
                timeout=max(self._deadline - time.monotonic(), 0.01),
            )
        except subprocess.TimeoutExpired as error:
            raise LimitReachedError(self._too_slow()) from error
        if done.returncode:
            raise ExtractionError(self._failed(page, done.stderr))
        self._done += 1
        return done.stdout.decode(errors="replace")

    def _too_slow(self) -> str:
        return (
            f"Recognising scanned pages took longer than the {self._limits.seconds} seconds that reading a file may "
            f"take: {self._done:,} of {self._pages:,} were done. Split the file, or raise EXTRACTION_SECONDS."
        )

    def _failed(self, page: int, complaint: bytes) -> str:
        if b"traineddata" in complaint:
            return (
                f"Page {page} is scanned, and tesseract does not know “{self._limits.ocr_languages}”: "
                "install these languages for it, or change OCR_LANGUAGES."
            )
        return (
            f"The text of page {page}, which is scanned, could not be recognised. Its picture may be damaged, or "
            f"need more than the {self._limits.memory_mb} MB of EXTRACTION_MEMORY_MB."
        )
