"""A conversation that is raised while a reply is being written: the reply ends with that label, and its receipt too."""

from dataclasses import replace

import pytest

from chat.conversations import access, label_rises, labels
from chat.models import Conversation, LabelChange, Message
from chat.turns import closing, given_documents, storage
from chat.turns.receipt import Receipt
from langai_site.sensitivity import Sensitivity
from search.models import LabelRise, Source
from tests.chat.test_label_rises import alice, collection, relabel, source  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
WHY = "by an admin"


@pytest.fixture
def started(alice):  # noqa: F811 - the fixture
    return storage.post(alice, None, "When is the alarm code changed?", collections=["none"])


def raise_conversation(label=CONFIDENTIAL):
    Conversation.objects.update(label=label, label_cause=WHY)


def outcome(label, status="complete"):
    causes = (labels.Cause(label, "a passage"),)
    return closing.TurnOutcome("On Mondays.", status, causes, receipt=Receipt(label=label.label, label_causes=causes))


def document_of(quoted):
    return Source.objects.get(pk=quoted).document


def ended():
    return Message.objects.replies().select_related("conversation").get()


@pytest.mark.parametrize("status", ["complete", "stopped", "failed", "interrupted"])
def test_a_reply_has_the_label_that_held_when_it_ended_and_the_receipt_agrees(started, status):
    raise_conversation()
    assert closing.close(started, outcome(PUBLIC, status), [])
    reply = ended()
    receipt = Receipt.from_json(reply.receipt)
    assert [reply.label, reply.conversation.label] == [CONFIDENTIAL] * 2
    assert receipt.label == "Confidential"
    assert receipt.label_causes == (labels.Cause(CONFIDENTIAL, f"this conversation: {WHY}"),)


def test_a_reply_that_is_above_its_conversation_stays_so_and_raises_it(started):
    raise_conversation(INTERNAL)
    assert closing.close(started, outcome(CONFIDENTIAL), [])
    reply = ended()
    assert [reply.label, reply.conversation.label] == [CONFIDENTIAL] * 2
    assert Receipt.from_json(reply.receipt) == outcome(CONFIDENTIAL).receipt
    assert LabelChange.objects.get().cause == "a passage"


def test_a_refused_turn_that_raised_nothing_tells_of_the_label_that_it_was_refused_for(started):
    raise_conversation(INTERNAL)
    assert closing.close(started, replace(outcome(PUBLIC), receipt=outcome(CONFIDENTIAL).receipt), [])
    assert [ended().label, ended().receipt["label"]] == [INTERNAL, "Confidential"]


def test_a_turn_that_ended_before_it_had_a_label_has_none_in_its_receipt(started):
    raise_conversation()
    assert closing.close(started, replace(outcome(PUBLIC), receipt=Receipt(duration_ms=5)), [])
    assert (ended().label, ended().receipt.get("label")) == (CONFIDENTIAL, None)


def test_a_reply_that_a_rise_raises_as_it_ends_agrees_with_its_receipt(started, source):  # noqa: F811 - the fixture
    given_documents.keep(started.reply, [document_of(source)])
    relabel(CONFIDENTIAL, raise_quoting=False)
    LabelRise.objects.create(document=document_of(source), label=CONFIDENTIAL)
    assert closing.close(started, outcome(PUBLIC), [])
    assert [ended().label, ended().conversation.label] == [CONFIDENTIAL] * 2
    assert ended().receipt["label"] == "Confidential"


def test_a_checkpoint_does_not_lower_what_a_rise_has_raised(started, source):  # noqa: F811 - the fixture
    given_documents.keep(started.reply, [document_of(source)])
    relabel(CONFIDENTIAL, raise_quoting=False)
    LabelRise.objects.create(document=document_of(source), label=CONFIDENTIAL)
    label_rises.step()
    assert closing.checkpoint(started, "On", [labels.Cause(PUBLIC, "")])
    assert ended().label == CONFIDENTIAL
    assert closing.checkpoint(started, "On", [labels.Cause(INTERNAL, "")])
    assert ended().label == CONFIDENTIAL


def test_a_reply_that_lost_its_process_has_the_label_too(started):
    assert closing.checkpoint(started, "On", [labels.Cause(PUBLIC, "")])
    raise_conversation()
    Message.objects.filter(pk=started.reply).update(lease_until="2020-01-01T00:00Z")
    assert closing.sweep()
    assert (ended().status, ended().label) == ("interrupted", CONFIDENTIAL)


def test_a_label_that_its_owner_lowered_afterwards_stays(started, alice):  # noqa: F811 - the fixture
    raise_conversation()
    assert closing.close(started, outcome(PUBLIC), [])
    access.lower_label(alice.id, started.conversation, PUBLIC, "a test")
    assert [ended().label, ended().conversation.label] == [PUBLIC] * 2
