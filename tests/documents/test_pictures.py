"""Text that is only drawn: scanned pages with a stamp or on their side, pictures in PDFs, picture files."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from documents.extraction import sandbox
from documents.extraction.ocr import picture_text
from documents.extraction.reading import begin
from documents.extraction.types import Extracted, ExtractionError, Note, Unread
from tests.documents import files
from tests.documents.files import LIMITS, written

PDF, PICTURE = "documents.extraction.pdf", "documents.extraction.picture"
OCR = replace(LIMITS, ocr_languages="eng", seconds=300)
KEEPER = "The lighthouse keeper receives\ntwelve barrels of oil every winter\nand a new lamp in the spring."
READ = "The lighthouse keeper receives twelve barrels of oil every winter and a new lamp in the spring."
STAMP = "Scanned by Office Scanner 2000"


def drawn(text: str = KEEPER, size: tuple[int, int] = (1240, 1754), font: int = 40) -> Image.Image:
    page = Image.new("L", size, 250)
    letters = ImageFont.load_default(size=font)
    ImageDraw.Draw(page).multiline_text((size[0] // 10, size[1] // 10), text, fill=10, font=letters, spacing=font // 2)
    return page


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, kind, **options)
    return kept.getvalue()


def document(*pages: tuple[Image.Image, dict[str, float], str]) -> bytes:
    """A PDF with a picture at a place, and a text in the text layer, on each page."""
    made = FPDF()
    made.set_font("helvetica", size=11)
    for picture, place, text in pages:
        made.add_page()
        made.image(picture, **place)
        # Several lines stand below what the picture says, where all of them fit.
        made.set_xy(15, 150 if "\n" in text else 270 if place.get("w") == 210 else 20)
        if text:
            made.multi_cell(0, 6, text)
    return bytes(made.output())


def words(extracted: Extracted) -> list[str]:
    return [re.sub(r"\s+", " ", page.text).strip() for page in extracted.pages]


WHOLE = {"x": 0, "y": 0, "w": 210}
SIDEWAYS = {"x": 0, "y": 0, "w": 210, "h": 148}
INSIDE = {"x": 30, "y": 80, "w": 120}


@pytest.mark.needs("tesseract")
def test_scans_are_recognised_although_a_stamp_is_text_and_whichever_way_they_lie(tmp_path):
    pages = [(drawn(), WHOLE, STAMP)]
    pages += [(drawn().rotate(angle, expand=True), WHOLE if angle == 180 else SIDEWAYS, "") for angle in (90, 180, 270)]
    extracted = sandbox.extract(written(tmp_path, "a.pdf", document(*pages)), PDF, OCR)
    assert words(extracted) == [f"{STAMP} {READ}", READ, READ, READ]
    assert extracted.notes == (Note(Unread.RECOGNISED, pages=(1, 2, 3, 4), count=4),)


@pytest.mark.needs("tesseract")
def test_a_scan_is_recognised_although_more_was_typed_below_it_and_no_letterhead_twice(tmp_path):
    typed = "\n".join(
        f"Registry line {number}: received, numbered and passed on to room {number}." for number in range(9)
    )
    letterhead = drawn("ACME Ltd")
    pages = [(drawn(), WHOLE, typed), (letterhead, WHOLE, typed), (letterhead, WHOLE, typed)]
    extracted = sandbox.extract(written(tmp_path, "a.pdf", document(*pages)), PDF, OCR)
    line = " ".join(typed.split())
    scan, *others = words(extracted)
    assert scan == f"{line} {READ}"
    assert [text.removesuffix(" ACME Ltd") for text in others] == [line, line]
    assert sum("ACME" in text for text in others) <= 1


def page_of(*parts: tuple[Image.Image, dict[str, float]] | tuple[str, float]) -> bytes:
    """A PDF of one page with pictures, and lines of text from a height on, in this order."""
    made = FPDF()
    made.set_auto_page_break(auto=False)
    made.set_font("helvetica", size=11)
    made.add_page()
    for what, place in parts:
        if isinstance(what, Image.Image):
            made.image(what, **place)
            continue
        for number, line in enumerate(what.splitlines()):
            made.set_xy(15, place + 5 * number)
            made.cell(0, 5, line)
    return bytes(made.output())


HEADER = ("ACME Ltd, Harbour Street 12, Dover\nTelephone 0130 4711", 2)
DENSE = "\n".join(
    f"Registry line {number}: received, and passed on to room {number} of the house." for number in range(34)
)
LOGO = (drawn("ACME Ltd", (300, 80)), {"x": 150, "y": 5, "w": 40})


@pytest.mark.needs("tesseract")
@pytest.mark.parametrize(
    ("parts", "recognised"),
    [
        ([HEADER, (drawn(), {"x": 0, "y": 20, "w": 210}), (DENSE, 95)], READ),
        ([LOGO, HEADER, (drawn(), {"x": 0, "y": 20, "w": 210}), (DENSE, 95)], READ),
        ([(drawn(), WHOLE), (DENSE, 85), HEADER], READ),
        ([(drawn("Approved by the board on 4 May", font=30), WHOLE), (DENSE, 85)], "Approved by the board on 4 May"),
    ],
    ids=["header-scan-text", "logo-header-scan-text", "scan-text-header", "one-line"],
)
def test_typed_text_hides_no_scan_under_it(tmp_path, parts, recognised):
    extracted = sandbox.extract(written(tmp_path, "a.pdf", page_of(*parts)), PDF, OCR)
    [page] = words(extracted)
    assert page.startswith(("ACME", "Registry"))
    assert recognised in page


@pytest.mark.needs("tesseract")
def test_pictures_on_pages_are_read_once_and_what_the_text_layer_explains_is_not(tmp_path):
    """A picture with text, a letterhead on each page, and a scan that has a text layer already."""
    figure, letterhead = drawn("Figure: pump P-17 feeds tank T-4", (900, 200)), drawn("ACME Ltd", (300, 80))
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in (1, 2):
        made.add_page()
        made.image(letterhead, x=150, y=5, w=40)
        made.set_xy(15, 40)
        made.multi_cell(0, 6, f"Page {number} of a report.")
    made.image(figure, x=20, y=80, w=150)
    made.add_page()
    made.image(drawn(), **WHOLE)
    made.set_font("helvetica", size=19)
    for number, row in enumerate(KEEPER.splitlines()):
        made.set_xy(20, 29 + 11 * number)
        made.cell(0, 8, row)
    extracted = sandbox.extract(written(tmp_path, "a.pdf", bytes(made.output())), PDF, OCR)
    first, second, third = words(extracted)
    assert first.startswith("Page 1 of a report.")
    assert first.endswith("ACME Ltd")
    assert second == "Page 2 of a report. Figure: pump P-17 feeds tank T-4"
    assert third == READ
    assert extracted.notes == (Note(Unread.RECOGNISED, pages=(1, 2), count=2),)


def test_without_recognition_a_pdf_says_which_pictures_were_not_read(tmp_path):
    path = written(tmp_path, "a.pdf", document((drawn(), WHOLE, STAMP), (drawn(), INSIDE, "Text beside it.")))
    extracted = sandbox.extract(path, PDF, LIMITS)
    assert words(extracted) == [STAMP, "Text beside it."]
    assert extracted.notes == (Note(Unread.PICTURES, pages=(1, 2), count=2),)


def nameless(words: str) -> bytes:
    """A PDF whose font has shapes, but does not say which letters they are: its text is a guess from their numbers."""
    codes = "".join(f"{ord(letter):04x}" for letter in words)
    content = f"BT /F1 14 Tf 50 700 Td <{codes}> Tj ET".encode()
    odd = "/BaseFont/Odd/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 600"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        f"<</Length {len(content)}>>stream\n{content.decode()}\nendstream",
        "<</Type/Font/Subtype/Type0/BaseFont/Odd/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        f"<</Type/Font/Subtype/CIDFontType2{odd}>>",
    ]
    return files.pdf_of([each.encode() for each in objects])


def test_letters_that_a_font_does_not_name_are_counted(tmp_path):
    extracted = sandbox.extract(written(tmp_path, "a.pdf", nameless("GRXEOH WURXEOH")), PDF, LIMITS)
    assert extracted.notes == (Note(Unread.LOST_CHARACTERS, pages=(1,), count=13),)


@pytest.mark.needs("tesseract")
def test_a_page_whose_font_names_no_letters_is_recognised_from_how_it_looks(tmp_path):
    made = FPDF()
    made.add_font("vera", fname=letters_file(tmp_path))
    made.set_font("vera", size=14)
    made.add_page()
    made.multi_cell(0, 8, KEEPER)
    data = bytes(made.output()).replace(b"/ToUnicode", b"/Elsewhere")
    extracted = sandbox.extract(written(tmp_path, "a.pdf", data), PDF, OCR)
    assert words(extracted) == [READ]
    assert extracted.notes == (Note(Unread.RECOGNISED, pages=(1,), count=1),)


def letters_file(folder: Path) -> Path:
    """The font that comes with Pillow, as a file."""
    return written(folder, "letters.ttf", ImageFont.load_default(size=10).font_bytes)


def turned_by_camera(picture: Image.Image) -> bytes:
    """A photograph that lies on its side, as the camera notes in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture.rotate(90, expand=True), "JPEG", exif=exif)


@pytest.mark.needs("tesseract")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", saved(drawn())),
        ("a.jpg", turned_by_camera(drawn())),
        ("a.webp", saved(drawn(KEEPER, (700, 300), 18), "WEBP")),
        ("a.png", saved(Image.merge("LA", (Image.new("L", (1240, 1754)), drawn().point(lambda value: 255 - value))))),
    ],
)
def test_picture_files_are_read(tmp_path, name, data):
    extracted = sandbox.extract(written(tmp_path, name, data), PICTURE, OCR)
    assert words(extracted) == [READ]
    assert extracted.notes == (Note(Unread.RECOGNISED, count=1),)


@pytest.mark.needs("tesseract")
def test_a_tiff_is_read_page_by_page(tmp_path):
    pages = [drawn("The first page\nof the fax"), Image.new("L", (1240, 1754), 255), drawn("The third page")]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    extracted = sandbox.extract(written(tmp_path, "a.tiff", data), PICTURE, OCR)
    assert words(extracted) == ["The first page of the fax", "", "The third page"]
    assert extracted.numbered
    assert extracted.notes == (Note("recognised", "", (1, 3), 2), Note("empty_pages", "", (2,), 1))


@pytest.mark.parametrize(
    ("data", "limits", "message"),
    [
        (saved(drawn()), LIMITS, r"is a picture, and text recognition is not installed\. Install tesseract"),
        (saved(drawn())[:2000], OCR, "damaged"),
        (b"\x89PNG\r\n\x1a\nrubbish", OCR, "damaged"),
        (saved(Image.new("1", (12_000, 12_000))), OCR, "more than 120 million pixels"),
    ],
)
def test_a_picture_that_cannot_be_read_says_why(tmp_path, data, limits, message):
    with pytest.raises(ExtractionError, match=message):
        sandbox.extract(written(tmp_path, "a.png", data), PICTURE, limits)


@pytest.mark.needs("tesseract")
def test_a_picture_without_text_says_so(tmp_path):
    with pytest.raises(ExtractionError, match="No text was recognised"):
        sandbox.extract(written(tmp_path, "a.png", saved(Image.new("L", (500, 500), 255))), PICTURE, OCR)


def test_pictures_in_documents_of_other_formats_are_noted_where_they_cannot_be_read():
    with begin() as reading:
        assert picture_text(saved(drawn()), LIMITS, pages=[3]) == ""
        assert picture_text(b"not a picture", OCR) == ""
        assert picture_text(files.PIXEL_PNG, LIMITS) == ""
    assert reading.notes() == (Note("pictures", "", (3,), 1), Note("unrecognised", count=1))


@pytest.mark.needs("tesseract")
def test_pictures_in_documents_have_a_share_of_the_time():
    with begin() as reading:
        reading.picture_seconds = OCR.seconds
        assert picture_text(saved(drawn()), OCR, pages=[1]) == ""
    assert reading.notes() == (Note("unrecognised", "", (1,), 1),)
    with begin() as reading:
        reading.picture_seconds = OCR.seconds
        with pytest.raises(ExtractionError):
            picture_text(saved(drawn()), replace(OCR, is_first_try=True))
