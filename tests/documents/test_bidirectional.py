"""Lines that run from right to left: words in the order of reading, and codes and numbers in theirs."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from fpdf import FPDF

from documents.extraction import pdf
from documents.extraction.bidirectional import in_logical_order, logical_letters
from tests.documents.files import LIMITS, written

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
# What is read, and how it stands on the line from left to right.
LINES = [
    ("מספר החלק הוא AX-4471 ומחירו 1,250.50 שקלים", "םילקש 1,250.50 וריחמו AX-4471 אוה קלחה רפסמ"),
    ("הגרסה 10.4.2 יצאה ב-12/03/2024 בחיפה", "הפיחב 12/03/2024-ב האצי 10.4.2 הסרגה"),
    ("שלום (עולם) טוב", "בוט (םלוע) םולש"),
    ("המחיר 10 20 שקלים", "םילקש 20 10 ריחמה"),
    ("אמר John Smith אתמול", "לומתא John Smith רמא"),
    ("رقم القطعة AX-4471 والسعر 1,250.50 درهم", "مهرد 1,250.50 رعسلاو AX-4471 ةعطقلا مقر"),
    ("החלק AX-4471, והמחיר 12.50.", ".12.50 ריחמהו ,AX-4471 קלחה"),
    ("טלפון +972-3-555 או (03-555)", "(03-555) וא 972-3-555+ ןופלט"),
    ("ראה (סעיף 7) לחוזה", "הזוחל (7 ףיעס) האר"),
    ("الرقم #A-17 والنسبة 25%.", ".%25 ةبسنلاو A-17# مقرلا"),
    ('הקוד "X9-22" בלבד', 'דבלב "X9-22" דוקה'),
    ("Part AX-4471 is called דוד כהן in Haifa", "Part AX-4471 is called ןהכ דוד in Haifa"),
]


@dataclass(frozen=True)
class Placed:
    text: str
    left: float


@pytest.mark.parametrize(("read", "seen"), [pair for pair in LINES if "(" not in pair[0]])
def test_words_and_letters_are_put_into_the_order_of_reading(read, seen):
    words = [Placed(logical_letters(word), float(place)) for place, word in enumerate(seen.split())]
    assert " ".join(word.text for word in in_logical_order(words)) == read


def test_shapes_of_arabic_letters_become_the_letters():
    assert logical_letters("\ufee2\ufee0\ufecb") == "علم"


@pytest.mark.skipif(not Path(FONT).exists(), reason="needs the font DejaVu Sans")
def test_codes_in_right_to_left_pages_keep_their_order(tmp_path):
    document = FPDF()
    document.add_font("dejavu", fname=FONT)
    document.set_font("dejavu", size=12)
    document.add_page()
    for _, seen in LINES:
        document.cell(0, 8, seen)
        document.ln()
    extracted = pdf.extract(written(tmp_path, "a.pdf", bytes(document.output())), LIMITS)
    assert extracted.pages[0].text.splitlines() == [read for read, _ in LINES]
