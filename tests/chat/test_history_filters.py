"""Search in one's own conversations, narrowed to a folder or to the answers of a model."""

import pytest
from django.test import AsyncClient
from django.urls import reverse

from chat.conversations import folders, ordering
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Action
from chat.models import Message
from chat.turns import storage
from langai_site.database.writer import in_database_thread
from tests.chat.attached import attach
from tests.chat.test_attachments import folder  # noqa: F401 - a fixture
from tests.chat.test_folders import made
from tests.chat.test_history import found, said


@pytest.fixture
def shelf(alice):
    """Return a folder with a conversation, and one in it with another."""
    outer = made(alice, "Law")
    inner = made(alice, "Leave", parent=outer.id)
    said(alice, "The leave of all")
    for place, title in ((outer, "The leave by law"), (inner, "The parental leave")):
        ordering.order(alice.id, [said(alice, title).conversation], Action.MOVE, place.id)
    return outer, inner


def test_a_folder_stands_for_those_in_it_too(shelf, alice, bob):
    outer, inner = shelf
    assert len(found(alice, "leave")) == 3
    assert set(found(alice, "leave", folder=outer.id)) == {"The leave by law", "The parental leave"}
    assert found(alice, "leave", folder=inner.id) == ["The parental leave"]
    said(bob, "Bob's leave")
    assert found(bob, "leave", folder=outer.id) == []


def test_a_model_stands_for_the_conversations_that_it_answered(alice):
    first, second = said(alice, "The parental leave"), said(alice, "The leave by law")
    Message.objects.filter(id=first.reply).update(model="openai/other")
    assert found(alice, "leave", model="openai/other") == ["The parental leave"]
    assert found(alice, "leave", model="quotes") == ["The leave by law"]
    assert found(alice, "leave", model="nonsense") == []
    assert second


@pytest.mark.django_db(transaction=True)
async def test_the_page_offers_what_there_is_and_marks_what_is_archived(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    talk = await in_database_thread(said, alice, "The parental leave")
    await in_database_thread(ordering.order, alice.id, [talk.conversation], Action.ARCHIVE)
    page = (await client.get(reverse("chat:history"), {"q": "leave"})).text
    assert "· archived" in page
    assert 'name="folder"' not in page
    law = await in_database_thread(folders.create, alice.id, FolderForm("Law"))
    page = (await client.get(reverse("chat:history"), {"q": "leave", "folder": law.id})).text
    assert f'<option value="{law.id}" selected>Law</option>' in page
    assert (await client.get(reverse("chat:history"), {"q": "leave", "folder": "nonsense"})).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_conversations_with_files_are_found_with_words_and_without(alice, bob, client):
    said(alice, "The leave by law")
    for question in ("The parental leave", "The leave in May"):
        storage.post(alice, None, question, "quotes", attached=(attach(alice, read=False),))
    assert set(found(alice, "leave", files=True)) == {"The parental leave", "The leave in May"}
    assert found(alice, "May", files=True) == ["The leave in May"]
    assert len(found(alice, "", files=True)) == 2
    assert found(alice, "") == found(bob, "", files=True) == []
    client.force_login(alice)
    page = client.get(reverse("chat:history"), {"files": "1"}).content.decode()
    assert '<option value="1" selected>with files</option>' in page
    assert "2 conversations" in page
    assert "No conversation with files." in client.get(reverse("chat:history"), {"files": "1", "model": "x"}).text


@pytest.mark.django_db(transaction=True)
def test_the_page_says_when_there_are_more_than_it_shows(alice, client, monkeypatch):
    monkeypatch.setattr("chat.history.finding.SHOWN", 2)
    for number in range(3):
        said(alice, f"The leave {number}")
    client.force_login(alice)
    assert "The 2 newest conversations." in client.get(reverse("chat:history"), {"q": "leave"}).content.decode()
    assert "The 2 newest" not in client.get(reverse("chat:history"), {"q": "leave 1"}).content.decode()
