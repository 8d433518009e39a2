import dataclasses
import re

import pytest
from django.utils.translation import override

from chat.llm.quotes import (
    HOW_TO_CONNECT,
    NOT_ASKED,
    NOTHING_FOUND,
    QUOTES,
    Quotes,
    answer,
    best_sentences,
    without_advice,
)
from chat.llm.types import ModelQuestion
from chat.markdown.rendering import render
from chat.turns.citations import unverified
from langai_site.outbound.types import ChatMessage, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from tests.chat.factories import numbered

PASSAGES = numbered(
    "Offices open at eight. Parking is free for all visitors on the ground floor.",
    "Refunds are paid within thirty days of the invoice date. Above EUR 50,000 the CFO signs in writing.",
)


def ask(**changes):
    question = "Who signs refunds above 50,000?"
    label = Sensitivity.CONFIDENTIAL
    told = {"caller": Caller(username="alice"), "read_present": unchanging(label, QUOTES)}
    basis = ModelQuestion(QUOTES, (), question, PASSAGES, label, 100, **told)
    return dataclasses.replace(basis, **changes)


async def run(asked):
    entries = []
    text = "".join([delta.text async for delta in Quotes().stream(asked, entries.append)])
    return text, entries


def test_the_sentence_that_answers_comes_first_under_its_passages_number():
    assert best_sentences("Who signs refunds above 50,000?", PASSAGES)[0] == (
        "Above EUR 50,000 the CFO signs in writing.",
        2,
    )


def test_only_sentences_of_the_passages_are_quoted():
    quoted = re.findall(r"^> (.+) \[\d\]$", answer("When are refunds paid?", PASSAGES), re.MULTILINE)
    assert quoted
    assert all(any(sentence in p.hit.text for p in PASSAGES) for sentence in quoted)


def test_it_says_that_it_only_quotes_and_how_to_connect_a_model():
    assert answer("When?", PASSAGES).endswith(HOW_TO_CONNECT)
    assert "Connections" in HOW_TO_CONNECT


async def test_it_explains_itself_once_in_a_conversation():
    before = tuple(map(ChatMessage.of, ("user", "assistant", "user"), ("When?", "At eight.", "Who signs?")))
    first, _ = await run(ask(messages=before[:1]))
    second, _ = await run(ask(messages=before))
    assert first == f"{second}\n\n{HOW_TO_CONNECT}"


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_it_says_of_itself_can_be_left_out_in_any_language(language):
    with override(language):
        whole, quoted = answer("When?", PASSAGES), answer("When?", PASSAGES, explains=False)
    assert (whole != quoted, without_advice(whole), without_advice(quoted)) == (True, quoted, quoted)


def test_a_heading_is_never_quoted_alone():
    text = "# Refunds of invoices\n\nRefunds are paid within thirty days of the invoice date."
    assert [said for said, _ in best_sentences("When are refunds of invoices paid?", numbered(text))] == [
        "Refunds are paid within thirty days of the invoice date."
    ]


def test_a_sentence_comes_before_a_fragment():
    text = "Days of refunds and their table\n\nAll refunds take thirty days to be paid."
    assert best_sentences("How many days do refunds take?", numbered(text))[0][0].startswith("All refunds")


def test_neighbours_are_quoted_together_in_their_order():
    text = "The mill grinds barley on Mondays. It grinds rye on Fridays. Parking is free for all visitors."
    assert best_sentences("When is rye ground?", numbered(text))[0] == (
        "The mill grinds barley on Mondays. It grinds rye on Fridays.",
        1,
    )


def test_what_fits_nothing_is_told_plainly():
    told = answer("Who won the cup final?", numbered("Parking is free for all visitors.", score=0.3))
    assert told.startswith(NOTHING_FOUND)


def test_chinese_sentences_are_found():
    text = "磨坊每周五研磨黑麦。渡轮早上七点十五分离开码头。"
    assert best_sentences("渡轮什么时候离开？", numbered(text))[0][0] == "渡轮早上七点十五分离开码头。"  # noqa: RUF001


def test_without_passages_it_says_so_and_cites_nothing():
    assert answer("hello", ()).startswith(NOTHING_FOUND)


async def test_the_pieces_make_the_whole_and_leave_one_free_entry():
    text, entries = await run(ask())
    assert text == answer(ask().question, PASSAGES)
    assert [(e.status, e.cost, e.hosted, e.model) for e in entries] == [("complete", 0, False, "quotes")]


async def test_an_interrupted_answer_is_finished_without_repeating():
    whole, _ = await run(ask())
    rest, _ = await run(ask(written=whole[:40]))
    assert whole[:40] + rest == whole


async def test_closing_it_early_leaves_an_entry_that_says_so():
    entries = []
    stream = Quotes().stream(ask(), entries.append)
    await anext(stream)
    await stream.aclose()
    assert [entry.status for entry in entries] == ["stopped"]


def test_where_no_documents_were_asked_it_says_so():
    assert answer("When?", (), documents=False).startswith(NOT_ASKED)


MARKUP = (
    "Read [our page](https://elsewhere.example/x) for the refund rules of the house.",
    "The refund picture ![pixel](https://elsewhere.example/p.png) shows the way it is paid.",
    "A refund <b onclick=alert(1)>bold</b> and <https://elsewhere.example> and &lt;i&gt; too.",
    "The refund is $x^2$ or \\(y\\) or \\[z\\] or ~~nothing~~ as we said before.",
    "1. The refund rule of the house is the first one in this list.",
    "+ The refund rule of the house is in a list with a plus.",
    "The refund of [2] and [1, 3] is told in other places of it.",
)


@pytest.mark.parametrize("text", MARKUP)
def test_markup_links_and_pictures_in_a_passage_are_text_in_the_answer(text):
    quoted = answer("What about the refund?", numbered(text))
    html = render(quoted, {1: "/1/", 2: "/2/", 3: "/3/"})
    seen = re.findall(r"<(\w+)[^>]*>", html.split("</blockquote>")[0])
    assert set(seen) == {"blockquote", "p", "a"}
    assert html.count("<a ") == html.count('class="cite" href="/1/"') == 1
    assert unverified(quoted, [text]) == []


def test_names_with_underscores_are_quoted_as_they_are():
    assert "OPENAI_API_KEY" in best_sentences("key?", numbered("Set the OPENAI_API_KEY in a file called _env_."))[0][0]
