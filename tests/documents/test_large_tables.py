"""Tables with more text than other files may have are read part by part, and nothing of them is lost."""

from dataclasses import replace

import pytest

from documents import tasks
from documents.extraction import sandbox, stored_pages, tables
from documents.extraction.stored_pages import StoredPages
from documents.extraction.types import ExtractionError
from search.models import Page, Passage
from search.services import indexing
from tests.documents import files
from tests.documents.files import LIMITS, written

CSV, XLSX = "documents.extraction.csv", "documents.extraction.xlsx"
ROWS = 30_000
SHORT = replace(LIMITS, max_chars=100_000)
LONG = replace(SHORT, max_table_chars=10_000_000)


def table(rows: int = ROWS) -> str:
    return "Part;Price;Words\n" + "".join(f"P{number};{number}.50;{'oil ' * 14}\n" for number in range(rows))


def lines_of(pages) -> list[str]:
    return [line for page in pages for line in page.text.splitlines()]


def test_a_table_may_have_more_text_than_other_files(tmp_path):
    path = written(tmp_path, "a.csv", table())
    extracted = sandbox.extract(path, CSV, LONG)
    lines = lines_of(extracted.pages)
    assert len(extracted.pages) > 2 * tables.PAGES_AT_ONCE
    assert len(lines) == ROWS + 1
    assert lines[-1].startswith(f"P{ROWS - 1} | ")
    assert [heading.text for heading in extracted.headings] == ["", "Part | Price | Words"]
    rows = [page.first_row for page in extracted.pages]
    assert rows == sorted(set(rows))
    with pytest.raises(ExtractionError, match="at most 100,000 characters"):
        sandbox.extract(path, CSV, SHORT)
    with pytest.raises(ExtractionError, match="at most 1,000,000 characters"):
        sandbox.extract(path, CSV, replace(LONG, max_table_chars=1_000_000))


def test_each_sheet_keeps_its_name_rows_and_columns(tmp_path, monkeypatch):
    rows = [["Part", "Words"], *([f"P{number}", "oil " * 200] for number in range(2000))]
    path = written(tmp_path, "a.xlsx", files.xlsx(First=rows, Second=rows[:3]))
    extracted = sandbox.extract(path, XLSX, LONG)
    labels = [page.label for page in extracted.pages]
    assert labels == ["First"] * (len(labels) - 1) + ["Second"]
    named = [(heading.page, heading.text) for heading in extracted.headings if heading.text]
    assert named == [(1, "Part | Words"), (len(labels), "Part | Words")]
    assert len(lines_of(extracted.pages)) == 2001 + 3


def test_a_table_in_a_mail_stays_within_the_limits_of_the_mail(tmp_path):
    mail = (
        'Subject: Parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nSee the table.\n"
        '--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename="parts.csv"\n\n'
        f"{table(3000)}\n--b--\n"
    )
    path = written(tmp_path, "a.eml", mail)
    extracted = sandbox.extract(path, "documents.extraction.mail", LONG)
    assert "See the table." in extracted.pages[0].text
    assert not any("P2999" in page.text for page in extracted.pages)
    assert extracted.notes
    assert "P2999" in sandbox.extract(path, "documents.extraction.mail", LIMITS).pages[-1].text


def test_pages_of_a_long_document_are_read_when_they_are_needed(tmp_path, monkeypatch):
    path = written(tmp_path, "a.csv", table(3000))
    short = sandbox.extract(path, CSV, LONG).pages
    monkeypatch.setattr(stored_pages, "STORED_BYTES", 1000)
    pages = sandbox.extract(path, CSV, LONG).pages
    assert isinstance(pages, StoredPages)
    assert (tuple(pages), pages[-1], list(pages[1:3])) == (short, short[-1], list(short[1:3]))
    assert tuple(pages) == short
    with pytest.raises(IndexError):
        pages[len(pages)]


@pytest.mark.django_db(transaction=True)
def test_a_large_table_is_indexed_whole_a_batch_at_a_time(upload, settings, monkeypatch):
    settings.EXTRACTION_MAX_CHARS = 100_000
    monkeypatch.setattr(stored_pages, "STORED_BYTES", 1000)
    monkeypatch.setattr(indexing, "PAGE_BATCH", 2)
    document = upload(table(8000), "parts.csv")
    assert tasks.work_once("test")
    document.refresh_from_db()
    passages = Passage.objects.filter(source__live=True).order_by("position")
    assert (document.status, document.error, document.passages) == ("ready", "", passages.count())
    assert document.pages == Page.objects.count() > 10
    lines = [line for passage in passages for line in passage.text.splitlines()]
    assert [line.split(" | ")[0] for line in lines] == ["Part", *(f"P{number}" for number in range(8000))]
    assert passages.last().location == "row 8001" or passages.last().location.endswith("to 8001")
    assert passages.last().heading == "Part | Price | Words"
