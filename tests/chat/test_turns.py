import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.conversations.labels import Cause
from chat.models import Message
from chat.turns import closing, storage
from langai_site.accounts.models import Team, User
from langai_site.errors import ConflictError, InvalidError, NotFoundError, TooManyError
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Reservation, UsageEntry
from langai_site.usage.types import Entry, Usage
from search.models import Collection

STATUS = Message.Status


def outcome(label=Sensitivity.PUBLIC, **changes):
    causes = (Cause(label, "a passage from “Salaries”"),)
    basis = {"text": "Thirty days [1].", "status": STATUS.COMPLETE, "causes": causes, "model": "quotes"}
    return closing.TurnOutcome(**(basis | changes))


CONFIDENTIAL = (Cause(Sensitivity.CONFIDENTIAL, "a passage from “Salaries”"),)


def entry(started, **changes):
    basis = {
        "caller": started.request.caller,
        "model": "openai/big",
        "provider": "openai",
        "hosted": True,
        "label": Sensitivity.PUBLIC,
        "usage": Usage(10, 5),
        "cost": None,
        "first_token_ms": 12,
        "duration_ms": 300,
        "status": "complete",
    }
    return Entry(**(basis | changes))


@pytest.fixture
def started(alice):
    return storage.post(alice, None, "How long?")


def test_a_question_opens_a_live_reply_with_a_lease_and_a_reservation(started):
    reply = Message.objects.get(id=started.reply)
    assert (reply.status, reply.parent_id, reply.role) == (STATUS.STREAMING, started.question, "assistant")
    assert reply.lease_until > timezone.now()
    assert Reservation.objects.get(reply=started.reply).status == Reservation.Status.HELD


def test_a_turn_knows_only_the_models_that_its_persons_teams_may_use(alice, bob, settings):
    settings.ANTHROPIC_API_KEY = "sk-x"
    facts = {"provider": "anthropic", "available": True}
    for_all, for_some = (Model.objects.create(name=f"anthropic/{name}", **facts) for name in ("all", "some"))
    team = Team.objects.create(name="Red")
    for_some.teams.set([team])
    alice.teams.set([team])
    known = {user: {model.name for model in storage.post(user, None, "Hi").request.catalogue} for user in (alice, bob)}
    assert known == {alice: {for_all.name, for_some.name}, bob: {for_all.name}}


def test_a_conversation_whose_model_is_gone_falls_to_auto(alice):
    first = storage.post(alice, None, "Hi", "office/gone")
    assert first.request.pick.model == "office/gone"
    closing.close(first, outcome(), ())
    again = storage.retry(alice, first.reply)
    closing.close(again, outcome(), ())
    further = storage.post(alice, first.conversation, "And?", "office/gone")
    for started in (again, further):
        assert (started.request.pick.model, started.request.pick.gone) == ("auto", "office/gone")


def test_a_model_that_is_chosen_anew_and_does_not_exist_is_not_replaced(alice):
    first = storage.post(alice, None, "Hi")
    closing.close(first, outcome(), ())
    assert storage.post(alice, first.conversation, "And?", "office/typo").request.pick.model == "office/typo"


@pytest.mark.parametrize("text", ["", "   \n", "\x00"])
def test_an_empty_message_is_refused_and_leaves_nothing(alice, text):
    with pytest.raises(InvalidError, match="Write a message"):
        storage.post(alice, None, text)
    assert not Message.objects.exists()


def test_a_message_over_the_limit_is_told_its_length(alice, settings):
    settings.MESSAGE_MAX_CHARS = 5
    with pytest.raises(InvalidError, match="6 characters; 5 are allowed"):
        storage.post(alice, None, "123456")


def test_another_persons_conversation_takes_no_message(started, bob):
    with pytest.raises(NotFoundError):
        storage.post(bob, started.conversation, "Let me in")


def test_one_answer_at_a_time_is_written_in_a_conversation(started, alice):
    with pytest.raises(ConflictError, match="still being written"):
        storage.post(alice, started.conversation, "And?")


def test_a_person_has_so_many_answers_written_at_a_time(alice, bob, settings):
    settings.REPLIES_IN_FLIGHT = 2
    first = storage.post(alice, None, "One?")
    storage.post(alice, None, "Two?")
    with pytest.raises(TooManyError, match=r"You can have 2 answers running .* Wait .* or stop one"):
        storage.post(alice, None, "Three?")
    assert Message.objects.filter(role="user").count() == 2
    storage.post(bob, None, "Mine?")
    closing.close(first, outcome(), [])
    storage.post(alice, None, "Three?")


@pytest.mark.parametrize("again", [storage.retry, storage.resume])
def test_answering_again_and_going_on_are_answers_in_the_making_too(started, alice, settings, again):
    settings.REPLIES_IN_FLIGHT = 1
    closing.close(started, outcome(status=STATUS.INTERRUPTED), [])
    storage.post(alice, None, "Another?")
    with pytest.raises(TooManyError):
        again(alice, started.reply)


def test_an_answer_whose_process_died_is_not_in_anybodys_way(started, alice, settings):
    settings.REPLIES_IN_FLIGHT = 1
    Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timedelta(seconds=1))
    storage.post(alice, None, "Another?")


def test_answers_at_the_same_time_can_be_unlimited(alice, settings):
    settings.REPLIES_IN_FLIGHT = 0
    for number in range(10):
        storage.post(alice, None, f"Question {number}?")


@pytest.mark.django_db(transaction=True)
def test_messages_at_the_same_moment_open_no_more_answers_than_there_may_be(settings):
    settings.REPLIES_IN_FLIGHT = 3
    alice = User.objects.create_user("alice")

    def post(number: int) -> bool:
        try:
            storage.post(alice, None, f"Question {number}?")
        except TooManyError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(post, range(24))) == 3


def test_closing_writes_text_citations_usage_and_settles(started):
    source = {"number": 1, "source": str(started.reply), "version": 1, "title": "Refunds", "page": 3}
    source |= {"start": 4, "end": 9, "heading": ""}
    assert closing.close(started, outcome(sources=[source]), [entry(started)])
    reply = Message.objects.get(id=started.reply)
    assert (reply.status, reply.text, reply.lease_until) == (STATUS.COMPLETE, "Thirty days [1].", None)
    assert [(c.number, c.page) for c in reply.citations.all()] == [(1, 3)]
    assert [(e.username, e.reply, e.input_tokens) for e in UsageEntry.objects.all()] == [("alice", started.reply, 10)]
    assert Reservation.objects.get().status == Reservation.Status.SETTLED


def test_a_reply_is_closed_once(started):
    assert closing.close(started, outcome(), [entry(started)])
    assert not closing.close(started, outcome(text="late"), [entry(started)])
    assert Message.objects.get(id=started.reply).text == "Thirty days [1]."
    assert UsageEntry.objects.count() == 1


def test_a_label_rises_with_its_reply_and_never_falls(started, alice):
    closing.checkpoint(started, "x", CONFIDENTIAL)
    closing.close(started, outcome(label=Sensitivity.CONFIDENTIAL), [])
    followed = storage.post(alice, started.conversation, "And?")
    assert followed.request.label == Sensitivity.CONFIDENTIAL
    closing.close(followed, outcome(label=Sensitivity.PUBLIC), [])
    assert Message.objects.get(id=started.reply).conversation.label == Sensitivity.CONFIDENTIAL


def test_a_reply_whose_process_died_is_swept_and_keeps_its_text(started, alice):
    closing.checkpoint(started, "Half an", ())
    assert closing.sweep() == []
    Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert closing.sweep() == [(started.conversation, started.reply)]
    reply = Message.objects.get(id=started.reply)
    assert (reply.status, reply.text) == (STATUS.INTERRUPTED, "Half an")
    assert Reservation.objects.get().status == Reservation.Status.RELEASED
    assert not closing.checkpoint(started, "Half an answer", ())


def test_a_run_whose_reply_another_run_has_by_now_writes_nothing(started):
    """It may be alive: a process that was stopped for a minute does not know that its lease ran out."""
    Message.objects.filter(id=started.reply).update(lease=uuid.uuid4())
    assert not closing.checkpoint(started, "of the first run", CONFIDENTIAL)
    reply = Message.objects.get(id=started.reply)
    assert (reply.text, reply.conversation.label) == ("", Sensitivity.PUBLIC)


def test_continuing_goes_on_from_the_text_that_is_there(started, alice):
    closing.close(started, outcome(text="Half an", status=STATUS.INTERRUPTED), [])
    resumed = storage.resume(alice, started.reply)
    assert (resumed.reply, resumed.request.written) == (started.reply, "Half an")
    assert not closing.close(started, outcome(text="An earlier run"), [])
    assert closing.close(resumed, outcome(text="Half an answer"), [entry(resumed)])
    assert UsageEntry.objects.count() == 1


def test_a_complete_answer_is_not_continued(started, alice):
    closing.close(started, outcome(), [])
    with pytest.raises(ConflictError):
        storage.resume(alice, started.reply)


def test_a_turn_reads_what_its_person_may_read_at_that_moment(alice, bob):
    shared = Collection.objects.create(name="Shared")
    shared.sources.create(document=uuid.uuid4(), title="Refunds", file_name="r.txt", media_type="text/plain", live=True)
    shared.users.add(alice)
    assert storage.post(alice, None, "?").request.reader.collections == (shared.id,)
    assert storage.post(bob, None, "?").request.reader.collections == ()
    shared.users.clear()
    assert storage.post(alice, None, "?").request.reader.collections == ()


def test_a_run_that_only_slept_still_ends_its_reply(started):
    Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert closing.sweep()
    assert closing.close(started, outcome(), [entry(started)])
    assert Message.objects.get(id=started.reply).status == STATUS.COMPLETE


def test_an_answer_that_was_asked_on_from_is_not_continued(started, alice):
    closing.close(started, outcome(text="Half an", status=STATUS.INTERRUPTED), [])
    storage.post(alice, started.conversation, "And?")
    Message.objects.filter(status=STATUS.STREAMING).update(lease_until=timezone.now() - timedelta(seconds=1))
    closing.sweep()
    with pytest.raises(ConflictError, match="already continued"):
        storage.resume(alice, started.reply)


@pytest.mark.parametrize("model", ["x" * 201, "a\0b"])
def test_a_name_that_no_model_can_have_is_refused(alice, model):
    with pytest.raises(InvalidError, match="no model by that name"):
        storage.post(alice, None, "Hello", model)


def test_a_deactivated_person_gets_nothing(started, alice):
    alice.is_active = False
    alice.save()
    with pytest.raises(NotFoundError):
        storage.post(alice, started.conversation, "And?")
