# ruff: noqa: RUF001 - letters of other scripts belong here
import re
from pathlib import Path
from statistics import median

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from documents import chunking
from documents.extraction.types import Heading
from search.embeddings.local import TOKENIZER, weights_folder
from search.types import PageText

WORDS = st.sampled_from(
    ["word", "Ünïcode", "漢字仮名", "👩‍👩‍👧", "# Title", "- item", "```", "x" * 300, "1.", "\u00a0", "e\u0301"]
)
TEXTS = st.lists(st.tuples(WORDS | st.text(max_size=20), st.sampled_from([" ", "\n", "\n\n", "\t"])), max_size=120).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)
PAGES = st.lists(TEXTS, max_size=4).map(lambda texts: [PageText(n, text) for n, text in enumerate(texts, 1)])


def tokenizer() -> str:
    folder = weights_folder()
    if folder is None:
        pytest.skip("the model's weights are not installed")
    return chunking.untruncated(folder / TOKENIZER)


def assert_passages_are_the_pages(pages: list[PageText], spans: list) -> None:
    by_number = {page.number: page.text for page in pages}
    assert all(span.text == by_number[span.page][span.start : span.end] and span.text.strip() for span in spans)
    places = [(span.page, span.start, span.end) for span in spans]
    assert places == sorted(places)
    for page in pages:
        covered = 0
        for span in (span for span in spans if span.page == page.number):
            assert page.text[covered : span.start].strip() == ""
            assert span.start >= covered
            covered = span.end
        assert page.text[covered:].strip() == ""


@given(pages=PAGES, markdown=st.booleans())
@settings(max_examples=60, deadline=None)
def test_passages_lose_nothing_but_whitespace_and_know_their_place(pages, markdown):
    spans = chunking.split(pages, chunking.splitter(markdown=markdown))
    assert_passages_are_the_pages(pages, spans)
    assert all(len(span.text) <= chunking.PASSAGE_CHARACTERS for span in spans)


@given(pages=PAGES, markdown=st.booleans())
@example(pages=[PageText(1, "\x1f ")], markdown=False)
@settings(max_examples=25, deadline=None)
def test_the_same_holds_when_split_by_token(pages, markdown):
    spans = chunking.split(pages, chunking.splitter(markdown=markdown, tokenizer=tokenizer()))
    assert_passages_are_the_pages(pages, spans)


def test_passages_have_about_two_hundred_tokens():
    text = "The quick brown fox jumps over the lazy dog, and then it rests. " * 200
    spans = chunking.split([PageText(1, text)], chunking.splitter(markdown=False, tokenizer=tokenizer()))
    assert 14 <= len(spans) <= 16


def test_a_word_longer_than_any_is_still_cut():
    spans = chunking.split([PageText(1, "x" * 100_000)], chunking.splitter(markdown=False, tokenizer=tokenizer()))
    assert max(len(span.text) for span in spans) <= chunking.PASSAGE_CHARACTERS


def test_a_passage_knows_the_heading_above_it_also_over_a_page():
    pages = [PageText(1, "Intro\n\nHoliday\n\nTwenty-five days."), PageText(2, "More of it.")]
    spans = chunking.split(pages, chunking.splitter(markdown=False), [Heading(1, 7, "Holiday")])
    assert [span.heading for span in spans] == ["", "Holiday"]


def located(*pages: PageText, numbered: bool = False) -> list[str]:
    return [span.location for span in chunking.split(pages, chunking.splitter(markdown=False), numbered=numbered)]


def test_a_place_is_a_page_where_the_document_has_pages_of_its_own():
    pages = PageText(1, "One."), PageText(2, "Two.")
    assert located(*pages, numbered=True) == ["page 1", "page 2"]
    assert located(*pages) == ["", ""]
    assert located(PageText(1, "One."), numbered=True) == [""]


def test_a_place_is_what_the_page_is_called():
    pages = PageText(1, "One.", "slide 1"), PageText(2, "Two.", "slide 2")
    assert located(*pages, numbered=True) == ["slide 1", "slide 2"]


def test_a_place_in_a_table_is_its_rows():
    table = "\n".join(["Name | Days", *(f"Person number {number} | {number}" for number in range(2, 61))])
    places = located(PageText(1, table, "Budget", 1), PageText(2, "Zoe | 7", "Budget", 400), PageText(3, "x", "", 9))
    assert places[0].startswith("Budget, rows 1 to ")
    assert places[-2:] == ["Budget, row 400", "row 9"]
    ends = [tuple(map(int, place.removeprefix("Budget, rows ").split(" to "))) for place in places[:-2]]
    assert ends[-1][1] == 60
    assert [first for first, _ in ends[1:]] == [last + 1 for _, last in ends[:-1]]


ROWS = st.lists(st.text(alphabet="ab |\u00fc\u6f22", max_size=400), min_size=1, max_size=60)


@given(rows=ROWS, first=st.integers(1, 1_000_000))
@settings(max_examples=60, deadline=None)
def test_the_rows_of_a_place_are_those_that_its_passage_is_made_of(rows, first):
    page = PageText(1, "\n".join(rows), "", first)
    for span in chunking.split([page], chunking.splitter(markdown=False)):
        numbers = re.findall(r"\d+", span.location)
        told = rows[int(numbers[0]) - first : int(numbers[-1]) - first + 1]
        assert len(told) == span.text.count("\n") + 1
        assert span.text in "\n".join(told)


def test_the_tokenizer_is_read_without_its_truncation():
    folder = weights_folder() or Path()
    assert '"truncation": null' in chunking.untruncated(folder / TOKENIZER)


KOREAN = "연차 휴가는 회계 연도마다 스물여덟 일이며, 남은 휴가는 다음 해 삼월 말까지 사용할 수 있습니다. "
SCRIPTS = {
    "ko": (KOREAN, 250, 500),
    "ja": ("有給休暇は毎年二十八日で、残りは翌年の三月末までに使うことができます。", 200, 450),
    "zh": ("员工每年有二十八天带薪年假，未使用的假期在三月底失效。", 200, 450),
    "el": ("Οι εργαζόμενοι έχουν είκοσι οκτώ ημέρες άδειας τον χρόνο και τις παίρνουν όποτε θέλουν. ", 450, 900),
    "he": ("לעובדים יש עשרים ושמונה ימי חופשה בשנה, והם פוקעים בסוף מרץ. ", 450, 900),
    "hi": ("कर्मचारियों को साल में अट्ठाईस दिन की छुट्टी मिलती है और वह मार्च के अंत में समाप्त होती है। ", 450, 900),
    "ar": ("للموظفين ثمانية وعشرون يوما من الإجازة في السنة وتنتهي في نهاية مارس. ", 450, 900),
    "ru": ("Сотрудники имеют двадцать восемь дней отпуска в год, остаток сгорает в конце марта. ", 450, 900),
    "en": ("Everyone has twenty eight days of paid leave a year, and unused days end in March. ", 600, 1100),
}


@pytest.mark.parametrize("language", SCRIPTS)
def test_passages_have_a_useful_length_in_every_script(language):
    sentence, least, most = SCRIPTS[language]
    page = PageText(1, sentence * (6000 // len(sentence)))
    for tokens in (tokenizer(), ""):
        spans = chunking.split([page], chunking.splitter(markdown=False, tokenizer=tokens))
        lengths = [len(span.text) for span in spans]
        assert least <= median(lengths)
        assert max(lengths) <= most


def test_an_embedder_may_count_tokens_itself():
    page = PageText(1, "one two three four five " * 200)
    spans = chunking.split([page], chunking.splitter(markdown=False, count=lambda text: 10 * len(text.split())))
    words = [len(span.text.split()) for span in spans]
    assert median(words) == chunking.PASSAGE_TOKENS // 10


@pytest.mark.parametrize("markdown", [True, False])
def test_a_title_is_not_a_passage_of_its_own(markdown):
    body = "The office has twelve desks and a kitchen. " * 17
    mark = "## " if markdown else ""
    text, headings = "", []
    for town in ("Oslo", "Porto", "Quito"):
        headings.append(Heading(1, len(text), f"Office {town}"))
        text += f"{mark}Office {town}\n\n{body}\n\n"
    spans = chunking.split([PageText(1, text)], chunking.splitter(markdown=markdown), headings)
    assert_passages_are_the_pages([PageText(1, text)], spans)
    titled = [span for span in spans if "Office" in span.text]
    assert [span.heading for span in titled] == ["Office Oslo", "Office Porto", "Office Quito"]
    assert all("twelve desks" in span.text for span in titled)
