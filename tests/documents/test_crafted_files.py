"""Files made to keep a reader busy are read in time that grows with their size, or refused with a reason."""

import resource
from dataclasses import replace
from pathlib import Path

import pytest

from documents import chunking
from documents.extraction import html_nesting, sandbox
from documents.extraction.registry import FORMATS
from documents.extraction.types import ExtractionError
from search.types import PageText
from tests.documents import crafted
from tests.documents.crafted import KINDS, filled
from tests.documents.files import LIMITS, written

BOUNDS = replace(LIMITS, cpu_seconds=20, max_chars=20_000_000, max_pages=5000)
SIZE, TIMES = 150_000, 4
# Work that grows by the square is 16 times as much.
MOST = 10
# What is said of files that nothing but the limits of the process stopped.
UNCLEAR = ("took", "failed on this file", "memory")


def read(folder: Path, kind: str, size: int) -> tuple[float, str]:
    """The processor time in seconds that the extraction process took, and what it said if it refused."""
    name, make = KINDS[kind]
    path = written(folder, name, make(size))
    before, said = resource.getrusage(resource.RUSAGE_CHILDREN), ""
    try:
        sandbox.extract(path, FORMATS[path.suffix].module, BOUNDS)
    except ExtractionError as error:
        said = error.message
    # Its time counts once it has ended, with that of its copies.
    sandbox.end_warm()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


@pytest.fixture(scope="module")
def least(tmp_path_factory):
    """The processor time that the smallest file takes: what the process needs to start."""
    return read(tmp_path_factory.mktemp("least"), "md: headings", 10)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_work_grows_with_the_size_of_a_file_or_it_is_refused_with_a_reason(tmp_path, least, kind):
    large, said = read(tmp_path, kind, SIZE * TIMES)
    # Only a file that takes long by itself has to be compared with a smaller one.
    assert large <= MOST * 2 * least or large <= MOST * read(tmp_path, kind, SIZE)[0]
    assert not any(words in said for words in UNCLEAR)


def test_every_format_has_crafted_files():
    assert {FORMATS[Path(name).suffix].module for name, _ in KINDS.values()} == {
        kind.module for kind in FORMATS.values()
    }


def test_a_file_that_costs_more_than_its_size_explains_is_stopped_by_the_time_it_may_take(tmp_path):
    path = written(tmp_path, "order.txt", "spin")
    with pytest.raises(ExtractionError, match="far longer than files of its size"):
        sandbox.extract(path, "tests.documents.greedy", replace(LIMITS, cpu_seconds=1))


SLOPPY = {
    "paragraphs and items that are never closed": "<p><span>one<ul><li>a<li>b</ul>",
    "cells that are never closed": "<table><tr><td>one<td>two<tr><td>three</table>",
    "formats that are never closed": "<p><font size=2>one<b>two",
    "definitions": "<dl><dt>one<dd>two<dt>three</dl>",
}


@pytest.mark.parametrize("kind", SLOPPY)
def test_a_sloppy_page_is_not_taken_for_a_deep_one(kind):
    html_nesting.check(filled(SLOPPY[kind], 300_000))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.html", "<div>" * 1001, "more than 1,000 levels deep"),
        ("a.json", "[" * 102 + "[[1]]" + "]" * 102, "more than 100 levels deep"),
        ("a.rtf", crafted.rtf("{" * 1001 + "}" * 1001), "more than 1,000 levels deep"),
        ("a.eml", crafted.mail_in_mail(70 * 60), "more than 50 levels deep"),
        ("a.docx", crafted.docx("<w:ins>" * 250 + "</w:ins>" * 250), "more than 250 levels deep"),
        ("a.csv", "," * 16_384 + "x", "more than 16,384 columns"),
        ("a.csv", "x" * 200_001 + ",y", "a cell of more than 200,000 characters"),
        ("a.xlsx", crafted.xlsx_sheets(300_000), "sheets; at most 5,000"),
    ],
)
def test_each_limit_says_what_it_is_about(tmp_path, name, data, reason):
    path = written(tmp_path, name, data)
    with pytest.raises(ExtractionError, match=reason):
        sandbox.extract(path, FORMATS[path.suffix].module, BOUNDS)


class Counting:
    """A splitter that notes how much it is given at once."""

    def __init__(self) -> None:
        self.longest = 0

    def chunk_indices(self, text: str) -> list[tuple[int, str]]:
        self.longest = max(self.longest, len(text))
        return [(0, text)]


@pytest.mark.parametrize(
    ("text", "most"),
    [("漢字" * 200_000, chunking.LONG_LINE), ("a\n" * 200_000, chunking.WINDOW), ("a " * 200_000, chunking.LONG_LINE)],
)
def test_the_splitter_is_never_given_more_than_it_can_split_quickly(text, most):
    splitter = Counting()
    spans = chunking.split([PageText(1, text)], splitter)
    assert splitter.longest <= most
    assert "".join("".join(span.text for span in spans).split()) == "".join(text.split())
    assert all(text[span.start : span.end] == span.text for span in spans)
