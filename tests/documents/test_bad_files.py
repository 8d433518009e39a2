"""Files that are broken, locked, something else than their name says, or made to do harm: each is told what it is."""

import io
import random
import re
import struct
import zipfile
from dataclasses import replace

import pytest

from documents.extraction import sandbox
from documents.extraction.registry import FORMATS
from documents.extraction.types import ExtractionError
from tests.documents import files
from tests.documents.files import LIMITS, ODT_TYPE, written

MB = 1024 * 1024
DOCX, PPTX, XLSX, ODT = (
    files.docx("Text."),
    files.pptx("Title"),
    files.xlsx(Data=[["a", 1]]),
    files.odt("<text:p>a</text:p>"),
)
OFFICE = [("a.docx", DOCX), ("a.pptx", PPTX), ("a.xlsx", XLSX), ("a.odt", ODT)]
# The first suffix of each format.
ONE_OF_EACH = {kind.module: suffix for suffix, kind in reversed(FORMATS.items())}.values()
PLAIN_ZIP = files.zipped({"notes.txt": "text"})


def told(folder, name: str, data: bytes | str, **limits: int) -> str:
    """What the owner of the file is told, after it was read as the worker reads it."""
    module = FORMATS[name[name.rindex(".") :] if "." in name else ""].module
    with pytest.raises(ExtractionError) as failure:
        sandbox.extract(written(folder, name, data), module, replace(LIMITS, **limits))
    return failure.value.message


@pytest.mark.parametrize("suffix", ONE_OF_EACH)
def test_an_empty_file_is_told(tmp_path, suffix):
    assert told(tmp_path, f"a{suffix}", "").startswith("This file is empty.")


@pytest.mark.parametrize("suffix", ONE_OF_EACH)
def test_a_file_of_nothing_but_space_is_told_of(tmp_path, suffix):
    assert told(tmp_path, f"a{suffix}", " \n ").startswith("This")


@pytest.mark.parametrize(
    ("name", "data", "what", "remedy"),
    [
        ("a.docx", files.pdf("Text."), "is a PDF, though its name ends in .docx", "the ending .pdf"),
        ("a.txt", DOCX, "is a Word document, though its name ends in .txt", "the ending .docx"),
        ("a.csv", XLSX, "is a spreadsheet", "the ending .xlsx"),
        ("a.xlsx", PPTX, "is a presentation", "the ending .pptx"),
        ("a.docx", ODT, "is an OpenDocument text", "the ending .odt"),
        ("a.docx", rb"{\rtf1 Text.}", "is an RTF document", "the ending .rtf"),
        ("a.txt", PLAIN_ZIP, "is a zip archive", "Unpack it"),
        ("a.xlsx", PLAIN_ZIP, "is a zip archive", "Unpack it"),
        (
            "a.odt",
            files.zipped({"mimetype": ODT_TYPE.replace("text", "spreadsheet")}),
            "OpenDocument sp",
            "ending .ods",
        ),
        ("a.pdf", b"MZ\x90\0\x03\0\0\0", "is a Windows program", "cannot be read. These can: .adoc"),
        ("a.md", files.PIXEL_PNG, "is a picture", "the ending .png"),
        ("a.json", b"\x1f\x8b\x08\0\0\0", "is a packed archive", "cannot be read"),
        ("a.docx", files.container("WordDocument"), "is an old Word document", "save it as .docx"),
        ("a.pptx", files.container("PowerPoint Document"), "is an old presentation", "save it as .pptx"),
        ("a.xlsx", files.container("Workbook"), "is an old spreadsheet", "the ending .xls"),
        ("a.eml", files.container("__nameid_version1.0"), "is an Outlook mail", "the ending .msg"),
        ("README", files.pdf("Text."), "is a PDF, though its name has no ending", "the ending .pdf"),
        ("a.docm", XLSX, "is a spreadsheet, though its name ends in .docm", "the ending .xlsx"),
    ],
)
def test_a_file_under_a_wrong_name_is_told_what_it_is(tmp_path, name, data, what, remedy):
    message = told(tmp_path, name, data)
    assert what in message
    assert remedy in message


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.odt"])
def test_text_under_the_name_of_an_office_file_is_told(tmp_path, name):
    assert f"This is not a {name[1:]} file" in told(tmp_path, name, "<html>Exported by a program</html>")


def locked_zip(data: bytes) -> bytes:
    """The archive with all its files marked as encrypted."""
    changed = bytearray(data)
    place = changed.find(b"PK\x01\x02")
    while place >= 0:
        changed[place + 8] |= 1
        place = changed.find(b"PK\x01\x02", place + 4)
    return bytes(changed)


ENCRYPTED_ODT = files.odt("", parts={"META-INF/manifest.xml": "<m:file-entry><m:encryption-data/></m:file-entry>"})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", files.container("EncryptionInfo", "EncryptedPackage")),
        ("a.pptx", files.container("EncryptionInfo", "EncryptedPackage")),
        ("a.xlsx", files.container("EncryptionInfo", "EncryptedPackage")),
        ("a.odt", ENCRYPTED_ODT),
        ("a.docx", locked_zip(DOCX)),
        ("a.pdf", files.pdf("Secret", password="open sesame")),
    ],
)
def test_a_file_with_a_password_is_told(tmp_path, name, data):
    assert "password-protected. Remove the password" in told(tmp_path, name, data)


@pytest.mark.parametrize(("name", "data"), [*OFFICE, ("a.rtf", rb"{\rtf1 {\b Some text} and more.}")])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_cut_file_is_told(tmp_path, name, data, kept):
    assert "damaged or not complete" in told(tmp_path, name, data[: int(len(data) * kept)])


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("a.docx", DOCX, "word/document.xml"),
        ("a.pptx", PPTX, "slides/slide1.xml"),
        ("a.xlsx", XLSX, "sheet1.xml"),
        ("a.odt", ODT, "content.xml"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"<a><b></a>", b"\x89PNG\r\n"])
def test_a_damaged_part_is_told(tmp_path, name, data, part, content):
    message = told(tmp_path, name, files.changed(data, part, content))
    assert "damaged" in message


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>'
ENTITIES = [
    BOMB.encode(),
    f'<?xml version="1.0"?>\n<!-- a > b --> {BOMB}'.encode(),
    f'<?xml version="1.0" encoding="UTF-16"?>{BOMB}'.encode("utf-16"),
    f"\ufeff{BOMB}".encode(),
    BOMB.encode("utf-16-be"),
    f"<!--{'x' * 70_000}-->{BOMB}".encode(),
]


@pytest.mark.parametrize("xml", ENTITIES)
@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("a.docx", DOCX, "word/document.xml"),
        ("a.pptx", PPTX, "slides/slide1.xml"),
        ("a.xlsx", XLSX, "sheet1.xml"),
        ("a.odt", ODT, "content.xml"),
    ],
)
def test_declared_entities_are_never_read(tmp_path, name, data, part, xml):
    assert "declares XML entities" in told(tmp_path, name, files.changed(data, part, xml))


@pytest.mark.parametrize(("name", "data"), OFFICE)
def test_a_zip_bomb_is_not_opened(tmp_path, name, data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    bomb = files.zipped({**parts, "bomb.xml": bytes(60 * MB)})
    assert len(bomb) < MB
    assert "packed so densely" in told(tmp_path, name, bomb)


def with_size(data: bytes, part: str, size: int) -> bytes:
    """The archive with another unpacked size of `part` in its list of contents."""
    changed = bytearray(data)
    name = part.encode()
    place = changed.find(b"PK\x01\x02")
    while changed[place + 46 : place + 46 + len(name)] != name:
        place = changed.find(b"PK\x01\x02", place + 4)
    struct.pack_into("<I", changed, place + 24, size)
    return bytes(changed)


def test_a_zip_bomb_that_lies_about_its_size_is_read_no_further_than_that(tmp_path):
    bomb = with_size(files.changed(DOCX, "word/document.xml", b"<a>" + b" " * 60 * MB), "word/document.xml", 1000)
    assert "damaged or not complete" in told(tmp_path, "a.docx", bomb, memory_mb=128)


def test_a_file_that_unpacks_to_gigabytes_is_told_how_many_are_read(tmp_path):
    noise = random.Random(3).randbytes(16 * MB)
    large = with_size(
        files.zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": "<a/>", "xl/b": noise}), "xl/a.xml", 3000 * MB
    )
    assert "unpacks to 3,016 MB; at most 2,000 MB more" in told(tmp_path, "a.xlsx", large)


def test_an_xml_part_too_large_for_memory_is_told(tmp_path):
    noise = random.Random(3).randbytes(MB)
    text = b"<a>" + b" " * 65 * MB + b"</a>"
    large = files.zipped({"[Content_Types].xml": "<a/>", "word/document.xml": text, "word/media/a.png": noise})
    relations = '<r><r Id="1" Type="x/officeDocument" Target="word/document.xml"/></r>'
    large = files.added(large, "_rels/.rels", relations)
    assert "more than 64 MB of text and formats in one piece" in told(tmp_path, "a.docx", large)


def test_a_pdf_of_ten_thousand_pages_is_told_how_many_are_read(tmp_path):
    message = told(tmp_path, "a.pdf", files.long_pdf(10_000), max_pages=5000)
    assert message == "This file has 10,000 pages; at most 5,000 are read. Split it into several files."


def test_a_huge_spreadsheet_is_read_no_further_than_its_limit(tmp_path):
    noise = random.Random(3)
    data = files.xlsx(Data=([f"{noise.random()}" for _ in range(20)] for _ in range(1_000)))
    assert "at most 100,000 characters are read" in told(tmp_path, "a.xlsx", data, max_chars=100_000)


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="999999999"><c r="A999999999" t="str"><v>far</v></c></row>',
        b'<row r="1"><c r="ZZZZ1" t="str"><v>far</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
    ],
)
def test_cells_where_no_cell_can_be_are_told(tmp_path, rows):
    sheet = files.part(XLSX, "sheet1.xml")
    start, end = sheet.index(b"<row"), sheet.index(b"</sheetData>")
    data = files.changed(XLSX, "sheet1.xml", sheet[:start] + rows + sheet[end:])
    assert "Sheet “Data”: This spreadsheet is damaged" in told(tmp_path, "a.xlsx", data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", "[" * 100_000 + "]" * 100_000),
        ("a.odt", files.odt("<text:section>" * 5000 + "<text:p>deep</text:p>" + "</text:section>" * 5000)),
    ],
)
def test_what_is_nested_too_deeply_is_told(tmp_path, name, data):
    assert re.search("nested too deeply|levels deep", told(tmp_path, name, data))
