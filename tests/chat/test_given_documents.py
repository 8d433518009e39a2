"""It is recorded which documents an answer was given, however it ended, and its conversation rises with them."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.conversations import label_rises
from chat.models import Citation, Conversation, GivenDocument, Message
from chat.turns import closing, storage
from documents import services
from documents.models import Document
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from search.models import LabelRise, Source
from tests.chat.test_changes_during_a_turn import (
    HOSTED,
    QUESTION,
    answered,
    ended,
    house,  # noqa: F401 - a fixture
    offer,
)
from tests.chat.test_continued_labels import document_of

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
QUESTIONS = (QUESTION, f"{QUESTION} Really?")


def relabel(house, *, quoting=True):  # noqa: F811
    """Raise the label of every document that the person may read, and of what quotes it unless told otherwise."""
    for source in Source.objects.filter(collection__users=house.person):
        document = document_of(source)
        services.relabel(document, title=document.title, sensitivity=CONFIDENTIAL, raise_quoting=quoting, by="admin")
    assert Document.objects.exists()


def raise_all():
    """Do what the web process does, until nothing is left."""
    for _ in range(50):
        label_rises.step()
        if not LabelRise.objects.filter(done_at=None).exists():
            return
    raise AssertionError("a rise never ends")


def entries_and_labels():
    entries = [(entry.cached, bool(entry.documents)) for entry in UsageEntry.objects.order_by("cached")]
    return entries, list(Conversation.objects.values_list("label", flat=True))


async def test_a_conversation_whose_answer_came_from_the_cache_is_raised(house):  # noqa: F811
    await answered(house, model=HOSTED)
    again = await answered(house, model=HOSTED)
    assert again.receipt["cached"]
    await in_database_thread(relabel, house)
    await in_database_thread(raise_all)
    assert await in_database_thread(entries_and_labels) == ([(False, True), (True, True)], [CONFIDENTIAL] * 2)
    # Its next question goes to no model that may not see what the answer says.
    asked = len(house.asked)
    await ended(
        await in_database_thread(storage.post, house.person, again.conversation_id, "And else?", HOSTED, ["none"])
    )
    assert len(house.asked) == asked


async def test_both_conversations_that_watched_one_call_are_raised(house):  # noqa: F811
    # It waits a moment before its first word; meanwhile the other one starts to watch.
    await in_database_thread(offer, "anthropic/t5-d200")
    both = [await in_database_thread(storage.post, house.person, None, QUESTION, "anthropic/t5-d200") for _ in range(2)]
    await asyncio.gather(*map(ended, both))
    assert house.asked == [HOSTED]
    await in_database_thread(relabel, house)
    await in_database_thread(raise_all)
    assert await in_database_thread(entries_and_labels) == ([(False, True), (True, True)], [CONFIDENTIAL] * 2)


@pytest.fixture
async def quoting(house, monkeypatch):  # noqa: F811
    """Make two conversations that were given the same documents. A step of a rise reaches only one of them."""
    monkeypatch.setattr(label_rises, "AT_ONCE", 1)
    replies = [
        await ended(await in_database_thread(storage.post, house.person, None, text, HOSTED)) for text in QUESTIONS
    ]
    house.calls.clear()
    return [reply.conversation_id for reply in replies]


def relabel_one(house):  # noqa: F811
    """Relabel one document. One conversation rises with it, and the rest waits for the web process."""
    document = document_of(Source.objects.filter(collection__users=house.person).first())
    services.relabel(document, title=document.title, sensitivity=CONFIDENTIAL, raise_quoting=True, by="admin")
    assert sorted(Conversation.objects.values_list("label", flat=True)) == [PUBLIC, CONFIDENTIAL]


async def test_a_conversation_that_a_rise_has_not_reached_is_raised_when_it_is_asked(quoting, house):  # noqa: F811
    await in_database_thread(relabel_one, house)
    for conversation in quoting:
        reply = await ended(
            await in_database_thread(storage.post, house.person, conversation, "And else?", HOSTED, ["none"])
        )
        assert (reply.status, reply.conversation.label) == ("failed", CONFIDENTIAL)
    assert house.asked == []


async def test_a_conversation_that_a_rise_has_not_reached_is_raised_before_it_is_sent(quoting, house):  # noqa: F811
    """The label rises after the question was posted, and before anything of it is sent."""
    started = [
        await in_database_thread(storage.post, house.person, pk, "And else?", HOSTED, ["none"]) for pk in quoting
    ]
    await in_database_thread(relabel_one, house)
    for turn in started:
        reply = await ended(turn)
        assert (reply.status, reply.conversation.label) == ("failed", CONFIDENTIAL)
    assert house.asked == []


def lose(reply):
    """Leave what a process leaves that was killed while it wrote the answer."""
    over = timezone.now() - timedelta(seconds=1)
    Message.objects.filter(pk=reply).update(status="streaming", lease_until=over, parts=storage.text_part("It is 7 m."))
    Citation.objects.all().delete()
    UsageEntry.objects.all().delete()


async def test_the_documents_are_kept_before_anything_is_sent(house):  # noqa: F811
    kept = []
    house.change = lambda house: kept.extend(GivenDocument.objects.values_list("reply", "document"))
    reply = await answered(house, model=HOSTED)
    readable = Source.objects.filter(collection__users=house.person)
    documents = await in_database_thread(lambda: set(readable.values_list("document", flat=True)))
    assert set(kept) == {(reply.pk, document) for document in documents}


async def test_a_conversation_whose_answer_lost_its_process_is_raised(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await in_database_thread(lose, first.pk)
    assert await in_database_thread(closing.sweep) == [(first.conversation_id, first.pk)]
    await in_database_thread(relabel, house)
    await in_database_thread(raise_all)
    assert await in_database_thread(entries_and_labels) == ([], [CONFIDENTIAL])


@pytest.mark.parametrize("end", [lambda: None, lambda: services.delete(*Document.objects.all())])
async def test_an_answer_that_lost_its_process_is_continued_by_the_labels_of_now(house, end):  # noqa: F811
    """Also if the conversations that quote the documents were not raised, and if the documents are gone."""
    first = await answered(house, model=HOSTED)
    await in_database_thread(lose, first.pk)
    await in_database_thread(closing.sweep)
    await in_database_thread(relabel, house, quoting=False)
    await in_database_thread(end)
    assert await in_database_thread(entries_and_labels) == ([], [PUBLIC])
    again = await ended(await in_database_thread(storage.resume, house.person, first.pk))
    assert (house.asked, again.status, again.conversation.label) == ([HOSTED], "failed", CONFIDENTIAL)


async def test_a_label_that_rises_while_the_rest_is_prepared_binds_it(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    await in_database_thread(lose, first.pk)
    await in_database_thread(closing.sweep)
    started = await in_database_thread(storage.resume, house.person, first.pk)
    await in_database_thread(relabel, house, quoting=False)
    again = await ended(started)
    assert (house.asked, again.status) == ([HOSTED], "failed")


async def test_the_sentences_of_quotes_count_too(house):  # noqa: F811
    await answered(house, model="quotes")
    assert await in_database_thread(entries_and_labels) == ([(False, True)], [PUBLIC])


async def test_documents_that_are_kept_after_a_rise_are_found_when_the_process_is_lost(house):  # noqa: F811
    """On PostgreSQL, neither a rise nor a call may see the other."""
    first = await answered(house, model=HOSTED)
    kept = await in_database_thread(lambda: list(GivenDocument.objects.values_list("reply", "document")))
    await in_database_thread(lose, first.pk)
    await in_database_thread(lambda: GivenDocument.objects.all().delete())
    await in_database_thread(relabel, house)
    await in_database_thread(raise_all)
    await in_database_thread(
        lambda: GivenDocument.objects.bulk_create(GivenDocument(reply_id=r, document=d) for r, d in kept)
    )
    await in_database_thread(closing.sweep)
    assert await in_database_thread(entries_and_labels) == ([], [CONFIDENTIAL])
