"""A continued answer sends its earlier text again, so the documents behind that text still count."""

import pytest

from chat.models import Message
from chat.turns import storage
from documents import services
from documents.models import Document
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from search.models import Source
from tests.chat.test_changes_during_a_turn import HOSTED, answered, ended, house  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity


def document_of(source):
    """Make the document that a source was read from, as an upload leaves it."""
    file = {"file_name": "a.txt", "file": f"documents/{source.pk}", "sha256": str(source.document), "size": 1}
    return Document.objects.get_or_create(
        pk=source.document, defaults={**file, "title": source.title, "status": "ready", "collection": source.collection}
    )[0]


def interrupted(reply, source):
    """Leave the reply interrupted, and let it cite the source."""
    place = {"version": 1, "title": source.title, "page": 1, "start": 0, "end": 5}
    reply.citations.create(number=1, source=source.pk, **place)
    Message.objects.filter(id=reply.id).update(status="interrupted")


@pytest.mark.parametrize("label", [PUBLIC, CONFIDENTIAL])
async def test_a_cited_document_that_was_deleted_counts_as_it_was_labelled_last(house, label):  # noqa: F811
    first = await answered(house, model=HOSTED)

    def relabel_and_delete():
        source = Source.objects.filter(collection__users=house.person).first()
        document = document_of(source)
        interrupted(first, source)
        services.relabel(document, title=document.title, sensitivity=label)
        services.delete(document)
        assert not Source.objects.filter(pk=source.pk).exists()

    await in_database_thread(relabel_and_delete)
    again = await ended(await in_database_thread(storage.resume, house.person, first.id))
    assert again.conversation.label == label
    assert house.asked == ([HOSTED, HOSTED] if label == PUBLIC else [HOSTED])


async def test_a_document_that_is_deleted_while_the_rest_is_prepared_counts_too(house):  # noqa: F811
    first = await answered(house, model=HOSTED)
    source = await in_database_thread(lambda: Source.objects.filter(collection__users=house.person).first())
    await in_database_thread(interrupted, first, source)
    started = await in_database_thread(storage.resume, house.person, first.id)

    def relabel_and_delete():
        document = document_of(source)
        services.relabel(document, title=document.title, sensitivity=CONFIDENTIAL)
        services.delete(document)

    await in_database_thread(relabel_and_delete)
    again = await ended(started)
    assert (house.asked, again.status, again.conversation.label) == ([HOSTED], "failed", PUBLIC)
