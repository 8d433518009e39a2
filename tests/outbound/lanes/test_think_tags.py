"""Thinking that a server sends as text, between marks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.events import TextDelta, ThinkingDelta, ThoughtSoFar
from langai_site.outbound.lanes.think_tags import FIRST_PART, PAIRS, ThinkSplitter
from tests.outbound.lanes.reading import cuts, joined, of, read, text_of, work

THOUGHT, ANSWER = ThinkingDelta("hm "), TextDelta("The answer")
PIECES = st.sampled_from(
    ["<think>", "</think>", "<", "</", "<THINK>", "`", "a", " ", "\n", "[think]", "</reasoning>", "İ"]
)


def split(text, at=(), **options):
    return joined(read(ThinkSplitter(**options), text, at))


@pytest.mark.parametrize("opening", PAIRS)
@pytest.mark.parametrize("form", ["{}hm {}The answer", "\n {}\nhm {}\n\n The answer"])
@pytest.mark.parametrize("change", [str, str.upper, str.title])
def test_a_thought_at_the_start_is_found_in_any_pieces(opening, form, change):
    text = form.format(change(opening), change(PAIRS[opening]))
    assert split(text) == [THOUGHT, ANSWER]
    assert split(text, range(len(text))) == [THOUGHT, ANSWER]


@pytest.mark.parametrize(
    "text",
    [
        *("Write <think>hm</think> so.", "```xml\n<think>hm</think>\n```", "<thinker>", "<", "  <thi", "\n    code"),
        *("Close it with `</think>`.", 'The mark "</think>" ends it.', "```\nfoo\n</think>\n```", "1 < 2 </p>"),
        " " * 300 + "<think>a</think>",
    ],
)
def test_marks_within_an_answer_are_text(text):
    assert split(text) == [TextDelta(text)]
    assert split(text, range(len(text))) == [TextDelta(text)]


@pytest.mark.parametrize("text", ["<think>hm ", "<think>\nhm ", "<think>hm ".upper().replace("HM", "hm")])
def test_a_thought_without_an_end_is_all_of_it(text):
    assert split(text) == [THOUGHT]


def test_an_end_of_which_only_a_part_comes_belongs_to_the_thought():
    assert split("<think>hm </thi") == [ThinkingDelta("hm </thi")]


def test_an_empty_thought_is_none():
    assert split("<think>\n\n</think>\n\nThe answer") == [ANSWER]


def test_thoughts_may_follow_each_other():
    assert split("<think>hm </think>\n<think>hm </think>The answer") == [ThinkingDelta("hm hm "), ANSWER]


def test_an_end_without_a_beginning_takes_back_what_was_given():
    text = "hm \n</think>\n\nThe answer"
    assert split(text) == [TextDelta("hm \n"), ThoughtSoFar(), ANSWER]
    assert text_of(split(text, range(len(text)))) == "The answer"


def test_an_end_without_a_beginning_is_looked_for_in_the_first_part_alone():
    assert of(ThoughtSoFar, split("x" * (FIRST_PART - 1) + "</think>a"))
    assert not of(ThoughtSoFar, split("x" * FIRST_PART + "</think>a"))


def test_a_model_known_to_begin_within_a_thought():
    assert split("hm </think>\n\nThe answer", opened=True) == [THOUGHT, ANSWER]
    assert split("<think>hm </think>\n\nThe answer", opened=True) == [THOUGHT, ANSWER]
    assert split("hm ", opened=True) == [THOUGHT]
    assert split("<", opened=True) == [ThinkingDelta("<")]


@given(st.lists(PIECES, max_size=12).map("".join), cuts, st.booleans())
@settings(deadline=None)
def test_splits_change_nothing(text, at, opened):
    assert split(text, at, opened=opened) == split(text, opened=opened)


@pytest.mark.parametrize("text", ["<", "<think>%s", " ", "`<think", "</think", "<think></think> ", "a</thin"])
@pytest.mark.parametrize("opened", [False, True])
def test_the_work_grows_with_the_text(text, opened):
    def reads(size):
        whole = text * size
        return work(lambda: read(ThinkSplitter(opened=opened), whole, range(len(whole))))

    assert reads(2000) < 10 * reads(250) + 10_000
