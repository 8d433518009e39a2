"""The check of an answer's sentences, from the turn that ends to what people and programs are shown of it."""

import json
import re
import uuid
from dataclasses import replace

import pytest

from chat.conversations import corrections, export
from chat.conversations.branches import read
from chat.grounding.deciding import SentenceVerdict
from chat.markdown import rendering
from chat.models import Message
from chat.pages import fragments
from chat.pages.drawing import RenderInput
from chat.turns import cited_sources, closing, storage
from chat.turns.receipt import Receipt
from chat.turns.receipts import checked, source_of
from search.models import Collection
from tests.chat import factories
from tests.chat.factories import hit
from tests.chat.test_turns import outcome
from tests.chat.test_verifying import request

LEAVE = "Every employee gets 25 days of leave in a year."
MOVED = "Leave that is left over must not be moved to the next year."
ANSWER = "Every employee gets **30 days** of leave [1]. Left over leave must not be moved [2]. Ask Anna about it soon."


@pytest.fixture
def reply(alice):
    return checked_reply(alice)


def checked_reply(alice):
    """An answer of Alice's that cites two documents, each in a collection of its own, and was checked."""
    passages = []
    for number, text in enumerate((LEAVE, MOVED), 1):
        shared = Collection.objects.create(name=f"Shared {number}", everyone=True)
        source = shared.sources.create(document=uuid.uuid4(), title=f"Rules {number}", file_name="r.pdf", live=True)
        source.pages.create(number=1, text=text)
        passages.append(replace(factories.numbered(text)[0], number=number, hit=hit(text, source=source.pk, page=1)))
    started = storage.post(alice, None, "How much leave is there?")
    answer = checked(ANSWER, request(), passages, is_complete=True)
    stored = outcome(
        text=answer.text, receipt=Receipt(label="public", checks=answer.checks), sources=list(map(source_of, passages))
    )
    assert closing.close(started, stored, [])
    return Message.objects.get(id=started.reply)


def test_a_complete_answer_keeps_a_check_of_each_sentence_and_an_interrupted_one_none():
    passages = factories.numbered(LEAVE, MOVED)
    found = checked(ANSWER, request(), passages, is_complete=True).checks
    assert [check.verdict for check in found] == [
        SentenceVerdict.OTHERWISE,
        SentenceVerdict.STANDS,
        SentenceVerdict.NO_SOURCE,
    ]
    assert checked(ANSWER, request(), passages, is_complete=False).checks == ()


def test_sentences_are_marked_in_the_drawn_answer_and_nothing_of_it_is_hidden(reply):
    html = RenderInput.of(reply).render()
    assert '<span class="otherwise">Every employee gets </span><strong><span class="otherwise">30 days</span>' in html
    assert '<span class="unfound">the source says otherwise</span>' in html
    assert '<span class="stands">Left over leave must not be moved' in html
    assert "25" not in re.sub(r'href="[^"]*"', "", html)
    bare = rendering.render(reply.text, RenderInput.of(reply).cites)
    assert "Ask Anna about it soon." in html
    assert len(html) > len(bare)


def test_a_sentence_over_two_lines_is_marked_and_a_quotation_within_one_keeps_its_own_mark():
    text = "Leave is\n“of thirty-five days at least” [1]."
    html = rendering.render(text, {1: "/1/"}, ["of thirty-five days at least"], {text: "reworded"})
    assert html.count('<span class="reworded">') == 2
    assert '<span class="unverified">' in html
    assert "(not in these words in the source)" in html


def test_the_receipt_counts_them_and_says_what_the_count_is_worth(reply):
    lines = dict(fragments.bubble_of(reply).receipt)
    assert lines["Sentences"].startswith("1 in the source, 1 says otherwise, 1 without a source. ")
    assert "does not judge" in lines["Sentences"]


def test_programs_get_the_checks_without_what_their_person_may_not_read_any_more(reply, alice):
    every = read([reply.id])
    [first, *_] = cited_sources.readable_checks(alice.id, every)[reply.id]
    assert (first.conflicts[0].said, first.conflicts[0].found) == ("30 days", "25 days")
    Collection.objects.filter(name="Shared 1").update(everyone=False)
    [first, *_] = cited_sources.readable_checks(alice.id, every)[reply.id]
    assert (first.verdict, first.conflicts[0].found) == (SentenceVerdict.OTHERWISE, "")
    assert "25 days" not in json.dumps(Receipt.from_json(reply.receipt).for_programs())


def test_an_exported_conversation_says_what_the_check_found(reply):
    assert export.markdown(read([reply.id])).endswith(
        "Compared with the sources by words and figures: 1 in the source, 1 says otherwise, 1 without a source."
    )


def test_a_corrected_answer_has_no_checks_because_they_are_about_other_words(reply, alice):
    corrections.correct(alice.id, reply.id, ANSWER.replace("30", "25"))
    corrected = Message.objects.get(id=reply.id)
    assert RenderInput.of(corrected).checked == {}
    assert "Sentences" not in dict(fragments.bubble_of(corrected).receipt)
    corrections.put_back(alice.id, reply.id)
    assert RenderInput.of(Message.objects.get(id=reply.id)).checked
