"""Spreadsheets as they are shown: numbers by their formats, comments, merged cells, formulas, hidden sheets."""

import datetime

import openpyxl
import pytest
from openpyxl.comments import Comment

from documents.extraction import reading, xlsx
from documents.extraction.number_formats import shown_number, shown_text
from documents.extraction.types import Extracted
from tests.documents import files
from tests.documents.files import LIMITS, written

ACCOUNTS = '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (7, "00000", "00007"),
        (1234.5, '#,##0.00 "EUR"', "1,234.50 EUR"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, "$#,##0.00_);[Red]($#,##0.00)", "$1,234.50"),
        (-1234.5, "$#,##0.00_);[Red]($#,##0.00)", "($1,234.50)"),
        (1234.5, ACCOUNTS, "1,234.50 €"),
        (0, ACCOUNTS, "- €"),
        (0.155, "0.0%", "15.5%"),
        (2.675, "0.00", "2.68"),
        (1234567, "#,##0", "1,234,567"),
        (0.5, ".00", ".50"),
        (2, "0.##", "2"),
        (-5, "0.0", "-5.0"),
        (-0.001, "0.00", "0.00"),
        (-5, "0.00_);(0.00)", "(5.00)"),
        (0, '0;-0;"none"', "none"),
        (-3, '[<0]"minus "0;0', "minus 3"),
        (1500, '[>=1000]#,##0,"K";0', "2K"),
        (500, '[>=1000]#,##0,"K";0', "500"),
        (1500000, '0.0,,"M"', "1.5M"),
        (5551234567, "(000) 000-0000", "(555) 123-4567"),
        (12, '"No. "0', "No. 12"),
        (12, 'General" pcs"', "12 pcs"),
        (7, ";;;", ""),
        (1.5, "# ?/?", "1 1/2"),
        (2, "# ?/?", "2"),
        (1.5, "?/?", "3/2"),
        (0.3333, "# ??/16", "5/16"),
        (1234567.891, "0.00E+00", "1.23E+06"),
        (0.000123, "0.0E+0", "1.2E-4"),
        (12345.6, "##0.0E+0", "12.3E+3"),
        (0.1 + 0.2, "General", "0.3"),
        (1e15, "General", "1000000000000000"),
        (1e-7, "General", "0.0000001"),
        (46096, "yyyy-mm-dd", "2026-03-15"),
        (46096, "dd.mm.yyyy", "15.03.2026"),
        (46096, "[$-407]dddd, d. mmmm yyyy", "Sunday, 15. March 2026"),
        (46096, 'yyyy"年"m"月"d"日"', "2026年3月15日"),
        (46113.60416666666, "yyyy-mm-dd h:mm:ss", "2026-04-01 14:30:00"),
        (46096.75, "m/d/yy h:mm AM/PM", "3/15/26 6:00 PM"),
        (46096.5, "hh:mm:ss.000", "12:00:00.000"),
        (0.999988425925926, "hh:mm:ss", "23:59:59"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (1.25, "[h]:mm:ss", "30:00:00"),
        (0.0625, "[mm]:ss", "90:00"),
        (-1, "yyyy-mm-dd", "-1"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
    ],
)
def test_numbers_are_shown_by_the_formats_of_their_cells(value, code, shown):
    assert shown_number(value, code) == shown


def test_a_condition_that_is_no_number_applies_to_nothing():
    assert shown_text("A7", "[>1.2.3]0;@") == "A7"
    assert shown_number(7, "[>1.2.3]0;@") == "7"


def test_texts_are_shown_by_the_formats_of_their_cells():
    assert shown_text("A7", '"No. "@') == "No. A7"
    assert shown_text("A7", "00000") == "A7"
    assert shown_text("A7", '0;0;0;"x" @') == "x A7"


@pytest.mark.parametrize(
    "code", ["[", '"', "\\", "0/", "?" * 255, "[>", ";;;;;", "E+", "0E", "[h", "#" * 200 + ".", "@@"]
)
def test_a_malformed_format_shows_something(code):
    assert isinstance(shown_number(12.5, code), str)


def read(folder, workbook) -> tuple[Extracted, list[str]]:
    with reading.begin() as notes:
        extracted = xlsx.extract(written(folder, "a.xlsx", files.saved(workbook.save)), LIMITS)
    return extracted, [str(note.value) for note in notes.notes()]


def test_dates_count_from_1904_where_the_spreadsheet_says_so(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    workbook.active.append([datetime.date(2026, 3, 15)])
    assert read(tmp_path, workbook)[0].pages[0].text == "2026-03-15"


def test_dates_in_the_order_of_a_country_are_written_so_that_all_understand_them(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.append([datetime.datetime(2026, 3, 5, 14, 30), datetime.date(2026, 3, 5)])
    workbook.active["A1"].number_format, workbook.active["B1"].number_format = "m/d/yy h:mm", "mm-dd-yy"
    assert read(tmp_path, workbook)[0].pages[0].text == "2026-03-05 14:30 | 2026-03-05"


def test_comments_stand_behind_their_cells(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.append(["Item", "Sum"])
    workbook.active.append(["Rent", 5])
    for place in ("A2", "D2", "B9"):
        workbook.active[place].comment = Comment(f"Look at {place}.", "Ada")
    assert read(tmp_path, workbook)[0].pages[0].text == (
        "Item | Sum\nRent (Comment: Look at A2.) | 5 |  | (Comment: Look at D2.)\n\n\n\n\n\n\n| (Comment: Look at B9.)"
    )


def test_threads_of_comments_are_read_once_and_whole(tmp_path):
    data = files.xlsx(Data=[["Rent"]])
    old = (
        "<comments xmlns='m'><commentList><comment ref='A1'><text><t>[Threaded comment]\n\nYour version …\n\n"
        "Comment:\n    Too high?</t></text></comment><comment ref='A7'><text><t>Below.</t></text></comment>"
        "</commentList></comments>"
    )
    threads = (
        "<ThreadedComments xmlns='t'><threadedComment ref='A1' id='1'><text>Too high?</text></threadedComment>"
        "<threadedComment ref='A1' id='2' parentId='1'><text>No.</text></threadedComment></ThreadedComments>"
    )
    relations = (
        "<Relationships xmlns='r'><Relationship Id='a' Type='x/comments' Target='../comments1.xml'/>"
        "<Relationship Id='b' Type='x/threadedComment' Target='../threaded1.xml'/></Relationships>"
    )
    for name, part in [
        ("xl/worksheets/_rels/sheet1.xml.rels", relations),
        ("xl/comments1.xml", old),
        ("xl/threaded1.xml", threads),
    ]:
        data = files.added(data, name, part)
    extracted = xlsx.extract(written(tmp_path, "a.xlsx", data), LIMITS)
    assert extracted.pages[0].text == "Rent (Comment: Too high?) (Comment: No.)\nComment on row 7: Below."


def test_merged_cells_are_in_each_of_their_rows_and_name_the_columns_below_them(tmp_path):
    workbook = openpyxl.Workbook()
    for cells in (["City", "2024", None], [None, "Sales", "Costs"], ["Bonn", 1, 2], [None, 3, 4], ["Ulm", 5, 6]):
        workbook.active.append(cells)
    for place in ("B1:C1", "A3:A4", "A1:A2"):
        workbook.active.merge_cells(place)
    extracted, _ = read(tmp_path, workbook)
    assert extracted.pages[0].text == "City | 2024\nCity | Sales | Costs\nBonn | 1 | 2\nBonn | 3 | 4\nUlm | 5 | 6"
    assert extracted.headings[-1].text == "City | 2024 Sales | 2024 Costs"
    assert extracted.pages[0].text[extracted.headings[-1].start :].startswith("Bonn")


def test_an_empty_first_cell_of_two_rows_of_names_moves_no_name(tmp_path):
    book = openpyxl.Workbook()
    rows = [["Region", 2024, None, 2025, None], [None, "Sales", "Costs", "Sales", "Costs"], ["Cork", 1, 2, 3, 4]]
    for cells in rows:
        book.active.append(cells)
    book.active.merge_cells("B1:C1")
    book.active.merge_cells("D1:E1")
    book.save(tmp_path / "a.xlsx")
    names = "Region | 2024 Sales | 2024 Costs | 2025 Sales | 2025 Costs"
    assert xlsx.extract(tmp_path / "a.xlsx", LIMITS).headings[-1].text == names
    book.active["A1"], book.active["A2"] = None, "Region"
    book.save(tmp_path / "b.xlsx")
    assert xlsx.extract(tmp_path / "b.xlsx", LIMITS).headings[-1].text == names


def test_formulas_without_a_stored_value_and_hidden_sheets_are_noted(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.append(["Sum", "=SUM(A1:A2)", "=A1"])
    hidden = workbook.create_sheet("Secret")
    hidden.append(["not shown"])
    hidden.sheet_state = "hidden"
    extracted, notes = read(tmp_path, workbook)
    assert extracted.pages[0].text == "Sum | =SUM(A1:A2) | =A1"
    assert notes == ["cells with formulas whose value is not stored in the file", "the hidden sheet “Secret”"]
