"""PDF, page by page, by its text layer."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2

from documents.extraction.text import clean
from documents.extraction.types import Extracted, ExtractionError, Limits, check_characters, check_pages

DAMAGED = "This PDF is damaged: it cannot be opened. Save or download it again."
CUT = "This PDF is not complete: its end is missing. Save or download it again."
LOCKED = "This PDF is protected by a password. Save a copy without one and upload that."
NO_TEXT = "This PDF has no text layer: it seems to be scanned, and text recognition is not available yet."

# PDFium's mark for a hyphen that only breaks a word at the end of a line.
LINE_HYPHEN = re.compile("[\x02\ufffe]\\s*")


def extract(path: Path, limits: Limits) -> Extracted:
    """A PDF's own title is not used: it is mostly a template's, or an old file name."""
    _check_ends(path)
    with closing(_opened(path)) as document:
        check_pages(len(document), limits)
        pages = tuple(_pages(document, limits))
    if not pages:
        raise ExtractionError(DAMAGED)
    if not any(page.strip() for page in pages):
        raise ExtractionError(NO_TEXT)
    return Extracted("", pages)


def _check_ends(path: Path) -> None:
    """PDFium mends a cut file by leaving pages out; better to refuse it than to lose them unseen."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise ExtractionError("This is not a PDF, though its name says so. Give it its right ending.")
        size = file.seek(0, 2)
        file.seek(max(0, size - 4096))
        if b"%%EOF" not in file.read():
            raise ExtractionError(CUT)


def _opened(path: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(LOCKED if "password" in str(error).lower() else DAMAGED) from error


def _pages(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[str]:
    characters = 0
    for number in range(len(document)):
        text = _text(document, number)
        characters += len(text)
        check_characters(characters, limits)
        yield text


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        with closing(document[number]) as page, closing(page.get_textpage()) as text:
            return clean(LINE_HYPHEN.sub("", text.get_text_bounded()))
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(f"Page {number + 1} of this PDF is damaged. Save or download it again.") from error
