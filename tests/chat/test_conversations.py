import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.conversations import access, branches, removing
from chat.models import Conversation, Message
from chat.turns import closing, earlier, storage
from langai_site.errors import InvalidError, NotFoundError
from tests.chat.factories import long_conversation


@pytest.fixture
def asked(alice):
    return storage.post(alice, None, "What is our refund policy?\nAnd who signs?")


def finish(started, text="An answer.", status=Message.Status.COMPLETE):
    outcome = closing.TurnOutcome(text=text, status=status, causes=(), model="quotes")
    assert closing.close(started, outcome, [])


def test_only_the_owner_gets_a_conversation(asked, alice, bob, admin):
    assert access.access_conversation(alice.id, asked.conversation).owner == alice
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            access.access_conversation(other.id, asked.conversation)
        with pytest.raises(NotFoundError):
            access.access_reply(other.id, asked.reply)


def test_the_first_line_becomes_the_title(asked):
    assert Conversation.objects.get().title == "What is our refund policy?"


def test_renaming_cleans_the_title_and_refuses_an_empty_one(asked, alice):
    assert access.rename(alice.id, asked.conversation, "  Refunds \n 2026 ").title == "Refunds 2026"
    with pytest.raises(InvalidError):
        access.rename(alice.id, asked.conversation, "   ")


def test_a_deleted_conversation_is_gone_until_it_is_restored(asked, alice, bob):
    access.delete(alice.id, asked.conversation)
    assert access.listed(alice.id) == ([], None)
    with pytest.raises(NotFoundError):
        access.restore(bob.id, asked.conversation)
    # It is refused because the conversation is not Bob's, not because it is hidden.
    assert access.deleted(alice.id, str(asked.conversation))
    assert access.restore(alice.id, asked.conversation).id == asked.conversation


def test_what_was_deleted_long_ago_is_removed_for_good(asked, alice):
    access.delete(alice.id, asked.conversation)
    removing.purge_deleted()
    assert Conversation.objects.exists()
    Conversation.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert not Conversation.objects.exists()
    with pytest.raises(NotFoundError, match="for good"):
        access.restore(alice.id, asked.conversation)


def test_answering_again_adds_a_sibling_and_overwrites_nothing(asked, alice):
    finish(asked, "First.")
    again = storage.retry(alice, asked.reply)
    finish(again, "Second.")
    conversation = access.access_conversation(alice.id, asked.conversation)
    shown = branches.latest(conversation).messages
    assert [message.text for message in shown][1:] == ["Second."]
    assert shown[-1].siblings == [asked.reply, again.reply]


def test_an_earlier_answer_can_be_shown_and_asked_on_from(asked, alice):
    finish(asked, "First.")
    again = storage.retry(alice, asked.reply)
    finish(again, "Second.")
    access.show(alice.id, asked.reply)
    followed = storage.post(alice, asked.conversation, "And then?")
    assert [message.text for message in followed.request.history][-1] == "First."


def test_an_answer_is_found_under_any_number_of_turns(asked, alice):
    finish(asked)
    conversation = access.access_conversation(alice.id, asked.conversation)
    parent = asked.reply
    turns_long = [Message(conversation=conversation, role="assistant", model=str(turn)) for turn in range(1500)]
    for message in turns_long:
        message.parent_id, parent = parent, message.id
    Message.objects.bulk_create(turns_long)
    assert access.show(alice.id, asked.reply).current_leaf == turns_long[-1]


def titles(found):
    return [conversation.title for conversation in found]


def test_the_list_goes_on_where_it_ended_although_times_are_the_same(alice, bob):
    now = timezone.now()
    times = [now - timedelta(days=number // 50) for number in range(150)]
    made = [Conversation(owner=alice, title=str(number), updated_at=time) for number, time in enumerate(times)]
    Conversation.objects.bulk_create([*made, Conversation(owner=bob, title="Bob's")])
    found, place, pages = [], None, 0
    while place or not pages:
        shown, place = access.listed(alice.id, place and access.ListPlace.read(str(place)))
        found, pages = [*found, *shown], pages + 1
    assert pages == 3
    assert len(found) == 150
    assert {*titles(found)} == {str(number) for number in range(150)}
    assert [each.updated_at for each in found] == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "_", "now", "2026-01-01_x", f"2026-01-01T00:00:00_{uuid.UUID(int=7).hex}", "x" * 9999),
        *(f"0001-01-01T00:00:00+23:00_{uuid.UUID(int=7).hex}", f"9999-12-31T23:59:59-23:00_{uuid.UUID(int=7).hex}"),
    ],
)
def test_a_place_that_is_none_is_the_beginning(text):
    assert access.ListPlace.read(text) is None


def test_a_turn_reads_no_more_of_the_history_than_a_prompt_can_take(alice):
    """An imported message can have 32 MB, and the thread that reads it is everybody's."""
    _conversation, messages = long_conversation(alice, 6)
    assert [message.text for message in earlier.history(messages[5].pk)] == [f"Message {at}" for at in range(6)]
    Message.objects.filter(pk=messages[2].pk).update(parts=[{"type": "text", "text": "x" * earlier.MOST_CHARS}])
    assert [message.text for message in earlier.history(messages[5].pk)] == [f"Message {at}" for at in (3, 4, 5)]
    assert earlier.history(messages[2].pk) == ()
