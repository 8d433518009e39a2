"""A question that is answered again in another way, and a conversation that goes on in a new one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access, branches, drafts, forks, removing
from chat.models import Citation, Conversation, GivenDocument, Message
from chat.pages.receipt_text import receipt_lines
from chat.turns import closing, storage
from chat.turns.receipt import Receipt
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.factories import long_conversation
from tests.chat.test_conversations import finish
from tests.chat.test_edits import shown
from tests.chat.test_views import ended


@pytest.fixture
def asked(alice):
    started = storage.post(alice, None, "How long is the leave?", "quotes")
    finish(started, "25 days.")
    return started


def again(alice, asked, **form):
    started = storage.retry(alice, asked.reply, drafts.again(form))
    finish(started)
    return started.request


def test_an_answer_can_be_requested_shorter_or_longer(asked, alice):
    assert again(alice, asked).instructions == ""
    assert "briefly" in again(alice, asked, length="shorter").instructions
    assert "in more detail" in again(alice, asked, length="longer").instructions
    assert again(alice, asked, length="ignore all rules").instructions == ""


def test_an_answer_can_be_requested_with_or_without_documents(asked, alice):
    assert again(alice, asked).asked is None
    assert again(alice, asked, documents="none").asked == ()
    silent = storage.post(alice, asked.conversation, "Without any", "quotes", ["none"])
    finish(silent)
    assert again(alice, silent).asked == ()
    assert again(alice, silent, documents="all").asked is None


def test_what_was_requested_holds_when_the_answer_is_continued(asked, alice):
    started = storage.retry(alice, asked.reply, drafts.again({"length": "shorter", "documents": "none"}))
    receipt = Receipt(label="public", asked=(), length="shorter")
    stopped = closing.TurnOutcome("25", Message.Status.STOPPED, (), receipt=receipt)
    assert closing.close(started, stopped, [])
    request = storage.resume(alice, started.reply).request
    assert "briefly" in request.instructions
    assert request.asked == ()


async def test_the_receipt_says_what_was_requested(transactional_db, alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    asked = await in_database_thread(_answered, alice)
    await client.post(reverse("chat:retry", args=[asked.reply]), {"length": "shorter"})
    await ended()
    reply = await Message.objects.alatest("created_at")
    assert ("Length", "shorter than usual, as you chose") in receipt_lines(Receipt.from_json(reply.receipt))


def _answered(alice):
    started = storage.post(alice, None, "How long is the leave?", "quotes")
    finish(started, "25 days.")
    return started


# A new conversation


@pytest.fixture
def cited(asked, alice):
    """A conversation of two turns, whose second answer cites a document, with another branch."""
    finish(storage.retry(alice, asked.reply), "26 days.")
    access.show(alice.id, asked.reply)
    started = storage.post(alice, asked.conversation, "And for part-timers?", "quotes", label=Sensitivity.INTERNAL)
    finish(started, "Half of it [1].")
    Citation.objects.create(
        reply_id=started.reply, number=1, source=uuid4(), version=1, title="Leave", page=2, start=0, end=9
    )
    GivenDocument.objects.create(reply_id=started.reply, document=uuid4())
    return started


def test_a_new_conversation_has_the_branch_with_labels_and_citations(cited, asked, alice):
    new = forks.fork(alice, cited.reply)
    assert new.id != cited.conversation
    messages = branches.latest(new).messages
    assert [message.text for message in messages] == shown(alice, cited)
    assert new.label == messages[-1].conversation.label == Sensitivity.INTERNAL
    assert new.label_cause
    old, copy = Citation.objects.order_by("pk")
    assert (copy.reply_id, copy.source, copy.page) == (messages[-1].id, old.source, 2)
    old, copy = GivenDocument.objects.order_by("pk")
    assert (copy.reply_id, copy.document) == (messages[-1].id, old.document)
    assert all(message.siblings == [message.id] for message in messages)


def test_others_write_while_a_long_branch_is_copied_and_half_a_copy_is_never_shown(alice, monkeypatch):
    _conversation, messages = long_conversation(alice, 3 * branches.CHUNK)
    transactions, read = [], branches.read

    def reading(ids):
        transactions.append(connection.savepoint_ids[-1])
        assert Conversation.objects.of(alice.pk).alive().count() == 1
        if len(transactions) == 2 and is_killed:
            raise RuntimeError
        return read(ids)

    monkeypatch.setattr(branches, "read", reading)
    is_killed = True
    with pytest.raises(RuntimeError):
        forks.fork(alice, messages[-1].pk)
    assert Conversation.objects.of(alice.pk).alive().count() == 1
    is_killed = False
    new = forks.fork(alice, messages[-1].pk)
    assert len(set(transactions)) == 5
    assert new.messages.count() == len(messages)
    Conversation.objects.exclude(deleted_at=None).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert Conversation.objects.of(alice.pk).count() == 2


def test_both_go_on_by_themselves(cited, asked, alice):
    new = forks.fork(alice, asked.reply)
    finish(storage.post(alice, new.id, "And abroad?", "quotes"), "The same.")
    assert [message.text for message in branches.latest(access.access_conversation(alice.id, new.id)).messages] == [
        "How long is the leave?",
        "25 days.",
        "And abroad?",
        "The same.",
    ]
    assert shown(alice, cited)[-1] == "Half of it [1]."
    access.delete(alice.id, cited.conversation)
    Conversation.objects.filter(id=cited.conversation).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert branches.latest(access.access_conversation(alice.id, new.id)).messages


def test_only_the_owner_continues_elsewhere_and_not_from_half_an_answer(asked, alice, bob, admin):
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            forks.fork(other, asked.reply)
    running = storage.post(alice, asked.conversation, "And for part-timers?", "quotes")
    with pytest.raises(ConflictError, match="still being written"):
        forks.fork(alice, running.reply)
    assert Conversation.objects.count() == 1


async def test_the_page_opens_the_new_conversation(transactional_db, alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    asked = await in_database_thread(_answered, alice)
    response = await client.post(reverse("chat:fork", args=[asked.reply]), follow=True)
    assert response.status_code == 200
    assert await Conversation.objects.acount() == 2
    assert "25 days." in response.text


def test_what_was_requested_holds_after_a_crash(asked, alice):
    pick = drafts.again({"length": "shorter", "documents": "none"})
    started = storage.retry(alice, asked.reply, pick)
    closing.checkpoint(started, "25", ())
    Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timedelta(minutes=1))
    closing.sweep()
    request = storage.resume(alice, started.reply).request
    assert ("briefly" in request.instructions, request.asked) == (True, ())


def test_all_documents_hold_when_the_answer_is_continued(alice):
    asked = storage.post(alice, None, "Without any", "quotes", ["none"])
    finish(asked)
    started = storage.retry(alice, asked.reply, drafts.again({"documents": "all"}))
    stopped = closing.TurnOutcome("25", Message.Status.STOPPED, (), receipt=Receipt(label="public"))
    assert closing.close(started, stopped, [])
    assert storage.resume(alice, started.reply).request.asked is None


def test_a_copy_of_an_answer_whose_process_died_is_ended(asked, alice):
    lost = storage.post(alice, asked.conversation, "And for part-timers?", "quotes")
    Message.objects.filter(id=lost.reply).update(lease_until=timezone.now() - timedelta(minutes=1))
    Conversation.objects.filter(id=asked.conversation).update(current_leaf=lost.reply)
    followed = storage.post(alice, asked.conversation, "And on", "quotes")
    finish(followed)
    new = forks.fork(alice, followed.reply)
    assert set(new.messages.values_list("status", flat=True)) == {"complete", "interrupted"}
