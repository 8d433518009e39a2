"""Formats of data: tables with their row numbers, JSON with its paths."""

import datetime

import openpyxl
import pytest

from documents.extraction import csv, json, xlsx
from documents.extraction.types import Extracted, ExtractionError, Limits
from tests.documents import files
from tests.documents.files import LIMITS, written


def rows(extracted: Extracted) -> list[tuple[str, int, list[str]]]:
    """(label, number of the first row, lines) of each page."""
    return [(page.label, page.first_row or 0, page.text.split("\n")) for page in extracted.pages]


def names(extracted: Extracted) -> list[str]:
    return [heading.text for heading in extracted.headings if heading.text]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Name,Days\nAnn,25\nBob,30\n", "a.csv"),
        ("Name;Days\r\nAnn;25\r\nBob;30\r\n", "a.csv"),
        ("Name\tDays\nAnn\t25\nBob\t30\n", "a.csv"),
        ("Name|Days\nAnn|25\nBob|30\n", "a.csv"),
        ("sep=;\nName;Days\nAnn;25\nBob;30\n", "a.csv"),
        ("Name\tDays\nAnn\t25\nBob\t30\n", "a.tsv"),
        ('"Name","Days"\n"Ann","25"\n"Bob","30"\n', "a.csv"),
        ("Name;Days\nAnn;25\nBob;30\n".encode("utf-16"), "a.csv"),
    ],
)
def test_a_table_as_text_is_read_whatever_separates_its_cells(tmp_path, data, name):
    extracted = csv.extract(written(tmp_path, name, data), LIMITS)
    assert rows(extracted) == [("", 1, ["Name | Days", "Ann | 25", "Bob | 30"])]
    assert names(extracted) == ["Name | Days"]
    assert extracted.pages[0].text[extracted.headings[-1].start :] == "Ann | 25\nBob | 30"


def test_decimal_commas_do_not_separate_cells(tmp_path):
    extracted = csv.extract(written(tmp_path, "a.csv", "Meier;1,5;2,5\nHuber;2,5;3,5\n"), LIMITS)
    assert rows(extracted)[0][2] == ["Meier | 1,5 | 2,5", "Huber | 2,5 | 3,5"]


def test_a_cell_of_several_lines_is_one_row(tmp_path):
    extracted = csv.extract(written(tmp_path, "a.csv", 'Name,Note\nAnn,"one\ntwo"\n\nBob,three\n'), LIMITS)
    assert rows(extracted)[0][2] == ["Name | Note", "Ann | one two", "", "Bob | three"]


def test_a_stray_quote_swallows_no_rows(tmp_path):
    extracted = csv.extract(written(tmp_path, "a.tsv", 'Part\tSize\npipe\t"5\nrod\t3\n'), LIMITS)
    assert rows(extracted)[0][2] == ["Part | Size", 'pipe | "5', "rod | 3"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Budget 2024", "", "Team,Sum", "A,1"], ["Team | Sum"]),
        (["Region,2023,2024", "North,1,2"], ["Region | 2023 | 2024"]),
        (["1,2", "3,4"], []),
        (["Ann,25", "Bob,30"], []),
        (["one", "two"], []),
    ],
)
def test_the_row_that_names_the_columns_is_the_heading_of_the_rows_below(tmp_path, lines, expected):
    assert names(csv.extract(written(tmp_path, "a.csv", "\n".join(lines)), LIMITS)) == expected


def test_a_long_table_is_cut_into_pages_between_rows(tmp_path):
    data = "Name,Text\n" + "".join(f"n{row},{'word ' * 20}\n" for row in range(2, 3001))
    extracted = csv.extract(written(tmp_path, "a.csv", data), LIMITS)
    assert len(extracted.pages) > 1
    for _, first, lines in rows(extracted)[1:]:
        assert lines[0].startswith(f"n{first} |")
    assert sum(len(lines) for _, _, lines in rows(extracted)) == 3000


def test_a_table_is_read_no_further_than_its_limit(tmp_path):
    with pytest.raises(ExtractionError, match="at most 1,000 characters"):
        csv.extract(written(tmp_path, "a.csv", "a,b\n" * 1000), Limits(1024, 30, 10, 1000))


JSON = (
    '{"name": "Acme \\u00fc", "price": 25.50, "big": 12345678901234567890.12, "none": null, "tags": ["a", "b"], '
    '"staff": [{"name": "Ann", "address": {"street": "' + "x" * 90 + '", "zip": "1"}}, {"name": "Bob"}]}'
)


def test_json_is_laid_out_with_its_numbers_as_written(tmp_path):
    page = json.extract(written(tmp_path, "a.json", JSON), LIMITS).pages[0].text
    assert page.startswith(
        '{\n  "name": "Acme ü",\n  "price": 25.50,\n  "big": 12345678901234567890.12,\n  "none": null,\n'
        '  "tags": ["a", "b"],\n  "staff": [\n    {\n      "name": "Ann",\n      "address": {\n'
    )
    assert page.endswith('    {"name": "Bob"}\n  ]\n}\n')


def test_json_says_the_path_to_each_part(tmp_path):
    extracted = json.extract(written(tmp_path, "a.json", JSON), LIMITS)
    page = extracted.pages[0].text
    assert ("staff > 1 > address", '"address": {') in [
        (heading.text, page[heading.start :].split("\n")[0].strip()) for heading in extracted.headings
    ]
    assert [name for name in names(extracted) if name.startswith("staff")] == [
        *("staff", "staff > 1", "staff > 1 > address", "staff > 1", "staff > 2", "staff"),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"a": [1, 2', r"not valid JSON: .* in line 1, column 12"),
        ("a: 1", "not valid JSON: Expecting value in line 1, column 1"),
        ('{"a": 1}\n{"a": 2}', "Extra data in line 2"),
    ],
)
def test_json_that_is_cut_or_none_says_where(tmp_path, data, message):
    with pytest.raises(ExtractionError, match=message):
        json.extract(written(tmp_path, "a.json", data), LIMITS)


def test_a_spreadsheet_is_read_sheet_by_sheet_with_true_row_numbers(tmp_path):
    workbook = openpyxl.Workbook()
    budget = workbook.active
    budget.title = "Budget"
    budget["A1"] = "Budget 2024"
    budget.append([])
    budget.append(["Team", "Amount", "Share", "Due", "Paid"])
    budget.append(["Sales", 1200.5, 0.25, datetime.date(2024, 5, 3), True])
    budget["C4"].number_format = "0%"
    budget.append(["IT", 0.1 + 0.2, None, datetime.datetime(2024, 5, 3, 14, 30), "a\nb"])
    budget["B2000"] = "far below"
    workbook.create_sheet("Empty")
    secret = workbook.create_sheet("Secret")
    secret["A1"], secret.sheet_state = "not shown", "hidden"
    workbook.create_sheet("Plain").append([1, 2])
    extracted = xlsx.extract(written(tmp_path, "a.xlsx", files.saved(workbook.save)), LIMITS)
    assert rows(extracted) == [
        (
            "Budget",
            1,
            [
                "Budget 2024",
                "",
                "Team | Amount | Share | Due | Paid",
                "Sales | 1200.5 | 25% | 2024-05-03 | TRUE",
                "IT | 0.3 |  | 2024-05-03 14:30:00 | a b",
            ],
        ),
        ("Budget", 2000, ["| far below"]),
        ("Plain", 1, ["1 | 2"]),
    ]
    assert [(heading.page, heading.text) for heading in extracted.headings] == [
        (1, ""),
        (1, "Team | Amount | Share | Due | Paid"),
        (3, ""),
    ]


def test_a_sheet_that_says_a_wrong_size_is_read_whole(tmp_path):
    data = files.xlsx(Data=[["Name", "Days"], ["Ann", 25]])
    sheet = files.part(data, "sheet1.xml").replace(b"<sheetData>", b'<dimension ref="A1"/><sheetData>')
    extracted = xlsx.extract(written(tmp_path, "a.xlsx", files.changed(data, "sheet1.xml", sheet)), LIMITS)
    assert rows(extracted)[0][2] == ["Name | Days", "Ann | 25"]


def test_a_spreadsheet_is_read_no_further_than_its_limit(tmp_path):
    data = files.xlsx(Data=[["word " * 20] for _ in range(100)])
    with pytest.raises(ExtractionError, match="too much text"):
        xlsx.extract(written(tmp_path, "a.xlsx", data), Limits(1024, 30, 10, 1000))
