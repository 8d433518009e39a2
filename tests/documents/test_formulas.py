"""Formulas, powers and changes of a text: written so that their parts do not become one other number."""

import docx as word_library
import pytest
from docx.oxml import parse_xml

from documents.extraction import docx, html
from tests.documents.files import LIMITS

SPACES = (
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
)


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<del>100 EUR</del><ins>80 EUR</ins>", "100 EUR 80 EUR"),
        ("<table><tr><td>A<td>B<tr><td><s>1</s><ins>2</ins><td>3</table>", "A | B\n1 2 | 3"),
        ("word<ins>s</ins>", "words"),
        ("Donau&shy;dampf\u00adschiff", "Donaudampfschiff"),
        ("10<sup>6</sup> parts in 5 m<sup>2</sup>, the 1<sup>st</sup>", "10^6 parts in 5 m2, the 1st"),
        ("<table><tr><td>A<td>B<tr><td>10<sup>-3</sup><td>3</table>", "A | B\n10^-3 | 3"),
        ("<math><msup><mn>10</mn><mn>6</mn></msup><annotation>10 to 6</annotation></math>", "10^6"),
        (
            "so <math><mi>x</mi><mo>=</mo>"
            "<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow> <mn>2</mn></mfrac></math> is",
            "so x=(a+b)/2 is",
        ),
        ("<math><msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt></math>", "\u221a(x+1)"),
        ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>", "x_i^2"),
    ],
)
def test_a_page_keeps_the_parts_apart(markup, text):
    assert html.read(f"<p>{markup}</p>").text == text


def test_a_deep_formula_is_read():
    depth = 150
    assert html.read(f"<math>{'<mrow>' * depth}<mi>x</mi>{'</mrow>' * depth}</math>").text == "x"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (f"<m:sSup><m:e>{run('10')}</m:e><m:sup>{run('6')}</m:sup></m:sSup>", "10^6"),
        (f"<m:f><m:fPr/><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>", "(a+b)/2"),
        (f"<m:rad><m:radPr/><m:deg/><m:e>{run('x+1')}</m:e></m:rad>", "\u221a(x+1)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='\u2211'/></m:naryPr>"
            f"<m:sub>{run('i=1')}</m:sub><m:sup>{run('n')}</m:sup><m:e>{run('i')}</m:e></m:nary>",
            "\u2211_(i=1)^n i",
        ),
        (f"<m:d><m:dPr/><m:e>{run('x')}</m:e></m:d>", "(x)"),
        ("<m:nary/>", "\u222b"),
    ],
)
def test_a_word_document_keeps_the_parts_of_a_formula_apart(tmp_path, formula, text):
    document = word_library.Document()
    paragraph = document.add_paragraph("It is ")
    paragraph._p.append(parse_xml(f"<m:oMath {SPACES}>{formula}</m:oMath>"))
    document.save(tmp_path / "a.docx")
    assert docx.extract(tmp_path / "a.docx", LIMITS).pages[0].text.strip() == f"It is {text}"


def test_a_raised_number_beside_a_number_is_a_power(tmp_path):
    document = word_library.Document()
    paragraph = document.add_paragraph("10")
    paragraph.add_run("6").font.superscript = True
    paragraph.add_run(" parts on 5 m")
    paragraph.add_run("2").font.superscript = True
    document.save(tmp_path / "a.docx")
    assert docx.extract(tmp_path / "a.docx", LIMITS).pages[0].text.strip() == "10^6 parts on 5 m2"
