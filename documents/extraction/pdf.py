"""Reads PDF page by page: its text layer, and by OCR pages that are only pictures."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pypdfium2
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from documents.extraction.encodings import clean
from documents.extraction.ocr import DPI, Picture, Recogniser, available
from documents.extraction.signatures import LOCKED
from documents.extraction.types import Extracted, ExtractedPage, ExtractionError, Limits, check_characters, check_pages

DAMAGED = "This PDF is damaged: it cannot be opened. Save or download it again."
CUT = "This PDF is not complete: its end is missing. Save or download it again."
NO_OCR = "no text layer; OCR is not installed. Install tesseract on the server and retry, or upload a copy with text."
NOTHING_FOUND = "This PDF has no text layer, and no text was recognised in its pages."

# PDFium's mark for a hyphen that only breaks a word at the end of a line.
LINE_HYPHEN = re.compile("[\x02\ufffe]\\s*")
POINTS_AN_INCH = 72
# A larger page is recognised at fewer dots per inch.
MOST_PIXELS = 25_000_000
# A picture, or several strips of one, that could hold a page of text.
PAGE_PIXELS = 250_000


def extract(path: Path, limits: Limits) -> Extracted:
    """Read a PDF. Its own title is not used, because it is mostly a template's or an old file name."""
    _check_ends(path)
    with closing(_opened(path)) as document:
        if not len(document):
            raise ExtractionError(DAMAGED)
        check_pages(len(document), limits)
        texts = list(_texts(document, limits))
        empty = [number for number, text in enumerate(texts, start=1) if not text.strip()]
        scanned = [number for number in empty if _is_drawn_on(document, number)]
        if scanned and available(limits):
            _recognise(document, texts, scanned, Recogniser(limits, len(scanned)))
        else:
            _refuse_scanned(document, scanned, len(empty))
    return Extracted("", tuple(map(ExtractedPage, texts)), numbered=True)


def _check_ends(path: Path) -> None:
    """Refuse a cut file: PDFium repairs it by leaving pages out, which nobody would notice."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise ExtractionError("This is not a PDF, though its name says so. Correct the file extension.")
        size = file.seek(0, 2)
        file.seek(max(0, size - 4096))
        if b"%%EOF" not in file.read():
            raise ExtractionError(CUT)


def _opened(path: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(LOCKED if "password" in str(error).lower() else DAMAGED) from error


def _texts(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[str]:
    characters = 0
    for number in range(1, len(document) + 1):
        text = _text(document, number)
        characters += len(text)
        check_characters(characters, limits)
        yield text


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    with _page(document, number) as page, closing(page.get_textpage()) as text:
        return clean(LINE_HYPHEN.sub("", text.get_text_bounded()))


@contextmanager
def _page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    """Open the page `number`, from 1. Raises ExtractionError, naming it, if it is damaged."""
    try:
        with closing(document[number - 1]) as page:
            yield page
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(f"Page {number} of this PDF is damaged. Save or download it again.") from error


def _recognise(
    document: pypdfium2.PdfDocument, texts: list[str], scanned: Sequence[int], recogniser: Recogniser
) -> None:
    """Fill in the texts of the pages without any."""
    for number in scanned:
        texts[number - 1] = clean(recogniser.text(_picture(document, number), number)).strip()
    if not any(text.strip() for text in texts):
        raise ExtractionError(NOTHING_FOUND)


def _is_drawn_on(document: pypdfium2.PdfDocument, number: int) -> bool:
    with _page(document, number) as page:
        return next(page.get_objects(), None) is not None


def _picture(document: pypdfium2.PdfDocument, number: int) -> Picture:
    with _page(document, number) as page:
        width, height = page.get_size()
        scale = min(DPI / POINTS_AN_INCH, (MOST_PIXELS / max(width * height, 1)) ** 0.5)
        with closing(page.render(scale=scale, grayscale=True)) as drawing:
            return _packed(drawing)


def _packed(drawing: pypdfium2.PdfBitmap) -> Picture:
    """Return the pixels without the padding of each row in memory."""
    rows = memoryview(drawing.buffer).cast("B")
    starts = range(0, drawing.stride * drawing.height, drawing.stride)
    pixels = b"".join(rows[start : start + drawing.width] for start in starts)
    return Picture(drawing.width, drawing.height, pixels)


def _refuse_scanned(document: pypdfium2.PdfDocument, scanned: Sequence[int], empty: int) -> None:
    """Refuse a file with scanned pages when there is no OCR: otherwise pages would be lost unnoticed.

    Decorated pages without text lose nothing.
    """
    if scanned and empty == len(document):
        raise ExtractionError(f"This PDF has {NO_OCR}")
    pictures = [number for number in scanned if _is_picture(document, number)]
    if pictures:
        pages = "Page {} of this PDF has" if len(pictures) == 1 else "Pages {} of this PDF have"
        raise ExtractionError(f"{pages.format(_ranges(pictures))} {NO_OCR}")


def _is_picture(document: pypdfium2.PdfDocument, number: int) -> bool:
    with _page(document, number) as page:
        sizes = (image.get_px_size() for image in page.get_objects([FPDF_PAGEOBJ_IMAGE]))
        pixels: int = sum(width * height for width, height in sizes)
        return pixels >= PAGE_PIXELS


def _ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as text: `[3, 7, 8, 9]` -> 3, 7 to 9; of many, the first ones."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    parts = [str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(parts[:10]) + (" and others" if len(parts) > 10 else "")
