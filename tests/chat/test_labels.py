"""A label rises with choices, detections and passages; only the owner can lower it, and that is recorded."""

import pytest

from chat.conversations import access, labels
from chat.conversations.labels import Cause
from chat.models import Conversation, LabelChange, Message
from chat.turns import closing, storage
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_turns import outcome

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
# Well-known test numbers that look like a real one.
CARD = " ".join(["4111", "1111", "1111", "1111"])


def changes():
    return [(change.before, change.after, change.cause) for change in LabelChange.objects.order_by("id")]


def label_of(started):
    return Conversation.objects.get(id=started.conversation).label


@pytest.fixture
def confidential(alice):
    """Make a conversation in which a card number was detected, with a complete answer."""
    started = storage.post(alice, None, f"Why was {CARD} declined?")
    assert closing.close(started, outcome(label=CONFIDENTIAL), [])
    return started


def test_the_label_is_the_highest_of_its_causes_and_the_first_of_these_says_why():
    causes = (Cause(PUBLIC, "a"), Cause(INTERNAL, "b"), Cause(INTERNAL, "c"))
    assert labels.label_of(causes) == INTERNAL
    assert labels.words_of(causes) == "b"
    assert labels.read(labels.written(causes)) == causes


def test_a_new_conversation_starts_where_the_setting_says(alice, settings):
    settings.DEFAULT_SENSITIVITY = "internal"
    started = storage.post(alice, None, "Hello there")
    assert started.request.label == label_of(started) == INTERNAL
    assert changes() == []


def test_a_choice_raises_the_conversation_and_is_recorded(alice):
    started = storage.post(alice, None, "Hello there", label=INTERNAL)
    assert started.request.label == label_of(started) == INTERNAL
    assert changes() == [(PUBLIC, INTERNAL, "chosen by you")]


def test_a_choice_below_the_conversation_lowers_nothing(alice, confidential):
    followed = storage.post(alice, confidential.conversation, "And now?", label=PUBLIC)
    assert followed.request.label == label_of(followed) == CONFIDENTIAL
    assert followed.request.causes[0].words == "this conversation: a payment card number in your message"


def test_what_is_seen_in_a_message_raises_it_without_being_repeated(confidential):
    assert label_of(confidential) == CONFIDENTIAL
    assert changes() == [(PUBLIC, CONFIDENTIAL, "a payment card number in your message")]
    question = Message.objects.get(role="user")
    assert question.label == CONFIDENTIAL
    assert CARD not in str(question.causes)


def test_passages_raise_the_conversation_and_are_recorded(alice):
    started = storage.post(alice, None, "Who earns what?")
    closing.close(started, outcome(label=INTERNAL), [])
    assert changes() == [(PUBLIC, INTERNAL, "a passage from “Salaries”")]


def test_the_owner_lowers_it_with_a_reason_and_what_was_said_counts_as_that(alice, confidential):
    lowered = access.lower_label(alice.id, confidential.conversation, PUBLIC, "  a card for\ntests ")
    assert (lowered.label, lowered.label_cause) == (PUBLIC, "lowered by you: a card for tests")
    assert changes()[-1] == (CONFIDENTIAL, PUBLIC, "lowered by you: a card for tests")
    assert set(Message.objects.values_list("label", flat=True)) == {PUBLIC}
    assert storage.retry(alice, confidential.reply).request.label == PUBLIC


def test_it_rises_again_with_what_is_seen_later(alice, confidential):
    access.lower_label(alice.id, confidential.conversation, PUBLIC, "a card for tests")
    followed = storage.post(alice, confidential.conversation, f"And {CARD}?")
    assert followed.request.label == label_of(followed) == CONFIDENTIAL


@pytest.mark.parametrize(
    ("label", "reason", "words"),
    [
        (CONFIDENTIAL, "why not", "below the one"),
        (PUBLIC, " \n", "Say why"),
        (PUBLIC, "x" * 300, "are allowed"),
    ],
)
def test_it_is_not_lowered_without_a_lower_label_and_a_reason(alice, confidential, label, reason, words):
    with pytest.raises(InvalidError, match=words):
        access.lower_label(alice.id, confidential.conversation, label, reason)
    assert label_of(confidential) == CONFIDENTIAL


def test_nobody_else_lowers_it(bob, admin, confidential):
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            access.lower_label(other.id, confidential.conversation, PUBLIC, "because")


def test_it_is_not_lowered_while_an_answer_is_written(alice):
    started = storage.post(alice, None, "Hello there", label=CONFIDENTIAL)
    with pytest.raises(ConflictError, match="still being written"):
        access.lower_label(alice.id, started.conversation, PUBLIC, "because")


def test_the_record_outlives_the_conversation_and_its_owner(alice, confidential):
    Conversation.objects.all().delete()
    alice.delete()
    assert LabelChange.objects.get().username == "alice"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("a passage from “Who earns “what””", "a passage"),
        ("this conversation: a passage from “Cut off", "this conversation: a passage"),
        ("this conversation: lowered by you: a passage from “Salaries” is old", "this conversation: lowered by you"),
        ("a payment card number in your message", "a payment card number in your message"),
    ],
)
def test_who_may_not_read_the_conversation_is_told_neither_titles_nor_reasons(words, told):
    assert labels.unquoted(words) == told
