"""A long conversation is read in parts: the requested texts, and no others."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.conversations import access, branches
from chat.conversations.branches import PART_CHARS, PART_MESSAGES
from chat.models import Citation
from langai_site.errors import NotFoundError
from tests.chat.factories import long_conversation, version_of

ENOUGH = 100


@pytest.fixture
def long(alice):
    return long_conversation(alice, ENOUGH)


def test_the_end_of_a_conversation_is_read(long):
    conversation, messages = long
    part = branches.latest(conversation)
    assert [message.id for message in part.messages] == [message.id for message in messages[-PART_MESSAGES:]]
    assert (part.has_earlier, part.is_latest) == (True, True)


def test_from_part_to_part_one_comes_to_the_beginning_and_meets_each_message_once(long):
    conversation, messages = long
    parts = [branches.latest(conversation)]
    while parts[0].has_earlier:
        parts.insert(0, branches.before(conversation, parts[0].messages[0].id))
    assert [message.text for part in parts for message in part.messages] == [message.text for message in messages]
    assert [part.is_latest for part in parts] == [False, False, False, True]


def test_long_messages_come_fewer_at_a_time_but_a_question_with_its_answer(alice):
    conversation, messages = long_conversation(alice, 30, text="{} " + "x" * (PART_CHARS // 4))
    part = branches.latest(conversation)
    assert [message.id for message in part.messages] == [message.id for message in messages[-3:]]
    huge, messages = long_conversation(alice, 30, text="{} " + "x" * (3 * PART_CHARS))
    part = branches.latest(huge)
    assert [message.id for message in part.messages] == [message.id for message in messages[-2:]]
    assert part.has_earlier


def test_a_short_conversation_has_nothing_earlier(alice):
    conversation, messages = long_conversation(alice, 2)
    part = branches.latest(conversation)
    assert (len(part.messages), part.has_earlier) == (2, False)
    first = branches.before(conversation, messages[0].id)
    assert (list(first.messages), first.has_earlier) == ([], False)


def test_a_conversation_without_messages_has_an_empty_end(alice):
    conversation, messages = long_conversation(alice, 2)
    messages[0].delete()
    conversation.refresh_from_db()
    assert list(branches.latest(conversation).messages) == []
    assert branches.ids(conversation) == []


def test_a_message_of_another_conversation_leads_nowhere(long, alice, bob):
    conversation, _ = long
    _, others = long_conversation(bob, 4)
    for key in (others[2].id, uuid.uuid4()):
        with pytest.raises(NotFoundError):
            branches.before(conversation, key)


def test_a_part_knows_the_versions_of_its_messages(long):
    conversation, messages = long
    newer = version_of(messages[-1])
    beginning = version_of(messages[0])
    part = branches.latest(conversation)
    assert part.messages[-1].siblings == [messages[-1].id, newer.id]
    assert part.messages[0].siblings == [part.messages[0].id]
    first = branches.before(conversation, messages[2].id)
    assert first.messages[0].siblings == [messages[0].id, beginning.id]


def test_what_is_on_another_branch_is_not_in_the_part(long):
    conversation, messages = long
    access.show(conversation.owner_id, version_of(messages[51]).id)
    conversation.refresh_from_db()
    part = branches.latest(conversation)
    assert part.messages[-1].text == "Another version"
    assert [message.id for message in part.messages[:-1]] == [message.id for message in messages[51 - 29 : 51]]


def queries_for(conversation):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        part = branches.latest(conversation)
        assert all(list(message.citations.all()) is not None for message in part.messages)
    return [query["sql"] for query in queries]


def test_as_much_is_asked_of_the_database_however_long_the_conversation_is(alice):
    short, _ = long_conversation(alice, PART_MESSAGES + 2)
    long, messages = long_conversation(alice, 1_000)
    Citation.objects.create(
        reply=messages[-1], number=1, source=uuid.uuid4(), version=1, title="Refunds", page=1, start=0, end=1
    )
    assert len(queries_for(short)) == len(queries_for(long)) == 5
    with_texts = [sql for sql in queries_for(long) if "parts" in sql and "LENGTH" not in sql]
    assert len(with_texts) == 1
    assert with_texts[0].count(messages[-1].id.hex) + with_texts[0].count(str(messages[-1].id)) == 1
    wanted = with_texts[0].partition(" IN (")[2].partition(")")[0]
    assert len(wanted.split(",")) == PART_MESSAGES


def test_showing_another_version_reads_no_texts(long):
    conversation, messages = long
    older = version_of(messages[1])
    with CaptureQueriesContext(connection) as queries:
        access.show(conversation.owner_id, older.id)
    texts = [query["sql"] for query in queries if '"parts"' in query["sql"]]
    assert len(texts) == 1, "only the reply itself is read whole"


def test_a_branch_goes_on_by_the_latest_versions(long):
    _, messages = long
    newest = version_of(messages[60])
    assert branches.last_shown_leaf(messages[10]) == newest.id
    assert branches.last_shown_leaf(messages[60]) == messages[-1].id


def test_the_whole_branch_is_read_in_pieces(long):
    conversation, messages = long
    ids = branches.ids(conversation)
    assert ids == [message.id for message in messages]
    pieces = list(branches.chunks([*ids, *ids]))
    assert [len(piece) for piece in pieces] == [100, 100]
    assert [message.text for message in branches.read(ids[3:6])] == ["Message 3", "Message 4", "Message 5"]


def test_a_page_and_a_branch_have_their_last_common_message(long):
    conversation, messages = long
    part = branches.latest(conversation)
    assert branches.common(conversation, messages[-3].id, part.messages) == messages[-3].id
    assert branches.common(conversation, version_of(messages[-3]).id, part.messages) == messages[-4].id
    assert branches.common(conversation, messages[5].id, part.messages) is None
    assert branches.common(conversation, uuid.uuid4(), part.messages) is None
