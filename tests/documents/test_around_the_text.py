"""What is around the text of office files: headers, comments, links, pictures and what somebody wrote of them."""

import io
from dataclasses import replace

import docx as word_library
import pptx as slide_library
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from documents.extraction import docx, pptx, reading
from documents.extraction.types import ExtractionError, LimitReachedError
from tests.documents import files
from tests.documents.files import LIMITS, written
from tests.documents.test_text_formats import words

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
WITH_OCR = replace(LIMITS, ocr_languages="eng")


def read_word(folder, document, limits=LIMITS) -> str:
    return words(docx.extract(written(folder, "a.docx", files.saved(document.save)), limits))


def linked(paragraph, address: str, text: str) -> None:
    relation = paragraph.part.relate_to(address, "http://x/hyperlink", is_external=True)
    link = parse_xml(f"<w:hyperlink {WORD}><w:r><w:t>{text}</w:t></w:r></w:hyperlink>")
    link.set(qn("r:id"), relation)
    paragraph._p.append(link)


def test_headers_and_footers_are_read_once_however_many_pages_have_them(tmp_path):
    document = word_library.Document()
    document.add_paragraph("Words.")
    for number in range(2):
        section = document.sections[0] if not number else document.add_section()
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Contract No. 77-A"
        section.footer.paragraphs[0].text = f"Valid until 202{number}" if number else "1"
    text = read_word(tmp_path, document)
    assert text == "Header: Contract No. 77-A\n\nWords.\n\nFooter: Valid until 2021"


def test_a_link_in_a_header_is_that_of_the_header(tmp_path):
    document = word_library.Document()
    linked(document.add_paragraph("In the "), "https://body.example.org", "body")
    linked(document.sections[0].header.paragraphs[0], "https://header.example.org", "portal")
    assert read_word(tmp_path, document) == (
        "Header: portal (https://header.example.org)\n\nIn the body (https://body.example.org)"
    )


def test_comments_stand_below_what_they_are_about(tmp_path):
    document = word_library.Document()
    run = document.add_paragraph("Ten per cent").add_run(".")
    document.add_comment([run], "Check this figure.", author="Ada")
    cell = document.add_table(1, 2).cell(0, 0)
    document.add_comment([cell.paragraphs[0].add_run("Price")], "In euros.", author="Bob")
    document.add_paragraph("The end.")
    assert read_word(tmp_path, document) == (
        "Ten per cent.\n\nComment by Ada: Check this figure.\n\nPrice (Comment by Bob: In euros.)\n\nThe end."
    )


FIELD = """<w:r {0}><w:fldChar w:fldCharType="begin"/><w:instrText> HYPERLINK "https://a.example.org/b"</w:instrText>
<w:fldChar w:fldCharType="separate"/><w:t>portal</w:t><w:fldChar w:fldCharType="end"/></w:r>"""


@pytest.mark.parametrize(
    ("address", "text", "expected"),
    [
        ("https://a.example.org/b", "portal", "See portal (https://a.example.org/b)"),
        ("https://a.example.org/", "https://a.example.org", "See https://a.example.org"),
        ("mailto:ada@example.org?subject=Oil", "Ada", "See Ada (ada@example.org)"),
        ("file:///home/ada", "portal", "See portal"),
    ],
)
def test_where_a_link_leads_is_read(tmp_path, address, text, expected):
    document = word_library.Document()
    linked(document.add_paragraph("See "), address, text)
    assert read_word(tmp_path, document) == expected


def test_where_a_link_that_is_a_field_leads_is_read(tmp_path):
    document = word_library.Document()
    document.add_paragraph("See ")._p.append(parse_xml(FIELD.format(WORD)))
    code = 'w:instr=" HYPERLINK &quot;https://c.example.org&quot; "'
    simple = f"<w:fldSimple {WORD} {code}><w:r><w:t>c</w:t></w:r></w:fldSimple>"
    document.add_paragraph("And ")._p.append(parse_xml(simple))
    assert read_word(tmp_path, document) == "See portal (https://a.example.org/b)\n\nAnd c (https://c.example.org)"


def pictured(alternative: str = "") -> "word_library.document.Document":
    document = word_library.Document()
    document.add_picture(io.BytesIO(files.photograph("The vault opens at seven")))
    document.paragraphs[-1]._p.find(f".//{qn('wp:docPr')}").set("descr", alternative)
    return document


@pytest.mark.needs("tesseract")
def test_pictures_are_read_by_text_recognition_once_with_what_somebody_wrote_of_them(tmp_path):
    document = pictured("A page from the safe")
    document.add_picture(io.BytesIO(files.photograph("The vault opens at seven")))
    text = read_word(tmp_path, document, WITH_OCR)
    assert text == "Picture: A page from the safe\n\nThe vault opens at seven"


def test_a_file_of_pictures_alone_says_what_is_missing(tmp_path):
    with pytest.raises(ExtractionError, match="install tesseract"):
        read_word(tmp_path, pictured())


def test_pictures_that_are_not_read_are_noted(tmp_path):
    with reading.begin() as notes:
        assert read_word(tmp_path, pictured("A vault")) == "Picture: A vault"
    assert [note.code for note in notes.notes()] == ["pictures"]


@pytest.mark.needs("tesseract")
def test_pictures_without_time_for_them_are_noted_and_the_text_is_kept(tmp_path):
    document = pictured("A vault")
    with reading.begin() as notes:
        assert read_word(tmp_path, document, replace(WITH_OCR, ends_at=1.0)) == "Picture: A vault"
    assert [note.code for note in notes.notes()] == ["unrecognised"]
    with pytest.raises(LimitReachedError):
        read_word(tmp_path, document, replace(WITH_OCR, ends_at=1.0, is_first_try=True))


@pytest.fixture
def slides():
    deck = slide_library.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "The vault"
    picture = slide.shapes.add_picture(io.BytesIO(files.photograph("Opens at seven")), 0, 0)
    picture._element.nvPicPr.cNvPr.set("descr", "A door of steel")
    table = slide.shapes.add_table(3, 3, 0, 0, 100, 100).table
    for row, cells in enumerate([("City", "Sum", "Of"), ("Paris", "3", "9"), ("", "4", "8")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    return deck


@pytest.mark.needs("tesseract")
def test_pictures_and_merged_cells_of_slides_are_read(tmp_path, slides):
    extracted = pptx.extract(written(tmp_path, "a.pptx", files.saved(slides.save)), WITH_OCR)
    assert words(extracted) == (
        "The vault\n\nPicture: A door of steel\nOpens at seven\n\nCity | Sum | Of\nParis | 3 | 9\nParis | 4 | 8"
    )


NO, DARK = (f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in ("No.", "Too dark?"))
ANSWER = f"<p:replyLst><p:reply><p:txBody>{NO}</p:txBody></p:reply></p:replyLst>"
COMMENTS = {
    "older": '<p:cmLst xmlns:p="p"><p:cm authorId="0"><p:text>Too dark?</p:text></p:cm></p:cmLst>',
    "threaded": f'<p:cmLst xmlns:p="p" xmlns:a="a"><p:cm>{ANSWER}<p:txBody>{DARK}</p:txBody></p:cm></p:cmLst>',
}


@pytest.mark.parametrize("kind", COMMENTS)
def test_comments_on_slides_are_read(tmp_path, kind):
    data = files.pptx("The vault")
    relation = '<Relationship Id="c" Type="x/comments" Target="../comments/c.xml"/>'
    relations = f'<Relationships xmlns="r">{relation}</Relationships>'
    data = files.changed(data, "slides/_rels/slide1.xml.rels", relations.encode())
    data = files.added(data, "ppt/comments/c.xml", COMMENTS[kind])
    with reading.begin() as notes:
        text = words(pptx.extract(written(tmp_path, "a.pptx", data), LIMITS))
    assert text.startswith("The vault\n\nComment: ")
    assert text.endswith("Comment: Too dark?")
    assert notes.notes() == ()
