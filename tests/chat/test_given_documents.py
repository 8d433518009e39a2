"""Which documents an answer was given is known whatever became of it, and its conversation is raised with them."""

import asyncio

import pytest

from chat.models import Conversation
from chat.services import label_rises, turns
from documents import services
from documents.models import Document
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from langai_site.writer import write
from search.models import LabelRise, Source
from tests.chat.test_changes_during_a_turn import HOSTED, QUESTION, answered, ended, house  # noqa: F401 - a fixture
from tests.chat.test_continued_labels import document_of

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity


def relabel(house):  # noqa: F811
    """Raise the label of every document that the person may read, with what quotes it."""
    for source in Source.objects.filter(collection__users=house.person):
        document = document_of(source)
        services.relabel(document, title=document.title, sensitivity=CONFIDENTIAL, raise_quoting=True, by="admin")
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
    await write(relabel, house)
    await write(raise_all)
    assert await write(entries_and_labels) == ([(False, True), (True, True)], [CONFIDENTIAL] * 2)
    # Its next question goes nowhere that may not see what the answer says.
    asked = len(house.asked)
    await ended(await write(turns.post, house.person, again.conversation_id, "And else?", HOSTED, ["none"]))
    assert len(house.asked) == asked


async def test_both_conversations_that_watched_one_call_are_raised(house):  # noqa: F811
    both = [await write(turns.post, house.person, None, QUESTION, HOSTED) for _ in range(2)]
    await asyncio.gather(*map(ended, both))
    assert house.asked == [HOSTED]
    await write(relabel, house)
    await write(raise_all)
    assert await write(entries_and_labels) == ([(False, True), (True, True)], [CONFIDENTIAL] * 2)


async def test_the_sentences_of_quotes_count_too(house):  # noqa: F811
    await answered(house, model="quotes")
    assert await write(entries_and_labels) == ([(False, True)], [PUBLIC])
