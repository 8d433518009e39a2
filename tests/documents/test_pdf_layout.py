"""The text of PDF pages: whole, whichever way they are turned, and in the order in which people read it."""

import pytest

from documents.extraction import pdf, sandbox
from documents.extraction.hyphens import HyphenJoiner
from documents.extraction.types import Heading
from tests.documents.files import LIMITS, written
from tests.documents.pdf_pages import Page, column, line, pages_pdf, table, text

MODULE = "documents.extraction.pdf"
ROWS = [f"Item {number:02} North {100 + number} South {200 + number} Sum {300 + 2 * number}" for number in range(25)]


@pytest.fixture
def read(tmp_path):
    def read(*pages: Page, form: bool = False) -> list[str]:
        extracted = pdf.extract(written(tmp_path, "a.pdf", pages_pdf(*pages, form=form)), LIMITS)
        return [page.text for page in extracted.pages]

    return read


def turned(angle: int, rows: list[str], size: tuple[float, float] = (595, 842)) -> str:
    """Rows from the top, as they are seen when a page is turned by `angle` degrees, clockwise."""
    width, height = size
    place = {
        0: lambda n: (40, height - 40 - 20 * n),
        90: lambda n: (40 + 20 * n, 40),
        180: lambda n: (width - 40, 40 + 20 * n),
        270: lambda n: (width - 40 - 20 * n, height - 40),
    }[angle]
    return "".join(text(*place(number), row, angle=angle) for number, row in enumerate(rows))


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_turned_pages_keep_every_line_from_top_to_bottom(read, angle):
    assert read(Page(turned(angle, ROWS), f"/Rotate {angle}")) == ["\n".join(ROWS)]


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_text_that_does_not_turn_with_its_page_is_whole(read, angle):
    rows = [f"Line {number} of a page" for number in range(10)]
    content = "".join(text(60, 800 - 80 * number, row) for number, row in enumerate(rows))
    assert read(Page(content, f"/Rotate {angle}", box=(0, 0, 842, 595))) == ["\n".join(rows)]


def test_pages_of_one_file_can_be_turned_differently(read):
    pages = [Page(turned(angle, ROWS[:3]), f"/Rotate {angle}") for angle in (0, 90, 180, 270)]
    assert read(*pages) == ["\n".join(ROWS[:3])] * 4


@pytest.mark.parametrize(
    ("keys", "box"),
    [
        ("/UserUnit 2.5", (0, 0, 595, 842)),
        ("/CropBox[-100 -100 400 500]", (-200, -200, 600, 700)),
        ("/CropBox[20 300 595 842]", (0, 0, 595, 842)),
        ("/Rotate 90/CropBox[100 200 500 800]", (50, 100, 595, 842)),
    ],
)
def test_boxes_that_do_not_begin_at_zero_lose_nothing(read, keys, box):
    rows = ["The first line of it.", "The second line of it.", "The last line of it."]
    content = "".join(text(120, 460 - 20 * number, row) for number, row in enumerate(rows))
    assert read(Page(content, keys, box)) == ["\n".join(rows)]


LEFT = [
    "The northern depot stores winter",
    "tyres and keeps them dry. It opens",
    "at six and closes at nine in the",
    "evening. Its chief is Ms Petrova",
    "who joined in the spring.",
]
RIGHT = [
    "The southern depot repairs and",
    "paints trailers. It opens at ten",
    "and closes at four in the after-",
    "noon. Its chief is Mr Okafor who",
    "came from the harbour office.",
]
RIGHT_READ = "\n".join(RIGHT).replace("after-\nnoon", "afternoon")


def rowwise(*columns: list[str], top: float = 700, apart: float = 200) -> str:
    """Columns as some programs write them: line by line across the page."""
    return "".join(
        text(50 + apart * place, top - 14 * number, words)
        for number, row in enumerate(zip(*columns, strict=True))
        for place, words in enumerate(row)
    )


def test_columns_are_read_one_after_the_other(read):
    page = text(50, 740, "A heading over both columns, which is as wide as they are") + rowwise(LEFT, RIGHT)
    page += text(50, 600, "Under them a last sentence runs across the whole of the page again.")
    (read_text,) = read(Page(page))
    assert read_text == "\n".join(
        [
            "A heading over both columns, which is as wide as they are",
            *LEFT,
            RIGHT_READ,
            "Under them a last sentence runs across the whole of the page again.",
        ]
    )


def test_three_columns_are_read_one_after_the_other(read):
    (read_text,) = read(Page(rowwise(LEFT, RIGHT, LEFT, apart=190)))
    assert read_text == "\n".join([*LEFT, RIGHT_READ, *LEFT])


def test_columns_that_are_written_as_columns_stay_so(read):
    (read_text,) = read(Page(column(50, 700, LEFT) + column(300, 700, RIGHT)))
    assert read_text == "\n".join([*LEFT, RIGHT_READ])


def test_columns_of_which_one_is_longer(read):
    page = rowwise(LEFT, RIGHT) + column(50, 630, ["It also has a canteen for", "everyone who works there."])
    (read_text,) = read(Page(page))
    assert read_text == "\n".join([*LEFT, "It also has a canteen for", "everyone who works there.", RIGHT_READ])


def test_columns_of_a_page_that_lies_upside_down(read):
    assert read(Page(rowwise(LEFT, RIGHT), "/Rotate 180")) == ["\n".join([*LEFT, *RIGHT_READ.splitlines()])]


def test_columns_of_short_sections(read):
    left = ["1 Scope", "This policy applies to all", "employees of the company and", "its branches abroad."]
    right = ["2 Travel", "Trains come first. Flights need", "an approval by the manager of", "the department."]
    assert read(Page(rowwise(left, right, apart=250))) == ["\n".join([*left, *right])]


def test_blocks_of_details_side_by_side_keep_their_rows(read):
    left = ["Invoice 2024-0831", "Customer: Nord GmbH", "Hafenstrasse 5", "20457 Hamburg"]
    right = ["Date: 3 May 2024", "Payable by: 2 June 2024", "Our ref: AX-4471", "Page 1 of 1"]
    rows = [f"{one} {other}" for one, other in zip(left, right, strict=True)]
    assert read(Page(rowwise(left, right, apart=260))) == ["\n".join(rows)]


def test_tables_without_lines_keep_their_rows(read):
    rows = [("Country", "Currency", "Hotel"), ("Germany", "Euro", "120"), ("Japan", "Yen", "16,000")]
    rows += [("United Kingdom", "Pound sterling", "145"), ("Switzerland", "Swiss franc", "190")]
    page = rowwise(*[list(cells) for cells in zip(*rows, strict=True)])
    assert read(Page(page)) == ["\n".join(" ".join(row) for row in rows)]


def test_names_with_explanations_keep_their_rows(read):
    names = ["Depot", "Chief", "Tyres", "Hours", "Phone"]
    assert read(Page(rowwise(names, LEFT)))[0].splitlines()[0] == f"Depot {LEFT[0]}"


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("the reim-", "bursement of costs", "the reimbursement of costs"),
        ("needs an appro-", "val by the manager", "needs an approval by the manager"),
        ("Part AX-", "4471 is here", "Part AX-4471 is here"),
        ("the X-", "ray of", "the X-ray of"),
        ("it is well-", "known to all", "it is well-known to all"),
        ("a long-", "term contract", "a long-term contract"),
        ("a part-", "time contract", "a part-time contract"),
        ("the state-", "ment was read", "the statement was read"),
        ("a candi-", "date came", "a candidate came"),
        ("die Arbeits-", "zeit beginnt", "die Arbeitszeit beginnt"),
        ("die Nord-", "Süd-Verbindung", "die Nord-Süd-Verbindung"),
        ("die Kosten-", "und Leistungsrechnung", "die Kosten- und Leistungsrechnung"),
        ("ein EU-", "weites Verbot", "ein EU-weites Verbot"),
        ("soft\u00ad", "ening", "softening"),
        ("a dash -", "and more", None),
        ("it says peut-", "être", "it says peut-être"),
    ],
)
def test_broken_words_are_joined_and_real_hyphens_stay(first, second, joined):
    assert HyphenJoiner([]).join([first, second]) == ([joined] if joined else [first, second])


@pytest.mark.parametrize(("elsewhere", "joined"), [("a colour-fast dye", "colour-fast"), ("colourfast", "colourfast")])
def test_the_document_itself_tells_how_a_word_is_written(elsewhere, joined):
    assert HyphenJoiner([elsewhere]).join(["it is colour-", "fast"]) == [f"it is {joined}"]


def test_hyphens_at_the_ends_of_a_pages_lines(read):
    page = column(50, 700, ["The reim-", "bursement of Part AX-", "4471 is well-", "known to all."])
    assert read(Page(page)) == ["The reimbursement of Part AX-4471 is well-known to all."]


PRICES = [["Part", "Colour", "Price"], *[[f"AX-{number}", "green and blue", f"{number}.50"] for number in range(5)]]


def test_a_table_with_ruled_lines_becomes_rows_under_the_names_of_its_columns(tmp_path):
    page = text(50, 800, "Our prices.") + table(50, 780, [80, 120, 70], PRICES) + text(50, 600, "Ask for discounts.")
    extracted = sandbox.extract(written(tmp_path, "a.pdf", pages_pdf(Page(page))), MODULE, LIMITS)
    rows = "\n".join(" | ".join(row) for row in PRICES)
    assert extracted.pages[0].text == f"Our prices.\n\n{rows}\n\nAsk for discounts."
    start, end = extracted.pages[0].text.index("AX-0"), extracted.pages[0].text.index("Ask")
    assert extracted.headings == (Heading(1, start, "Part | Colour | Price"), Heading(1, end, ""))


def test_a_table_that_goes_on_keeps_the_names_of_its_columns(tmp_path):
    first = Page(text(50, 800, "Our prices.") + table(50, 780, [80, 120, 70], PRICES) + text(300, 20, "1"))
    second = Page(table(50, 780, [80, 120, 70], PRICES[1:3]) + text(50, 600, "Ask for discounts."))
    extracted = sandbox.extract(written(tmp_path, "a.pdf", pages_pdf(first, second)), MODULE, LIMITS)
    assert [heading.text for heading in extracted.headings if heading.page == 2] == ["Part | Colour | Price", ""]


@pytest.mark.parametrize(
    ("first_row", "names"),
    [
        (["Zagreb", "Ms Petrova", "east"], "Part | Colour | Price"),
        (["Part", "Colour", "Price"], "Part | Colour | Price"),
        (["Town", "Chief", "Phone"], "Town | Chief | Phone"),
    ],
)
def test_rows_of_words_on_the_next_page_name_columns_only_over_figures(tmp_path, first_row, names):
    below = [["Bergen", "Mr Okafor", "4471" if first_row[0] == "Town" else "west"]]
    pages = [Page(table(50, 780, [80, 120, 70], rows)) for rows in (PRICES, [first_row, *below])]
    extracted = pdf.extract(written(tmp_path, "a.pdf", pages_pdf(*pages)), LIMITS)
    assert [heading.text for heading in extracted.headings if heading.page == 2] == [names, ""]


def test_cells_of_several_lines_and_cells_over_several_columns(read):
    page = "".join(line(50, y, 350, y) for y in (700, 680, 640, 620))
    page += "".join(line(x, 700, x, 620) for x in (50, 350)) + line(150, 680, 150, 620) + line(250, 680, 250, 620)
    page += text(60, 686, "A cell over all columns of this table") + column(54, 668, ["wrapped", "words"])
    page += text(154, 660, "middle") + text(254, 660, "right") + text(54, 626, "x") + text(154, 626, "y")
    assert read(Page(page)) == ["A cell over all columns of this table\nwrapped words | middle | right\nx | y"]


@pytest.mark.parametrize("angle", [90, 270])
def test_a_table_on_a_turned_page(read, angle):
    """The page's own coordinates are turned, as a program that prints in landscape does it."""
    matrix = {90: "0 1 -1 0 595 0 cm", 270: "0 -1 1 0 0 842 cm"}[angle]
    page = f"q {matrix}\n{table(50, 500, [80, 120, 70], PRICES)}Q\n"
    assert read(Page(page, f"/Rotate {angle}")) == ["\n".join(" | ".join(row) for row in PRICES)]


FIELD = "/Subtype/Widget/FT/{kind}/T({name}){more}/Rect[{rect}]"


def test_values_of_form_fields_stand_where_they_were_filled_in(read):
    fields = [
        FIELD.format(kind="Tx", name="n1", more="/V(Anna Kowalski)", rect="150 700 300 716"),
        FIELD.format(kind="Btn", name="k", more="/V/Yes/AS/Yes/AP<</N<</Yes null>>>>", rect="150 670 162 682"),
        FIELD.format(kind="Btn", name="l", more="/V/Off/AS/Off/AP<</N<</Yes null>>>>", rect="150 640 162 652"),
        FIELD.format(kind="Ch", name="c", more="/Ff 131072/V(2)/Opt[[(1)(North)][(2)(South)]]", rect="150 610 300 626"),
        FIELD.format(kind="Tx", name="Remarks", more="/V(Calls back on Friday)", rect="150 300 300 316"),
        FIELD.format(kind="Tx", name="secret", more="/Ff 8192/V(hunter2)", rect="150 250 300 266"),
        FIELD.format(kind="Tx", name="hidden", more="/F 2/V(not shown)", rect="150 200 300 216"),
    ]
    labels = "".join(
        text(50, y, words) for y, words in ((703, "Name:"), (672, "Member"), (642, "Guest"), (613, "Depot"))
    )
    assert read(Page(labels, annotations=fields), form=True) == [
        "Name: Anna Kowalski\nMember [x]\nGuest [ ]\nDepot South\nRemarks: Calls back on Friday"
    ]


def test_a_form_without_other_text_is_read(read):
    field = FIELD.format(kind="Tx", name="n", more="/TU(Your name)/V(Anna)", rect="150 700 300 716")
    assert read(Page("", annotations=[field]), form=True) == ["Your name: Anna"]


def test_notes_of_people_are_read_with_what_they_are_about(read):
    notes = [
        "/Subtype/FreeText/Contents(approved by the board)/Rect[50 500 200 520]/DA(/F1 11 Tf)",
        "/Subtype/Text/Contents(the price is wrong)/T(Ms Petrova)/Rect[50 400 70 420]",
        "/Subtype/Highlight/Contents(ask them)/Rect[50 698 140 712]/QuadPoints[50 712 140 712 50 698 140 698]",
        "/Subtype/Stamp/Contents(DRAFT)/Rect[50 300 200 320]",
        "/Subtype/Popup/Contents(the price is wrong)/Rect[50 200 70 220]",
        "/Subtype/Highlight/Rect[50 698 140 712]/QuadPoints[50 712 140 712 50 698 140 698]",
    ]
    assert read(Page(text(50, 700, "Body of the page."), annotations=notes)) == [
        "Body of the page.\n\nText: approved by the board\n\nNote (Ms Petrova): the price is wrong\n\n"
        "Note on a highlighted text “Body of the page.”: ask them\n\nStamp: DRAFT"
    ]
