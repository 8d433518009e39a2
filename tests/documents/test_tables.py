"""Tables in documents: every passage of one says what its columns are."""

from email.message import EmailMessage

import docx as word_library
import pytest
from docx.oxml import parse_xml

from documents import chunking
from documents.extraction import docx, grids, html, mail, markdown, marked_text, odt, rtf
from documents.extraction.grids import Cell, Grid
from documents.extraction.types import Extracted
from search.types import PageText, TextSpan
from tests.documents import files
from tests.documents.files import LIMITS, written
from tests.documents.test_text_formats import words

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
NAMES = ("Country", "Hotel limit", "Meal rate")
ROWS = [(f"Country{number:03}", f"{number} EUR", f"{number % 9} EUR") for number in range(120)]


def passages(extracted: Extracted, *, is_markdown: bool = False) -> list[TextSpan]:
    pages = [PageText(number, page.text) for number, page in enumerate(extracted.pages, start=1)]
    return chunking.split(pages, chunking.splitter(markdown=is_markdown), extracted.headings)


def word_table(rows, mark: bool = False) -> "word_library.document.Document":
    document = word_library.Document()
    document.add_heading("Rates", 1)
    table = document.add_table(len(rows), len(rows[0]))
    for line, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(line.cells, cells, strict=True):
            cell.text = text
    if mark:
        table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {WORD}/>"))
    document.add_heading("Exceptions", 1)
    document.add_paragraph("None.")
    return document


def html_table(rows) -> str:
    head, *body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows]
    return f"<h1>Rates</h1><table>{head.replace('td>', 'th>')}{''.join(body)}</table><h1>Exceptions</h1><p>None.</p>"


def md_table(rows) -> str:
    head, *body = ["| " + " | ".join(cells) + " |" for cells in rows]
    lines = "\n".join([head, "|:---|---:|:-:|", *body])
    return f"# Rates\n\n{lines}\n\n# Exceptions\n\nNone."


def odt_table(rows) -> bytes:
    lines = [
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        + "</table:table-row>"
        for cells in rows
    ]
    return files.odt(f"<text:h>Rates</text:h><table:table>{''.join(lines)}</table:table><text:h>Exceptions</text:h>")


def mail_table(rows) -> bytes:
    made = EmailMessage()
    made["Subject"], made["From"] = "Rates", "ada@example.org"
    made.set_content(html_table(rows), subtype="html")
    return made.as_bytes()


def marked_rows(begin: str, bar: str, end: str = "") -> str:
    return "\n".join(f"{begin}{bar.join(cells)}{end}" for cells in (NAMES, *ROWS))


def rtf_table(rows) -> str:
    lines = "".join("\\intbl " + "".join(f"{cell}\\cell " for cell in cells) + "\\row " for cells in rows)
    return f"{{\\rtf1 {{\\outlinelevel0 Rates\\par}}{lines}\\pard {{\\outlinelevel0 Exceptions\\par}}}}"


KINDS = {
    "a.docx": (docx, files.saved(word_table([NAMES, *ROWS]).save)),
    "a.html": (html, html_table([NAMES, *ROWS])),
    "a.md": (markdown, md_table([NAMES, *ROWS])),
    "a.odt": (odt, odt_table([NAMES, *ROWS])),
    "a.rtf": (rtf, rtf_table([NAMES, *ROWS])),
    "b.md": (markdown, html_table([NAMES, *ROWS]).replace("<h1>", "\n# ").replace("</h1>", "\n\n")),
    "a.org": (marked_text, f"* Rates\n\n{marked_rows('| ', ' | ', ' |')}\n\n* Exceptions\nNone."),
    "a.adoc": (marked_text, f"= Rates\n\n|===\n{marked_rows('|', ' |')}\n|===\n\n== Exceptions\nNone."),
    "a.tex": (
        marked_text,
        "\\section{Rates}\n\\begin{tabular}{lll}\n"
        + marked_rows("", " & ", " \\\\")
        + "\n\\end{tabular}\n\\section{Exceptions}\nNone.",
    ),
    "a.eml": (mail, mail_table([NAMES, *ROWS])),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_passage_of_a_table_says_what_its_columns_are(tmp_path, name):
    module, data = KINDS[name]
    extracted = module.extract(written(tmp_path, name, data), LIMITS)
    spans = passages(extracted, is_markdown=name.endswith(".md"))
    told = [span for span in spans if "EUR" in span.text]
    assert len(told) > 3
    for span in told:
        assert all(word in f"{span.heading}\n{span.text}" for word in NAMES), span
    if name != "a.eml":
        assert told[-1].heading == "Rates > Country | Hotel limit | Meal rate"
        assert extracted.headings[-1].text == "Exceptions"


def test_rows_that_a_word_document_marks_as_names_are_them_although_they_are_numbers(tmp_path):
    data = files.saved(word_table([("Step", "1", "2"), ("Ada", "3", "4")], mark=True).save)
    extracted = docx.extract(written(tmp_path, "a.docx", data), LIMITS)
    assert "Rates > Step | 1 | 2" in [heading.text for heading in extracted.headings]


def test_merged_cells_of_a_word_document_are_in_each_of_their_rows(tmp_path):
    document = word_table([("Country", "City", "Rate"), ("Germany", "Bonn", "1"), ("", "Ulm", "2"), ("All", "", "3")])
    table = document.tables[0]
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 1))
    extracted = docx.extract(written(tmp_path, "a.docx", files.saved(document.save)), LIMITS)
    assert "Country | City | Rate\nGermany | Bonn | 1\nGermany | Ulm | 2\nAll |  | 3" in words(extracted)


def test_a_table_that_only_holds_another_is_layout(tmp_path):
    document = word_library.Document()
    outer = document.add_table(1, 1).cell(0, 0)
    outer.paragraphs[0].text = "Above it."
    inner = outer.add_table(2, 2)
    for row, cells in enumerate([("City", "Sum"), ("Paris", "3")]):
        for column, text in enumerate(cells):
            inner.cell(row, column).text = text
    extracted = docx.extract(written(tmp_path, "a.docx", files.saved(document.save)), LIMITS)
    assert words(extracted) == "Above it.\n\nCity | Sum\nParis | 3"
    assert [heading.text for heading in extracted.headings] == ["City | Sum"]


def test_a_table_in_a_table_does_not_add_columns(tmp_path):
    document = word_table([("Country", "Cities"), ("France", "")])
    inner = document.tables[0].cell(1, 1).add_table(2, 2)
    for row, cells in enumerate([("City", "Sum"), ("Paris", "3")]):
        for column, text in enumerate(cells):
            inner.cell(row, column).text = text
    extracted = docx.extract(written(tmp_path, "a.docx", files.saved(document.save)), LIMITS)
    assert "Country | Cities\nFrance | City, Sum Paris, 3" in words(extracted)


HEADS = [
    # Names over groups of columns, and those of the columns below them.
    ("<tr><th rowspan=2>City<th colspan=2>2024<tr><th>Sales<th>Costs<tr><td>Bonn<td>1<td>2",
     "City | 2024 Sales | 2024 Costs"),
    ("<thead><tr><td>City<td>Sum</thead><tbody><tr><td>Bonn<td>1", "City | Sum"),
    ("<tr><td>City<td>Sum<tr><td>Bonn<td>1", "City | Sum"),
    ("<tr><td colspan=2>Sales of 2024<tr><td>City<td>Sum<tr><td>Bonn<td>1", "Sales of 2024: City | Sum"),
    ("<caption>Sales</caption><tr><th>City<th>Sum<tr><td>Bonn<td>1", "City | Sum"),
    # No names of columns: numbers at once, or names of rows.
    ("<tr><td>Bonn<td>1<tr><td>Ulm<td>2", ""),
    ("<tr><th>Bonn<td>1<tr><th>Ulm<td>2", ""),
]  # fmt: skip


@pytest.mark.parametrize(("markup", "names"), HEADS)
def test_the_names_of_columns_are_found_where_a_page_has_them(tmp_path, markup, names):
    extracted = html.extract(written(tmp_path, "a.html", f"<table>{markup}</table><p>The end."), LIMITS)
    assert next((heading.text for heading in extracted.headings), "") == names


def test_merged_cells_of_a_page_are_in_each_of_their_rows(tmp_path):
    markup = "<table><tr><th>Country<th>City<tr><td rowspan=0>Germany<td>Bonn<tr><td>Ulm<tr><td>Köln</table>"
    extracted = html.extract(written(tmp_path, "a.html", markup), LIMITS)
    assert words(extracted) == "Country | City\nGermany | Bonn\nGermany | Ulm\nGermany | Köln"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("City|Sum\n-|-\nBonn|1", "City | Sum"),
        ("| **City** | Sum \\| total |\n| :--- | ---: |\n| Bonn | 1 |", "City | Sum | total"),
        ("> | City | Sum |\n> |---|---|\n> | Bonn | 1 |", "City | Sum"),
        ("  |City|\n  |---|\n  |Bonn|", "City"),
        ("| | |\n|---|---|\n| Bonn | 1 |", ""),
        ("City | Sum\n---", ""),
        ("```\n| City | Sum |\n|---|---|\n| Bonn | 1 |\n```", ""),
    ],
)
def test_tables_of_markdown_are_known_by_the_line_below_their_names(text, names):
    headings = markdown.read(text).headings
    assert [heading.text for heading in headings] == ([names] if names else [])


def test_a_table_of_markdown_ends_with_a_blank_line():
    extracted = markdown.read("# Rates\n\n| City | Sum |\n|---|---|\n| Bonn | 1 |\n\nMore.\n")
    assert [heading.text for heading in extracted.headings] == ["Rates", "Rates > City | Sum", "Rates"]
    assert extracted.title == "Rates"


def test_a_long_section_is_shortened_and_the_names_of_columns_are_not(tmp_path):
    rows = [("Country of the journey", "Limit of the hotel"), ("Bonn", "1")]
    page = html_table(rows).replace("Rates", "Rates " * 80)
    extracted = html.extract(written(tmp_path, "a.html", page), LIMITS)
    told = extracted.headings[1].text
    assert told.endswith("… > Country of the journey | Limit of the hotel")
    assert len(told) <= 300


def test_covered_cells_of_an_opendocument_table_are_in_each_of_their_rows(tmp_path):
    body = (
        "<table:table><table:table-header-rows><table:table-row>"
        "<table:table-cell><text:p>1</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-spanned='2'><text:p>2</text:p></table:table-cell>"
        "<table:covered-table-cell/></table:table-row></table:table-header-rows>"
        "<table:table-row><table:table-cell table:number-rows-spanned='2'><text:p>Bonn</text:p></table:table-cell>"
        "<table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell>"
        "</table:table-row><table:table-row><table:covered-table-cell/>"
        "<table:table-cell><text:p>c</text:p></table:table-cell><table:table-cell><text:p>d</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    extracted = odt.extract(written(tmp_path, "a.odt", files.odt(body)), LIMITS)
    assert words(extracted) == "1 | 2\nBonn | a | b\nBonn | c | d"
    assert extracted.headings[0].text == "1 | 2 | 2"


def test_merged_cells_repeat_only_so_much(monkeypatch):
    monkeypatch.setattr(grids, "REPEATED_CHARACTERS", 20)
    grid = Grid()
    grid.add([Cell("twelve words", rows=10), Cell("a")])
    for _ in range(3):
        grid.add([Cell("b")])
    assert grid.table().lines == ["twelve words | a", "twelve words | b", "| b", "| b"]
