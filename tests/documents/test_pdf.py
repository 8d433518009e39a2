"""PDF: its text layer page by page, and what is done about pages that have none."""

import re
from dataclasses import replace

import pytest

from documents.extraction import pdf, sandbox
from documents.extraction.types import Extracted, ExtractionError, Limits
from tests.documents import files
from tests.documents.files import LIMITS, written

MODULE = "documents.extraction.pdf"
OCR = replace(LIMITS, ocr_languages="eng")
KEEPER = "The lighthouse keeper\nreceives twelve barrels."


def texts(extracted: Extracted) -> list[str]:
    return [re.sub(r"\s+", " ", page.text).strip() for page in extracted.pages]


def test_a_pdf_is_read_page_by_page(tmp_path):
    path = written(tmp_path, "a.pdf", files.pdf("First page.", "Second page.\nMore of it.", "Third page."))
    extracted = pdf.extract(path, LIMITS)
    assert texts(extracted) == ["First page.", "Second page. More of it.", "Third page."]
    assert extracted.numbered


WHOLE = files.pdf("First page.", "Second page.")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (files.pdf("Secret", password="open sesame"), "password-protected"),
        (WHOLE[: len(WHOLE) // 2], "not complete"),
        (b"%PDF-1.7\n" + b"rubbish " * 100 + b"%%EOF", "damaged"),
        (b"<html>not one</html>", "not a PDF"),
        (files.scanned_pdf(), r"This PDF has no text layer; OCR is not installed\. Install tesseract"),
        (files.mixed_pdf("Text.", f"scan:{KEEPER}"), r"Page 2 of this PDF has no text layer; OCR is not installed"),
        (
            files.mixed_pdf("Text.", *[f"scan:{KEEPER}"] * 3, "Text.", f"scan:{KEEPER}"),
            "Pages 2 to 4, 6 of this PDF have no text layer",
        ),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(tmp_path, data, message):
    with pytest.raises(ExtractionError, match=message):
        pdf.extract(written(tmp_path, "a.pdf", data), LIMITS)


def test_blank_and_decorated_pages_need_no_recognition(tmp_path):
    path = written(tmp_path, "a.pdf", files.mixed_pdf("Text.", None, "rule:"))
    assert texts(pdf.extract(path, LIMITS)) == ["Text.", "", ""]


def test_too_many_pages_and_too_much_text_are_refused(tmp_path):
    path = written(tmp_path, "a.pdf", files.pdf("One.", "Two.", "Three."))
    with pytest.raises(ExtractionError, match="3 pages; at most 2"):
        pdf.extract(path, Limits(1024, 30, 2, 1000))
    with pytest.raises(ExtractionError, match="too much text"):
        pdf.extract(path, Limits(1024, 30, 10, 8))


def test_without_the_program_scanned_pages_are_refused_in_the_sandbox_too(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = written(tmp_path, "a.pdf", files.mixed_pdf(f"scan:{KEEPER}"))
    with pytest.raises(ExtractionError, match="OCR is not installed"):
        sandbox.extract(path, MODULE, OCR)


@pytest.mark.needs("tesseract")
def test_scanned_pages_are_recognised_among_others(tmp_path):
    data = files.mixed_pdf("Text layer.", f"scan:{KEEPER}", None)
    assert texts(sandbox.extract(written(tmp_path, "a.pdf", data), MODULE, OCR)) == [
        "Text layer.",
        "The lighthouse keeper receives twelve barrels.",
        "",
    ]


@pytest.mark.needs("tesseract")
@pytest.mark.parametrize(
    ("make", "limits", "message"),
    [
        (files.scanned_pdf, OCR, "no text was recognised"),
        (
            lambda: files.mixed_pdf(f"scan:{KEEPER}"),
            replace(OCR, ocr_languages="tlh"),
            r"Page 1 .* does not know “tlh”",
        ),
        (
            lambda: files.mixed_pdf("Text.", *[f"scan:{KEEPER}"] * 40),
            replace(OCR, seconds=3),
            r"longer than the 3 seconds .*: \d+ of 40 were done\. Split .* EXTRACTION_SECONDS",
        ),
    ],
)
def test_recognition_that_fails_says_why(tmp_path, make, limits, message):
    with pytest.raises(ExtractionError, match=message):
        sandbox.extract(written(tmp_path, "a.pdf", make()), MODULE, limits)
