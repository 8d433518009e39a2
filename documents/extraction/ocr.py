"""Recognises text in pictures of pages with tesseract, if it is installed."""

import shutil
import subprocess
import time
from dataclasses import dataclass

from documents.extraction.types import ExtractionError, LimitReachedError, Limits

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


class Recogniser:
    """Recognises `pages` pages, one after another, as long as the extraction may take."""

    def __init__(self, limits: Limits, pages: int) -> None:
        self._limits = limits
        self._pages = pages
        self._done = 0
        self._deadline = (limits.ends_at or time.monotonic() + limits.seconds) - EARLIER

    def text(self, picture: Picture, page: int) -> str:
        """Return the words in `picture`. Raises ExtractionError, naming the page, if that fails."""
        image = b"P5 %d %d 255\n" % (picture.width, picture.height) + picture.pixels
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
