import dataclasses
import re

from chat.llm.quotes import HOW_TO_CONNECT, NOTHING_FOUND, QUOTES, Quotes, answer, best_sentences
from chat.llm.types import Ask
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from tests.chat.factories import numbered

PASSAGES = numbered(
    "Offices open at eight. Parking is free for all visitors on the ground floor.",
    "Refunds are paid within thirty days of the invoice date. Above EUR 50,000 the CFO signs in writing.",
)


def ask(**changes):
    question = "Who signs refunds above 50,000?"
    basis = Ask(QUOTES, (), question, PASSAGES, Sensitivity.CONFIDENTIAL, 100, Caller(username="alice"))
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
    assert all(name in HOW_TO_CONNECT for name in ("OLLAMA_BASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"))


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
