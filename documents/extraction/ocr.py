"""Recognises text in pictures with tesseract, if it is installed."""

import io
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from documents.extraction.encodings import clean
from documents.extraction.reading import may_turn, note, picture_time
from documents.extraction.types import ExtractionError, LimitReachedError, Limits, Unread
from documents.sentences import SentenceTemplate, said
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from PIL.Image import Image

PROGRAM = "tesseract"
DPI = 300
# The sandbox ends the process to the second; this many seconds earlier, report that recognition takes too long.
EARLIER = 0.75
# Modes of tesseract: find columns and lines, with or without turning the page upright first.
TURNED_UPRIGHT, AS_IT_IS = "1", "3"
# Words of less confidence, in per cent, are doubtful; most words of a page that was read upright have 90.
SURE, DOUBTFUL = 60, 25
# Pictures inside a document may take this share of the time for the whole.
SHARE_OF_PICTURES = 0.6
TOO_SLOW = gettext_noop(
    "Recognising scanned pages took longer than the %(seconds)s seconds that reading a file may take: %(done)s of "
    "%(pages)s were done. Split the file, or raise EXTRACTION_SECONDS."
)
UNKNOWN_LANGUAGE = gettext_noop(
    "Page %(page)s is scanned, and tesseract does not know “%(languages)s”: install these languages for it, or change "
    "OCR_LANGUAGES."
)
UNRECOGNISABLE = gettext_noop(
    "The text of page %(page)s, which is scanned, could not be recognised. Its picture may be damaged, or need more "
    "than the %(megabytes)s MB of EXTRACTION_MEMORY_MB."
)


@dataclass(frozen=True)
class FoundWord:
    """A recognised word, its line (block, paragraph, line) and tesseract's confidence in per cent."""

    line: tuple[str, str, str]
    text: str
    confidence: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE and sum(map(str.isalnum, self.text)) >= 2


def available(limits: Limits) -> bool:
    return bool(limits.ocr_languages and shutil.which(PROGRAM))


def picture_text(data: bytes, limits: Limits, *, pages: Sequence[int] = ()) -> str:
    """Return the words in a picture file inside a document; "" if it has none.

    A note says what was not read, because tesseract is not installed, the picture is damaged or too large, or pictures
    have taken their share of the time; `pages` are the numbers of the page or slide on which it is. Raises
    LimitReachedError if more time would be given, later.
    """
    from documents.extraction.pictures import is_tiny, opened, pages_of

    try:
        with opened(data) as picture:
            if is_tiny(picture):
                return ""
            if not available(limits):
                note(Unread.PICTURES, pages=pages)
                return ""
            return "\n".join(filter(None, (text_in(page, limits, pages) for page in pages_of(picture, 1))))
    except LimitReachedError:
        raise
    except ExtractionError:
        note(Unread.UNRECOGNISED, pages=pages)
        return ""


def text_in(picture: "Image", limits: Limits, pages: Sequence[int]) -> str:
    """Return the words in an opened picture of a document, if pictures have time left; otherwise leave a note."""
    with picture_time() as spent:
        if spent > limits.seconds * SHARE_OF_PICTURES:
            if limits.is_first_try:
                raise LimitReachedError(gettext_noop("Its pictures take longer to read."))
            note(Unread.UNRECOGNISED, pages=pages)
            return ""
        return Recogniser(limits, 1).text(picture, pages[0] if pages else 1, sure_lines_only=True)


class Recogniser:
    """Recognises `pages` pages, one after another, as long as the extraction may take."""

    def __init__(self, limits: Limits, pages: int) -> None:
        self._limits = limits
        self._pages = pages
        self._done = 0
        self._deadline = (limits.ends_at or time.monotonic() + limits.seconds) - EARLIER

    def text(self, picture: "Image", page: int, *, sure_lines_only: bool = False) -> str:
        """Return the words in a grey picture, whichever way up it is.

        `sure_lines_only` leaves out lines without one word that is sure: photographs have such. Raises ExtractionError,
        naming the page, if recognition fails.
        """
        words = self._words(picture, page, TURNED_UPRIGHT)
        if _is_doubtful(words) and may_turn():
            words = max([words, *self._other_ways(picture, page)], key=_worth)
        self._done += 1
        return clean(_laid_out(words, sure_lines_only))

    def _other_ways(self, picture: "Image", page: int) -> Iterator[list[FoundWord]]:
        """Yield the words of the picture turned around, until they make sense."""
        for angle in (180, 90, 270):
            words = self._words(picture.rotate(angle, expand=True), page, AS_IT_IS)
            yield words
            if words and not _is_doubtful(words):
                return

    def _words(self, picture: "Image", page: int, mode: str) -> list[FoundWord]:
        image = io.BytesIO()
        picture.save(image, "PPM")
        try:
            done = subprocess.run(  # noqa: S603 - arguments are ours; the languages are checked as a setting
                [PROGRAM, "stdin", "stdout", "-l", self._limits.ocr_languages, "--dpi", str(DPI), "--psm", mode, "tsv"],
                input=image.getvalue(),
                capture_output=True,
                timeout=max(self._deadline - time.monotonic(), 0.01),
            )
        except subprocess.TimeoutExpired as error:
            raise LimitReachedError(self._too_slow()) from error
        if done.returncode:
            raise ExtractionError(self._failed(page, done.stderr))
        return list(_found(done.stdout.decode(errors="replace").splitlines()))

    def _too_slow(self) -> SentenceTemplate:
        return said(TOO_SLOW, seconds=str(self._limits.seconds), done=self._done, pages=self._pages)

    def _failed(self, page: int, complaint: bytes) -> SentenceTemplate:
        if b"traineddata" in complaint:
            return said(UNKNOWN_LANGUAGE, page=str(page), languages=self._limits.ocr_languages)
        return said(UNRECOGNISABLE, page=str(page), megabytes=str(self._limits.memory_mb))


def _found(rows: Iterable[str]) -> Iterator[FoundWord]:
    """Yield the words of tesseract's table: level, page, block, paragraph, line, word, box, confidence, text."""
    for row in rows:
        values = row.split("\t", 11)
        if len(values) == 12 and values[0] == "5" and values[11].strip():
            yield FoundWord((values[2], values[3], values[4]), values[11].strip(), float(values[10]))


def _is_doubtful(words: Sequence[FoundWord]) -> bool:
    """Return whether what was found is rather the rubbish of a page that lies on its side."""
    letters = [(sum(map(str.isalnum, word.text)), word.confidence) for word in words]
    count = sum(number for number, _ in letters)
    return count > 0 and sum(number * confidence for number, confidence in letters) < SURE * count


def _worth(words: Sequence[FoundWord]) -> float:
    return sum(len(word.text) * word.confidence for word in words if word.is_sure)


def _laid_out(words: Sequence[FoundWord], sure_lines_only: bool) -> str:
    """Return lines of words, with an empty line between paragraphs."""
    if not any(word.is_sure for word in words):
        return ""
    paragraphs = []
    for _, paragraph in groupby(words, key=lambda word: word.line[:2]):
        lines = [list(line) for _, line in groupby(paragraph, key=lambda word: word.line)]
        kept = [line for line in lines if not sure_lines_only or any(word.is_sure for word in line)]
        texts = [" ".join(word.text for word in line if word.confidence >= DOUBTFUL) for line in kept]
        if any(texts):
            paragraphs.append("\n".join(filter(None, texts)))
    return "\n\n".join(paragraphs)
