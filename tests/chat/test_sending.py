"""A message that is sent again, because its response was lost or by a second click, is stored once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from chat.live import runner
from chat.models import Conversation, Message, SentMessage
from chat.turns import sending, storage
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}


def send(person, key, text="How long?", digest="d"):
    return sending.once(person, key, digest, lambda: storage.post(person, None, text, "quotes"))


def test_the_second_leads_to_the_first(alice):
    first = send(alice, "k")
    with pytest.raises(sending.AlreadySentError) as sent:
        send(alice, "k")
    assert (sent.value.conversation, sent.value.reply) == (first.conversation, first.reply)
    assert Conversation.objects.count() == 1


def test_other_keys_other_people_and_no_key_send(alice, bob, settings):
    settings.REPLIES_IN_FLIGHT = 0
    for person, key in ((alice, "k"), (alice, "l"), (bob, "k"), (alice, ""), (alice, "")):
        send(person, key)
    assert Conversation.objects.count() == 5


def test_a_key_is_good_for_one_message(alice):
    send(alice, "k")
    with pytest.raises(InvalidError, match="Another message") as refused:
        send(alice, "k", digest="e")
    assert refused.value.code == "idempotency_key_reused"


def test_a_refused_message_frees_its_key(alice):
    with pytest.raises(InvalidError):
        send(alice, "k", text="  ")
    assert not SentMessage.objects.exists()
    assert send(alice, "k").request.question == "How long?"


def test_after_a_day_the_key_is_forgotten(alice):
    send(alice, "k")
    sending.forget_old()
    assert SentMessage.objects.count() == 1
    SentMessage.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert send(alice, "k")
    SentMessage.objects.update(created_at=timezone.now() - timedelta(days=2))
    sending.forget_old()
    assert not SentMessage.objects.exists()


def test_two_at_once_are_one(alice, monkeypatch):
    """The second has looked before the first was there."""
    first = send(alice, "k")
    monkeypatch.setattr(type(SentMessage.objects.all()), "first", lambda rows: None)
    with pytest.raises(sending.AlreadySentError) as sent:
        send(alice, "k")
    assert sent.value.reply == first.reply
    assert connection.in_atomic_block


@pytest.mark.parametrize("key", ["x" * 201, "a\nb", "\0"])
def test_what_cannot_be_a_key_is_refused(key):
    with pytest.raises(InvalidError):
        sending.program_key(key)


def test_other_words_from_the_same_form_are_another_message():
    keys = {sending.page_key("k", *sent) for sent in (("new", "a"), ("new", "b"), ("newa", ""), ("ne", "wa"))}
    assert len(keys) == 4
    assert sending.page_key("", "new", "a") == ""


# Pages


@pytest.fixture
async def client(transactional_db, alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def test_the_page_sends_once_with_and_without_javascript(client):
    assert 'name="once" value="' in (await client.get("/")).text
    form = {"text": "How long?", "model": "quotes", "once": "k"}
    first = await client.post(reverse("chat:start"), form)
    await runner.drain(10)
    again = await client.post(reverse("chat:start"), form)
    reply = await Message.objects.aget(role="assistant")
    assert again["Location"] == f"{first['Location']}?reply={reply.id}"
    assert (await client.get(again["Location"], follow=True)).status_code == 200
    moved = await client.post(reverse("chat:start"), form, headers=HTMX)
    assert moved["HX-Redirect"] == again["Location"]
    assert await Conversation.objects.acount() == 1
    post = reverse("chat:post", args=[reply.conversation_id])
    for _ in range(2):
        await client.post(post, form | {"text": "And on?"})
        await runner.drain(10)
    assert await Message.objects.acount() == 4
    await client.post(post, form | {"text": "And on!"})
    await runner.drain(10)
    assert await Message.objects.acount() == 6


async def test_an_edit_is_sent_once_too(client, alice):
    begun = await in_database_thread(storage.post, alice, None, "How long?", "quotes")
    await in_database_thread(finish, begun)
    address = reverse("chat:edit", args=[begun.question])
    assert 'name="once" value="' in (await client.get(address)).text
    for _ in range(2):
        answer = await client.post(address, {"text": "How much?", "once": "k"})
        await runner.drain(10)
    assert "?reply=" in answer["Location"]
    assert await Message.objects.acount() == 4
