"""Which collections a question searches: never more than the person chose, never more than they may read."""

import uuid

import pytest

from chat.conversations import chosen_collections
from chat.models import Conversation, Message
from chat.turns import closing, storage
from search.models import Collection
from tests.chat.test_turns import STATUS, outcome


@pytest.fixture
def collections(alice):
    """Let Alice read the first two collections; each contains a document."""
    made = [Collection.objects.create(name=name) for name in ("Finance", "Handbook", "Secret")]
    for collection in made:
        named = {"title": "Rules", "file_name": "r.txt", "media_type": "text/plain", "live": True}
        collection.sources.create(document=uuid.uuid4(), **named)
    for collection in made[:2]:
        collection.users.add(alice)
    return [collection.pk for collection in made]


def finish(started):
    assert closing.close(started, outcome(), [])


@pytest.mark.parametrize("values", [["all"], ["all", "3", "none"], ["some", "all", "999"]])
def test_all_is_whatever_may_be_read_and_stays_so(alice, collections, values):
    assert chosen_collections.chosen(alice.id, values) is None


@pytest.mark.parametrize(
    "values", [["none"], ["some"], ["some", "999"], ["x"], ["-1"], ["1e9"], ["٣"], ["9" * 30], [""]]
)
def test_what_chooses_nothing_that_can_be_read_asks_nothing(alice, collections, values):
    assert chosen_collections.chosen(alice.id, values) == []


def test_ids_that_may_not_be_read_are_left_out_and_not_told_of(alice, collections):
    finance, _handbook, secret = collections
    assert chosen_collections.chosen(alice.id, ["some", str(secret), str(finance), "12345"]) == [finance]


def test_a_question_asks_what_was_chosen_and_no_more(alice, collections):
    finance, handbook, secret = collections
    started = storage.post(alice, None, "?", collections=["some", str(finance), str(secret)])
    assert started.request.reader.collections == (finance,)
    assert started.request.asked == ("Finance",)
    assert Message.objects.get(id=started.question).collections == [finance]
    assert storage.post(alice, None, "?").request.reader.collections == (finance, handbook)
    assert storage.post(alice, None, "?", collections=["all"]).request.asked is None


def test_none_asks_none(alice, collections):
    request = storage.post(alice, None, "?", collections=["none"]).request
    assert (request.reader.collections, request.asked, request.documents) == ((), (), False)


def test_the_choice_is_kept_for_the_conversation_until_another_is_made(alice, collections):
    _finance, handbook, _secret = collections
    started = storage.post(alice, None, "?", collections=["some", str(handbook)])
    finish(started)
    followed = storage.post(alice, started.conversation, "And?")
    assert followed.request.reader.collections == (handbook,)
    finish(followed)
    assert storage.post(alice, started.conversation, "All?", collections=["all"]).request.asked is None
    assert Conversation.objects.get(id=started.conversation).collections is None
    assert Message.objects.get(id=followed.question).collections == [handbook]


def test_another_answer_asks_what_its_question_asked(alice, collections):
    finance, _handbook, _secret = collections
    started = storage.post(alice, None, "?", collections=["some", str(finance)])
    finish(started)
    finish(storage.post(alice, started.conversation, "And?", collections=["all"]))
    assert storage.retry(alice, started.reply).request.reader.collections == (finance,)


def test_a_continued_answer_asks_what_its_question_asked(alice, collections):
    started = storage.post(alice, None, "?", collections=["none"])
    closing.close(started, outcome(status=STATUS.STOPPED), [])
    Conversation.objects.update(collections=None)
    assert storage.resume(alice, started.reply).request.asked == ()


def test_a_collection_that_is_closed_meanwhile_is_asked_no_more(alice, collections):
    finance, _handbook, _secret = collections
    started = storage.post(alice, None, "?", collections=["some", str(finance)])
    finish(started)
    Collection.objects.get(pk=finance).users.clear()
    again = storage.retry(alice, started.reply)
    assert (again.request.reader.collections, again.request.asked) == ((), ())


def test_an_empty_collection_can_be_chosen_before_it_is_filled(alice, collections):
    later = Collection.objects.create(name="Later", everyone=True)
    request = storage.post(alice, None, "?", collections=["some", str(later.pk)]).request
    assert (request.reader.collections, request.asked) == ((), ("Later",))


@pytest.mark.parametrize(
    ("last", "words", "scope"),
    [(None, "All documents", "all"), ([], "No documents", "none"), ([0], "1 of 2 collections", "some")],
)
def test_the_composer_shows_what_was_chosen_last(alice, collections, last, words, scope):
    choice = chosen_collections.offer(alice.id, [collections[index] for index in last] if last else last)
    assert (choice.words, choice.scope) == (words, scope)
    assert [name for _pk, name in choice.offered] == ["Finance", "Handbook"]


def test_what_could_not_be_sent_is_shown_as_it_was_chosen(alice, collections):
    finance, _handbook, secret = collections
    choice = chosen_collections.offer(alice.id, None, ["some", str(finance), str(secret)])
    assert (choice.chosen, choice.scope) == ({finance}, "some")
