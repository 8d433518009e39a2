"""Unknown numbers are removed, quotations that are in no source are marked, and everything else stays unchanged."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.markdown.quotations import CITATION
from chat.markdown.rendering import render
from chat.turns.citations import cited_numbers, unverified, without_unknown
from tests.chat.test_rendering import TEXTS

KNOWN = {1, 2}
SOURCE = (
    "Refunds are paid within thirty days of the **invoice date**. Above EUR 50,000 the CFO\nsigns in wri-\nting, "
    "and he can\u2019t delegate it [7].\n\n| Team | Limit |\n| Sales | 4.5 % of turnover |\n"
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("As said [1], and [2][3].", {1, 2, 3}), ("See [1, 4].", {1, 4}), ("a[i] and [x] and [1", set())],
)
def test_the_cited_numbers_are_found(text, numbers):
    assert cited_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Thirty days [9].", "Thirty days."),
        ("Thirty days [1, 9], ninety [9,2] or more [9, 8].", "Thirty days [1], ninety [2] or more."),
        ("Thirty days [1][9].", "Thirty days [1]."),
        ("Both [9], [1], [8], [2] say so; so do [8], [9].", "Both [1], [2] say so; so do."),
        ("As [9] says, and (see [8]) too ([9]) or **[9]** or [[9]].", "As says, and (see) too or or."),
        ("[9] Thirty days.\n[9]\nNinety.\n", "Thirty days.\nNinety.\n"),
        ("- [9] one\n- two [9]\n", "- one\n- two\n"),
        ("| a [9] | b |\n|---|---|\n| [9] | c [1] |\n", "| a | b |\n|---|---|\n| | c [1] |\n"),
        ("三十天[9]。", "三十天。"),
    ],
)
def test_a_number_that_names_nothing_is_taken_out_with_its_space(text, cleaned):
    assert without_unknown(text, KNOWN) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "`row[9]` and ``[9]``",
        "```\nrow [9]\n```",
        "    row [9]",
        "[as said [9]](http://x.y) and [9](http://x.y)",
        r"$a_[9]$ and \(a [9]\) and \[a [9]\]",
        "Room [A9], [9a], [0x9], [1 9] and [9",
        "[[9]1]",
        "Thirty days [1], [1, 2][2].",
    ],
)
def test_numbers_in_code_links_and_formulas_and_those_that_name_a_passage_stay(text):
    assert without_unknown(text, KNOWN) == text


NUMBERED = st.lists(st.one_of(TEXTS, st.sampled_from(["[9]", "[1, 9]", "([8])", " "])), max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(NUMBERED)
def test_to_clean_twice_is_to_clean_once(text):
    cleaned = without_unknown(text, KNOWN)
    assert without_unknown(cleaned, KNOWN) == cleaned


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_characters='[]"“”„«»「」『』>', exclude_categories=["Cs"])))
@example("5 > 3, and nothing is cited")
def test_a_text_without_brackets_and_quotation_marks_is_never_changed(text):
    assert without_unknown(text, KNOWN) == text
    assert unverified(text, []) == []


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_nothing_but_citations_and_what_holds_them_is_taken_out(text):
    cleaned = without_unknown(text, ())
    bare = re.compile(rf"{CITATION.pattern}|[\s()\[\]*_,;–-]")  # noqa: RUF001
    assert bare.sub("", cleaned) == bare.sub("", text)


@pytest.mark.parametrize(
    "quotation",
    [
        "“refunds are paid within thirty days of the invoice date”",
        '"Refunds are  paid\nwithin thirty days."',
        "„Refunds … thirty days of the *invoice date*“",
        "«Above EUR 50,000 the CFO signs in writing»",
        "»the CFO signs in writing, and he can't delegate it«",
        "“[r]efunds are paid within [...] the invoice date [1]”",
        "“Sales: 4.5% of turnover”",
        "> Refunds are paid within thirty days of the invoice date [1].",
        "> “Refunds are paid within thirty days”\n> — Refund policy [1]",
        "> Refunds are paid within thirty days\n> — The policy [1]",
    ],
)
def test_a_quotation_is_found_whatever_its_spaces_case_marks_and_gaps(quotation):
    assert unverified(f"It says\n\n{quotation} [1].", [SOURCE]) == []


@pytest.mark.parametrize(
    "quotation",
    [
        "“refunds are paid within ninety days of the invoice date”",
        '"Above EUR 5,000 the CFO signs in writing"',
        "„the invoice date … refunds are paid within“",
        "“Sales get 45 % of turnover”",
        "「退款在发票日期后三十天内支付给客户」",
        "> Refunds are paid when somebody feels like it [1].",
    ],
)
def test_a_quotation_that_no_source_holds_is_told(quotation):
    told = unverified(f"It says\n\n{quotation}", [SOURCE])
    assert len(told) == 1
    assert told[0] in quotation


@pytest.mark.parametrize(
    "text",
    [
        "The “thirty days” rule and the 'CFO signs it all himself' one",
        '`print("not in any of the sources")`',
        '```\n"not in any of the sources"\n```',
        'A 27" monitor on the desk and a 24" one beside it',
        "“never closed and so not a quotation at all",
        "> Note that this sets nothing off but a remark of the answer's own",
        '\\("not in any of the sources"\\)',
    ],
)
def test_terms_code_inches_and_remarks_are_no_quotations(text):
    assert unverified(text, [SOURCE]) == []


def test_a_quotation_stands_in_one_source():
    halves = ["Refunds are paid within", "thirty days of the invoice date"]
    assert unverified('"Refunds are paid within thirty days"', halves)
    assert not unverified('"Refunds are paid within thirty days"', ["".join(halves)])


def test_an_unverified_quotation_is_marked_where_it_stands_and_keeps_its_links():
    text = "“All *ninety* days are [1] paid in gold” [1], and “within thirty days of it”."
    html = render(text, {1: "/1/"}, ["All *ninety* days are [1] paid in gold", *unverified(text, [SOURCE])])
    assert html.count("not found in the sources") == 2
    assert html.count('class="cite"') == 2
    assert '<em><span class="unverified">ninety</span></em>' in html
    assert 'gold”</span> <span class="unfound">not found in the sources</span>' in html


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_marks_change_nothing_but_add_themselves(before, quoted):
    text = f'{before} "one two three four {quoted}" [1]\n\n> {quoted} [1]\n'
    marked, plain = render(text, {}, unverified(text, [])), render(text, {})
    marks = re.compile(r' <span class="unfound">not found in the sources</span>|<span class="unverified">')
    assert marks.sub("", marked).replace("</span>", "") == plain.replace("</span>", "")


def test_what_is_marked_is_escaped_as_everything_else_is():
    text = '"<img src=x onerror=alert(1)> and </span><script>alert(2)</script> three four"'
    html = render(text, {}, unverified(text, []))
    assert "unfound" in html
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize("piece", ["[9]", "[[9]", "“", '"a ', '“"', "„a“", "[1, 9] (", "\n> “a", "[1] "])
def test_a_long_answer_of_brackets_and_marks_is_read_in_good_time(piece):
    text = "> " + piece * (12_000 // len(piece))
    began = time.process_time()
    without_unknown(text, KNOWN)
    unverified(text, [SOURCE])
    assert time.process_time() - began < 3


def test_a_mark_is_kept_by_what_the_quotation_says_not_by_how_it_is_cut():
    html = render("> All days are paid in gold. [1]", {}, ["all days are paid in gold"])
    assert html.count("not found in the sources") == 1
