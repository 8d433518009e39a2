"""Reads PDF page by page: text in the order of reading, tables, form fields and notes; by OCR what is only drawn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pypdfium2

from documents.extraction import pdf_scans
from documents.extraction.hyphens import HyphenJoiner
from documents.extraction.ocr import Recogniser, available, text_in
from documents.extraction.pdf_page import PageContent, content_of
from documents.extraction.pdf_text import laid_out
from documents.extraction.reading import note
from documents.extraction.signatures import LOCKED
from documents.extraction.types import (
    Extracted,
    ExtractionError,
    Limits,
    Unread,
    check_characters,
    check_pages,
)
from langai_site.words import gettext_noop

DAMAGED = gettext_noop("This PDF is damaged: it cannot be opened. Save or download it again.")
CUT = gettext_noop("This PDF is not complete: its end is missing. Save or download it again.")
NO_OCR = gettext_noop(
    "This PDF has no text layer; OCR is not installed. Install tesseract on the server and retry, or "
    "upload a copy with text."
)
PAGE_NO_OCR = gettext_noop(
    "Page %(pages)s of this PDF has no text layer; OCR is not installed. Install tesseract on the server and retry, or "
    "upload a copy with text."
)
PAGES_NO_OCR = gettext_noop(
    "Pages %(pages)s of this PDF have no text layer; OCR is not installed. Install tesseract on the server and "
    "retry, or "
    "upload a copy with text."
)
NOTHING_FOUND = gettext_noop("This PDF has no text layer, and no text was recognised in its pages.")
MOST_ATTACHMENTS = 1000


def extract(path: Path, limits: Limits) -> Extracted:
    """Read a PDF. Its own title is not used, because it is mostly a template's or an old file name."""
    _check_ends(path)
    with closing(_opened(path)) as document:
        if not len(document):
            raise ExtractionError(DAMAGED)
        check_pages(len(document), limits)
        if document.get_formtype():
            document.init_forms()
        contents = list(_contents(document, limits))
        _read_drawn(document, contents, limits)
        _note_attachments(document)
    for number, content in enumerate(contents, start=1):
        if content.lost:
            note(Unread.LOST_CHARACTERS, pages=[number], count=content.lost)
    joiner = HyphenJoiner(line for content in contents for line in content.lines())
    pages, headings = laid_out(contents, joiner)
    empty = [number for number, page in enumerate(pages, start=1) if not page.text.strip()]
    if empty and len(empty) < len(pages):
        note(Unread.EMPTY_PAGES, pages=empty, count=len(empty))
    return Extracted("", tuple(pages), tuple(headings), numbered=True)


def _check_ends(path: Path) -> None:
    """Refuse a cut file: PDFium repairs it by leaving pages out, which nobody would notice."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise ExtractionError(
                gettext_noop("This is not a PDF, though its name says so. Correct the file extension.")
            )
        size = file.seek(0, 2)
        file.seek(max(0, size - 4096))
        if b"%%EOF" not in file.read():
            raise ExtractionError(CUT)


def _opened(path: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(LOCKED if "password" in str(error).lower() else DAMAGED) from error


def _contents(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[PageContent]:
    characters = 0
    finder = pdf_scans.PictureFinder()
    form = document.formenv.raw if document.formenv else None
    for number in range(1, len(document) + 1):
        with _page(document, number) as page:
            content = content_of(page, form, finder)
        characters += content.length
        check_characters(characters, limits)
        yield content


@contextmanager
def _page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    """Open the page `number`, from 1. Raises ExtractionError, naming it, if it is damaged."""
    try:
        with closing(document[number - 1]) as page:
            yield page
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(
            gettext_noop("Page %(number)s of this PDF is damaged. Save or download it again."), number=str(number)
        ) from error


def _read_drawn(document: pypdfium2.PdfDocument, contents: Sequence[PageContent], limits: Limits) -> None:
    """Fill in the text of pages, and of pictures on pages, that is only drawn; or note or refuse what cannot be."""
    empty = [n for n, content in enumerate(contents, start=1) if not (content.has_text or content.is_garbled)]
    scanned = [number for number in empty if _on_page(document, number, pdf_scans.is_drawn_on)]
    pictured = [number for number, content in enumerate(contents, start=1) if content.pictures]
    if available(limits):
        _recognise_pages(document, contents, scanned, limits)
        _recognise_pictures(document, contents, pictured, limits)
        _recognise_garbled(document, contents, limits)
        found = [number for number, content in enumerate(contents, start=1) if content.recognised]
        note(Unread.RECOGNISED, pages=found, count=len(found)) if found else None
        if not any(content.recognised or content.length for content in contents) and scanned:
            raise ExtractionError(NOTHING_FOUND)
    else:
        _refuse_scanned(document, contents, scanned, len(empty))
        for number in pictured:
            note(Unread.PICTURES, pages=[number], count=len(contents[number - 1].pictures))


def _recognise_pages(
    document: pypdfium2.PdfDocument, contents: Sequence[PageContent], scanned: Sequence[int], limits: Limits
) -> None:
    recogniser = Recogniser(limits, len(scanned))
    for number in scanned:
        with _page(document, number) as page:
            contents[number - 1].recognised = recogniser.text(pdf_scans.drawn(page), number)


def _recognise_pictures(
    document: pypdfium2.PdfDocument, contents: Sequence[PageContent], pictured: Sequence[int], limits: Limits
) -> None:
    for number in pictured:
        content = contents[number - 1]
        with _page(document, number) as page:
            drawing = pdf_scans.drawn(page, content.pictures, content.text_boxes)
        content.recognised = text_in(drawing, limits, [number])


def _recognise_garbled(document: pypdfium2.PdfDocument, contents: Sequence[PageContent], limits: Limits) -> None:
    """Replace text whose letters are guesses by what is recognised on the page."""
    for number, content in enumerate(contents, start=1):
        if not content.is_garbled:
            continue
        with _page(document, number) as page:
            content.recognised = text_in(pdf_scans.drawn(page), limits, [number])
        if content.recognised:
            content.parts, content.lost = [], 0


def _on_page(document: pypdfium2.PdfDocument, number: int, ask: Callable[[pypdfium2.PdfPage], bool]) -> bool:
    with _page(document, number) as page:
        return ask(page)


def _refuse_scanned(
    document: pypdfium2.PdfDocument, contents: Sequence[PageContent], scanned: Sequence[int], empty: int
) -> None:
    """Refuse a file with scanned pages when there is no OCR: otherwise pages would be lost unnoticed.

    Decorated pages without text lose nothing.
    """
    if scanned and empty == len(contents) and not any(content.length for content in contents):
        raise ExtractionError(NO_OCR)
    pictures = [number for number in scanned if _on_page(document, number, pdf_scans.is_picture)]
    if pictures:
        raise ExtractionError(PAGE_NO_OCR if len(pictures) == 1 else PAGES_NO_OCR, pages=_ranges(pictures))


def _note_attachments(document: pypdfium2.PdfDocument) -> None:
    """Note the files that are packed into the PDF."""
    for index in range(min(document.count_attachments(), MOST_ATTACHMENTS)):
        note(Unread.ATTACHMENT, document.get_attachment(index).get_name())


def _ranges(numbers: Sequence[int]) -> str:
    """Return page numbers as text: `[3, 7, 8, 9]` -> 3, 7 to 9; of many, the first ones."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    parts = [str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    return ", ".join(parts[:10]) + (" and others" if len(parts) > 10 else "")
