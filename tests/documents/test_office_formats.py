"""Files of office programs: Word, presentations, OpenDocument, RTF."""

import docx as word_library
import pptx as slide_library
import pytest
from docx.oxml import parse_xml
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from documents.extraction import docx, odt, pptx, rtf
from documents.extraction.types import Extracted, ExtractionError, Limits
from tests.documents import files
from tests.documents.files import LIMITS, written
from tests.documents.test_text_formats import headed, words

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BOX = f"""<w:r {WORD} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:AlternateContent>
<mc:Choice Requires="wps"><w:drawing><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent>
</w:drawing></mc:Choice>
<mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:pict>
</mc:Fallback></mc:AlternateContent></w:r>"""


def read_word(folder, document) -> Extracted:
    return docx.extract(written(folder, "a.docx", files.saved(document.save)), LIMITS)


def test_a_word_document_is_read_with_its_headings_lists_and_tables(tmp_path):
    document = word_library.Document()
    document.add_heading("Annual report", 0)
    document.add_heading("Holiday", 1)
    paragraph = document.add_paragraph("Everyone has ")
    paragraph.add_run("25 days").bold = True
    paragraph.add_run(" a year.\tSee below.")
    document.add_paragraph("ask early", style="List Bullet")
    document.add_paragraph("ask often", style="List Bullet")
    document.add_heading("Pay", 2)
    table = document.add_table(3, 3)
    for row, cells in enumerate([("Role", "Days", ""), ("All", "25", "x\ny"), ("", "", "")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(0, 0).merge(table.cell(0, 1))
    document.add_paragraph("The end.")
    extracted = read_word(tmp_path, document)
    assert words(extracted) == (
        "Annual report\n\nHoliday\n\nEveryone has 25 days a year.\tSee below.\n\n- ask early\n- ask often\n\n"
        "Pay\n\nRole Days\nAll | 25 | x y\n\nThe end."
    )
    assert extracted.title == "Annual report"
    assert headed(extracted) == [(title, title) for title in ("Annual report", "Holiday", "Pay")]


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<w:ins><w:r><w:t>was inserted</w:t></w:r></w:ins>", "It was inserted"),
        ("<w:del><w:r><w:delText>was deleted</w:delText></w:r></w:del>", "It"),
        ("<w:sdt><w:sdtContent><w:r><w:t>is a form's field</w:t></w:r></w:sdtContent></w:sdt>", "It is a form's field"),
        ("<w:hyperlink><w:r><w:t>is a link</w:t></w:r></w:hyperlink>", "It is a link"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>is hidden</w:t></w:r>", "It"),
        ("<w:r><w:instrText>PAGE</w:instrText><w:t>is a code</w:t></w:r>", "It is a code"),
    ],
)
def test_a_word_document_is_read_as_it_is_shown(tmp_path, xml, expected):
    document = word_library.Document()
    paragraph = document.add_paragraph("It ")
    paragraph._p.append(parse_xml(xml.replace(">", f" {WORD}>", 1)))
    assert words(read_word(tmp_path, document)) == expected


def test_a_text_box_is_read_once_after_the_paragraph_it_is_anchored_in(tmp_path):
    document = word_library.Document()
    document.add_paragraph("Before it.")._p.append(parse_xml(BOX))
    document.add_paragraph("After it.")
    assert words(read_word(tmp_path, document)) == "Before it.\n\nIn a box\n\nAfter it."


def test_notes_of_a_word_document_stand_at_its_end(tmp_path):
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="1" Type="http://x/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    main = relations.replace("footnotes.xml", "word/document.xml").replace("footnotes", "officeDocument")
    body = '<w:p><w:r><w:t>Oil</w:t><w:footnoteReference w:id="2"/><w:t> burns.</w:t></w:r></w:p>'
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>Rapeseed.</w:t></w:r></w:p></w:footnote>'
    data = files.zipped(
        {
            "_rels/.rels": main,
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations,
            "word/footnotes.xml": f"<w:footnotes {WORD}><w:footnote w:id='0'/>{note}</w:footnotes>",
        }
    )
    assert words(docx.extract(written(tmp_path, "a.docx", data), LIMITS)) == "Oil[1] burns.\n\n[1] Rapeseed."


@pytest.fixture
def presentation():
    deck = slide_library.Presentation()
    plan = deck.slides.add_slide(deck.slide_layouts[1])
    plan.shapes.title.text = "The plan"
    text = plan.placeholders[1].text_frame
    text.text = "First"
    below = text.add_paragraph()
    below.text, below.level = "in detail", 1
    plan.notes_slide.notes_text_frame.text = "Speak slowly."
    data = deck.slides.add_slide(deck.slide_layouts[5])
    data.shapes.title.text = "Sales"
    table = data.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for row, cells in enumerate([("City", "Sum"), ("Paris", "3")]):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    chart = CategoryChartData()
    chart.categories = ["Q1", "Q2"]
    chart.add_series("Paris", (1.5, 2))
    data.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 100, 100, chart)
    group = deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "In a group"
    return files.saved(deck.save)


def test_a_presentation_is_read_slide_by_slide_with_the_speakers_notes(tmp_path, presentation):
    extracted = pptx.extract(written(tmp_path, "a.pptx", presentation), LIMITS)
    assert [(page.label, page.text) for page in extracted.pages] == [
        ("slide 1", "The plan\n\nFirst\n  - in detail\n\nSpeaker notes:\nSpeak slowly."),
        ("slide 2", "Sales\n\nCity | Sum\nParis | 3\n\n| Q1 | Q2\nParis | 1.5 | 2"),
        ("slide 3", "In a group"),
    ]
    assert extracted.title == "The plan"
    assert [heading.text for heading in extracted.headings] == ["The plan", "Sales", "Sales > City | Sum", "Sales", ""]


def test_too_many_slides_are_refused(tmp_path, presentation):
    with pytest.raises(ExtractionError, match="3 slides; at most 2"):
        pptx.extract(written(tmp_path, "a.pptx", presentation), Limits(1024, 30, 2, 1000))


def test_a_damaged_slide_is_named(tmp_path, presentation):
    data = files.changed(presentation, "slides/slide2.xml", b"<p:sld")
    with pytest.raises(ExtractionError, match="Slide 2: This file is damaged"):
        pptx.extract(written(tmp_path, "a.pptx", data), LIMITS)


ODT = """<text:tracked-changes><text:changed-region><text:deletion><text:p>Old words</text:p></text:deletion>
</text:changed-region></text:tracked-changes><text:p text:style-name="P1">Travel policy</text:p>
<text:h text:outline-level="1">Trains</text:h><text:p>Second<text:s text:c="2"/>class<text:tab/>only<text:note>
<text:note-citation>1</text:note-citation><text:note-body><text:p>But see below.</text:p></text:note-body></text:note>.
<office:annotation><text:p>A remark</text:p></office:annotation></text:p>
<text:list><text:list-item><text:p>early</text:p></text:list-item><text:list-item><text:p>often</text:p>
<text:list><text:list-item><text:p>deeper</text:p></text:list-item></text:list></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>City</text:p></table:table-cell>
<table:table-cell><text:p>Days</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row>
<table:table-cell><text:p>Paris</text:p><text:p>France</text:p></table:table-cell><table:table-cell><text:p>3</text:p>
</table:table-cell><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>
<text:section><text:p>The end.<drawing:frame><drawing:text-box><text:p>In a box</text:p>
</drawing:text-box></drawing:frame></text:p></text:section>"""


def test_an_opendocument_text_is_read_with_its_headings_lists_tables_and_notes(tmp_path):
    title = '<style:style style:name="P1" style:parent-style-name="Title"/>'
    extracted = odt.extract(written(tmp_path, "a.odt", files.odt(ODT, title)), LIMITS)
    assert words(extracted) == (
        "Travel policy\n\nTrains\n\nSecond  class\tonly[1].\n\n- early\n- often\n- deeper\n\n"
        "City | Days\nParis France | 3\n\nThe end.\n\nIn a box\n\n[1] But see below."
    )
    assert extracted.title == "Travel policy"
    assert headed(extracted)[:2] == [("Travel policy", "Travel policy"), ("Trains", "Trains")]


RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial Cyr;}
{\f2\fnil\fcharset128 MS Gothic;}}{\colortbl;\red0;}{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}
{\s15 Title;}}{\info{\title Template}}{\header Page header\par}
\pard\s15 Travel policy\par\pard\s1 Trains\par
\pard Second \b class\b0  only\rquote s fine. \'fc\'e4 \u8364 ? \u-10179?\u-8704?\par
\pard{\listtext\f3\'b7\tab}early\par{\listtext\f3\'b7\tab}often\par{\listtext 1.\tab}numbered\par
\pard{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} {\f2 \'93\'fa\'96\'7b} {\v hidden}shown{\footnote But see below.}.\par
\trowd\pard\intbl City\cell Days\cell\row\trowd\pard\intbl Paris\par France\cell 3\cell\row\pard See
 {\field{\*\fldinst HYPERLINK "http://example.org"}{\fldrslt the page}}.{\pict\bin4 }}}{\pict 8950\'ff}
{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt In a box\par}}{\shprslt In a box}}\par
}"""


def test_rich_text_is_read_in_all_its_code_pages(tmp_path):
    extracted = rtf.extract(written(tmp_path, "a.rtf", RTF), LIMITS)
    assert words(extracted) == (
        "Travel policy\n\nTrains\n\nSecond class only\u2019s fine. üä € 😀\n\n- early\n- often\n1. numbered\n\n"
        "Привет 日本 shown[1].\n\nCity | Days\nParis France | 3\n\nSee the page.\n\nIn a box\n\n[1] But see below."
    )
    assert extracted.title == "Travel policy"
    assert headed(extracted)[:2] == [("Travel policy", "Travel policy"), ("Trains", "Trains")]
