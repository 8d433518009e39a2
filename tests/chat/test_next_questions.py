"""What is suggested below an answer: from the documents that its reader may read, without any call."""

from uuid import uuid4

import pytest
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import next_questions
from chat.live import asking_next
from chat.models import Citation, Message
from chat.pages import suggestions
from search.models import Collection, Passage, Source
from tests.chat.factories import long_conversation

HEADINGS = [
    "Leave",
    "Notice",
    "Notice",
    "Pay",
    "",
    "Guide",
    "Sick days",
    "x" * 91,
    "Pay > Day | Sum",
    "Travel",
    "Bonus",
]


@pytest.fixture
def guide(db):
    """A document with a passage under each heading, in a collection that everyone reads."""
    collection = Collection.objects.create(name="Handbook", everyone=True)
    values = {"title": "Guide", "file_name": "g.md", "media_type": "text/markdown", "live": True}
    source = Source.objects.create(document=uuid4(), collection=collection, **values)
    for position, heading in enumerate(HEADINGS):
        place = {"page": 1, "start": 100 * position, "end": 100 * position + 90}
        Passage.objects.create(source=source, position=position, heading=heading, text="Text", **place)
    return source


@pytest.fixture
def reply(alice, guide):
    _conversation, messages = long_conversation(alice, 2)
    place = {"source": guide.pk, "version": 1, "title": "Guide", "page": 1, "start": 310, "end": 320}
    Citation.objects.create(reply=messages[-1], number=1, **place)
    return messages[-1]


def words(user, reply):
    return [one.words for one in next_questions.suggested(user.id, reply)]


def test_headings_after_the_cited_passage_come_first(alice, reply):
    # The passage stands under “Pay”; blank headings, the title, tables and very long ones are nothing to ask about.
    assert words(alice, reply) == ["Sick days", "Travel", "Bonus"]
    reply.citations.update(start=1_010)
    assert words(alice, reply) == ["Travel", "Sick days", "Pay"]
    first = next_questions.suggested(alice.id, reply)[0]
    assert first.question == "What does “Guide” say about “Travel”?"


def test_nothing_is_suggested_from_what_the_reader_may_not_read_any_more(alice, reply, guide):
    Collection.objects.update(everyone=False)
    assert words(alice, reply) == []
    Collection.objects.update(everyone=True)
    Source.objects.update(live=False)
    assert words(alice, reply) == []


def test_two_documents_take_turns(alice, reply, guide):
    values = {"title": "Rules", "file_name": "r.md", "media_type": "text/markdown", "live": True}
    rules = Source.objects.create(document=uuid4(), collection=guide.collection, **values)
    for position, heading in enumerate(["Aim", "Scope", "Fees"]):
        place = {"page": 1, "start": 100 * position, "end": 100 * position + 90}
        Passage.objects.create(source=rules, position=position, heading=heading, text="Text", **place)
    place = {"source": rules.pk, "version": 1, "title": "Rules", "page": 1, "start": 5, "end": 9}
    Citation.objects.create(reply=reply, number=2, **place)
    assert words(alice, reply) == ["Scope", "Fees", "Sick days"]


def test_only_the_end_of_a_complete_thread_suggests(alice, reply, settings):
    assert suggestions.context_of(alice.id, reply)["next"]["suggestions"]
    assert "Sick days" in suggestions.frame(alice.id, reply)
    assert suggestions.context_of(alice.id, reply.parent) == {}
    reply.status = Message.Status.STOPPED
    assert suggestions.context_of(alice.id, reply) == {}
    assert 'id="next"' in suggestions.frame(alice.id, reply)
    settings.FOLLOW_UPS, reply.status = "off", Message.Status.COMPLETE
    assert suggestions.context_of(alice.id, reply) == {}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("1. How long?\n2) Who signs?\n- And abroad?\nMore?", ["How long?", "Who signs?", "And abroad?"]),
        ("“How long?”\n\nHow long?\n" + "x" * 201, ["How long?"]),
        ("", []),
    ],
)
def test_questions_are_read_from_what_a_model_writes(said, read):
    assert [one.question for one in next_questions.read(said)] == read


@pytest.mark.django_db(transaction=True)
def test_the_page_offers_them_as_buttons_that_work_without_javascript(client, alice, reply):
    client.force_login(alice)
    page = client.get(reverse("chat:conversation", args=[reply.conversation_id])).text
    assert "What does “Guide” say about “Sick days”?" in page
    # No model is connected, so none is offered.
    assert "Suggest questions" not in page
    refused = client.post(reverse("chat:suggest", args=[reply.id]))
    assert refused.status_code == 403
    assert asking_next.NONE in refused.text


@pytest.mark.django_db(transaction=True)
def test_nobody_lets_a_model_read_anothers_answer(client, bob, reply):
    client.force_login(bob)
    assert client.post(reverse("chat:suggest", args=[reply.id])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_clicks_on_a_suggestion_ask_once(client, alice, reply):
    client.force_login(alice)
    page = LexborHTMLParser(client.get(reverse("chat:conversation", args=[reply.conversation_id])).text)
    form = {field.attributes["name"]: field.attributes["value"] for field in page.css("#next .asks input[name]")}
    form["text"] = page.css_first("#next button[name=text]").attributes["value"]
    before = Message.objects.count()
    for _ in range(2):
        client.post(page.css_first("#next .asks").attributes["action"], form)
    assert Message.objects.count() == before + 2
