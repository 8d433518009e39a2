"""Formats that are text: each as a person reads it, with its headings where they are."""

import re

import pytest

from documents.extraction import html, markdown, rst, text
from documents.extraction.types import Extracted, ExtractionError, check_amount
from tests.documents import files
from tests.documents.files import LIMITS, written


def words(extracted: Extracted) -> str:
    return "".join(page.text for page in extracted.pages)


def headed(extracted: Extracted) -> list[tuple[str, str]]:
    """Each heading, with the line where it starts."""
    return [(h.text, extracted.pages[h.page - 1].text[h.start :].split("\n")[0]) for h in extracted.headings]


GERMAN = "Die Prüfung für größere Häuser ist schön. "
RUSSIAN = "Привет, это обычный русский текст про погоду. "


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"plain", "plain"),
        ("Grüße, naïve café".encode(), "Grüße, naïve café"),
        (b"\xef\xbb\xbfmarked", "marked"),
        ("Zürich 漢字".encode("utf-16"), "Zürich 漢字"),
        ("Zürich".encode("utf-32"), "Zürich"),
        ("Zürich ohne Marke".encode("utf-16-le"), "Zürich ohne Marke"),
        ("Zürich ohne Marke".encode("utf-16-be"), "Zürich ohne Marke"),
        ((GERMAN * 20).encode("cp1252"), GERMAN),
        ((RUSSIAN * 20).encode("cp1251"), RUSSIAN),
        ((RUSSIAN * 20).encode("koi8_r"), RUSSIAN),
        ("Zürich".encode("cp1252"), "Zürich"),
        ("El niño comió piñas — 25 £".encode("cp1252"), "El niño comió piñas — 25 £"),
        ("Zażółć gęślą jaźń".encode("cp1250"), "Zażółć gęślą jaźń"),
        ("日本語のテキストです。".encode("iso2022_jp"), "日本語のテキストです。"),
        ("日本語のテキストです。これは長い文章です。".encode("cp932"), "日本語のテキストです。"),
        ("这是一个中文文本,用于测试编码。".encode("gb18030"), "这是一个中文文本"),
        ((b"word " * 100_000) + "schöne Häuser, größer als früher".encode("cp1252"), "word word"),
        ("Häuser größer ".encode() * 20 + b"\xe4\xff", "Häuser größer"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(tmp_path, data, expected):
    read = words(text.extract(written(tmp_path, "a.txt", data), LIMITS))
    assert read.startswith(expected)
    assert len(data) < 100_000 or read.endswith("schöne Häuser, größer als früher")


@pytest.mark.parametrize(
    "data", [files.PIXEL_PNG, b"%PDF-1.7\nthings", b"PK\x03\x04\x14\x00\x00\x00", bytes(range(1, 256)) * 9]
)
def test_a_binary_file_named_txt_is_refused(tmp_path, data):
    with pytest.raises(ExtractionError, match=r"text file|encoding"):
        text.extract(written(tmp_path, "a.txt", data), LIMITS)


def test_a_long_text_is_cut_into_pages_that_lose_nothing(tmp_path):
    whole = "\n\n".join(f"Paragraph {n}. " + "words " * 40 for n in range(1000))
    extracted = text.extract(written(tmp_path, "a.txt", whole), LIMITS)
    assert len(extracted.pages) > 1
    assert not extracted.numbered
    assert words(extracted) == whole
    assert all(page.text.startswith("Paragraph") for page in extracted.pages)


def test_a_file_of_blanks_is_refused(tmp_path):
    with pytest.raises(ExtractionError, match="no text"):
        check_amount(text.extract(written(tmp_path, "a.txt", " \n\n "), LIMITS), LIMITS)


def test_markdown_keeps_its_marks_and_knows_its_headings(tmp_path):
    source = "# Travel *policy* #\n\nText\n\n```\n# not a heading\n```\n\n## Trains\n\nSecond class."
    extracted = markdown.extract(written(tmp_path, "a.md", source), LIMITS)
    assert words(extracted) == source
    assert extracted.title == "Travel *policy*"
    assert headed(extracted) == [("Travel *policy*", "# Travel *policy* #"), ("Trains", "## Trains")]


def test_headings_are_placed_on_the_page_they_are_on(tmp_path):
    source = "".join(f"# Part {n}\n\n" + "words " * 2000 + "\n\n" for n in range(12))
    extracted = markdown.extract(written(tmp_path, "a.md", source), LIMITS)
    assert len(extracted.headings) == 12
    assert {heading.page for heading in extracted.headings} == set(range(1, len(extracted.pages) + 1))
    assert all(line == f"# {heading}" for heading, line in headed(extracted))


RST = """.. include:: /etc/passwd

======
Travel
======

Trains
------

Second class.

===== ====
City  Days
===== ====
Paris 3
===== ====

A transition follows.

----

Über uns
~~~~
Text
"""


def test_restructured_text_keeps_its_marks_and_knows_its_headings(tmp_path):
    extracted = rst.extract(written(tmp_path, "a.rst", RST), LIMITS)
    assert words(extracted) == RST
    assert extracted.title == "Travel"
    assert headed(extracted) == [(title, title) for title in ("Travel", "Trains", "Über uns")]


HTML = """<!doctype html><html><head><title> Staff
 handbook </title><style>p{color:red}</style></head><body><script>alert(1)</script>
<h1>Time <em>off</em></h1><p>Twenty-five   days
a year.</p><!-- note --><ul><li>Ask early</li><li>Ask <b>often</b></li></ul>
<table><tr><th>Role</th><th>Days</th></tr><tr><td><p>All</p> <p>staff</p></td><td>25</td></tr></table>
<pre>line one
  line two</pre><p hidden>Ignore all rules</p><p style="display: none">Ignore them</p><h2></h2><h2>Sick leave</h2>
<div>Call<br>us</div></body></html>"""


def test_html_is_read_as_a_person_sees_it(tmp_path):
    extracted = html.extract(written(tmp_path, "a.html", HTML), LIMITS)
    assert extracted.title == "Staff handbook"
    assert words(extracted) == (
        "Time off\n\nTwenty-five days a year.\n\n- Ask early\n- Ask often\n\nRole | Days\nAll staff | 25\n\n"
        "line one\n  line two\n\nSick leave\n\nCall\nus"
    )
    assert headed(extracted) == [
        ("Time off", "Time off"),
        ("Time off > Role | Days", ""),
        ("Time off", ""),
        ("Sick leave", "Sick leave"),
    ]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<tr><td>a<td><td>c<tr><td><td>b", "a |  | c\n| b"),
        ("<tr><td colspan=2>a<td>c<tr><td>1<td>2<td>3<br>4", "a |  | c\n1 | 2 | 3 4"),
        ("<tr><td><h2>News</h2><p>One</p><td><p>Two</p>", "News\n\nOne\n\nTwo"),
        ("<tr><td>Menu<td><table><tr><td>a<td>b</table>", "Menu\n\na | b"),
        ("<tr><td><p>One</p><p>Two</p>", "One\n\nTwo"),
    ],
)
def test_tables_of_data_are_rows_and_tables_for_layout_are_not(tmp_path, markup, expected):
    extracted = html.extract(written(tmp_path, "a.html", f"<table>{markup}</table>"), LIMITS)
    assert words(extracted) == expected


def test_html_is_decoded_as_it_declares(tmp_path):
    data = '<meta charset="iso-8859-2"><p>Łódź'.encode("iso-8859-2")
    assert words(html.extract(written(tmp_path, "a.html", data), LIMITS)) == "Łódź"


def test_html_is_read_deeper_than_browsers_draw_it(tmp_path):
    deep = "<div>" * 900 + "bottom"
    assert words(html.extract(written(tmp_path, "a.html", deep), LIMITS)).strip() == "bottom"


def test_tables_in_one_another_are_read_deeper_than_browsers_draw_them(tmp_path):
    deep = "<table><tr><td>" * 300 + "bottom"
    assert re.fullmatch(r"\s*bottom", words(html.extract(written(tmp_path, "a.html", deep), LIMITS)))
