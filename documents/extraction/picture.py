"""Reads picture files: scans, photographs of pages, pictures of screens. A TIFF may have many pages."""

from pathlib import Path

from documents.extraction.ocr import Recogniser, available
from documents.extraction.pictures import is_tiny, opened, page_count, pages_of
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractedPage, ExtractionError, Limits, Unread, check_pages
from langai_site.words import gettext_noop

NO_OCR = gettext_noop(
    "This file is a picture, and text recognition is not installed. Install tesseract on the server and retry, or "
    "upload a copy with text."
)
NOTHING_FOUND = gettext_noop("No text was recognised in this picture.")


def extract(path: Path, limits: Limits) -> Extracted:
    with opened(path) as picture:
        if not available(limits):
            raise ExtractionError(NO_OCR)
        count = page_count(picture)
        check_pages(count, limits)
        recogniser = Recogniser(limits, count)
        pages = enumerate(pages_of(picture, count), start=1)
        texts = ["" if is_tiny(page) else recogniser.text(page, number) for number, page in pages]
    found = [number for number, text in enumerate(texts, start=1) if text]
    if not found:
        raise ExtractionError(NOTHING_FOUND)
    note(Unread.RECOGNISED, pages=found if count > 1 else (), count=len(found))
    if empty := [number for number, text in enumerate(texts, start=1) if not text]:
        note(Unread.EMPTY_PAGES, pages=empty, count=len(empty))
    return Extracted("", tuple(map(ExtractedPage, texts)), numbered=count > 1)
