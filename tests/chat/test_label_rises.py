"""Raising a document's label raises the conversations that quote it."""

import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from chat.conversations import forks, label_rises
from chat.models import Citation, Conversation, GivenDocument, LabelChange, Message
from chat.turns import closing, given_documents, storage
from documents import services
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from search.models import Collection, LabelRise, Source
from search.services import index, remove
from search.services.label_rises import RelabelTarget, count_quoting, raise_quoting
from search.types import PageText, SourceInfo, TextSpan

pytestmark = pytest.mark.django_db

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
TEXT = "The alarm code is changed on Mondays."


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def collection():
    return Collection.objects.create(name="Notes", everyone=True, sensitivity=PUBLIC)


def add(collection, document=None, version=1):
    """Add a document with its source, as reading it leaves them."""
    document = document or uuid.uuid4()
    Document.objects.get_or_create(
        pk=document,
        defaults={"title": "Alarm", "file_name": "a.txt", "collection": collection, "size": 1, "status": "ready"},
    )
    info = SourceInfo(document, version, collection.pk, "Alarm", "a.txt", "text/plain", PUBLIC)
    return index(info, [PageText(1, TEXT)], [TextSpan(TEXT, 1, 0, len(TEXT))])


@pytest.fixture
def source(collection):
    return add(collection)


def quoting(owner, source, **values):
    """Make a conversation with one answer, which cites the source."""
    conversation = Conversation.objects.create(owner=owner, title="Alarms", **values)
    question = Message.objects.create(conversation=conversation, role="user")
    reply = Message.objects.create(conversation=conversation, role="assistant", parent=question, status="complete")
    place = {"version": 1, "title": "Alarm", "page": 1, "start": 0, "end": 9}
    Citation.objects.create(reply=reply, number=1, source=source, **place)
    return conversation


def relabel(label, *, raise_quoting=True):
    document = Document.objects.get()
    services.relabel(document, title=document.title, sensitivity=label, raise_quoting=raise_quoting, by="admin")


def close_citing(started, source):
    """End an answer that cites the source."""
    place = {"number": 1, "source": str(source), "version": 1, "title": "Alarm", "page": 1, "start": 0, "end": 9}
    cited = {**place, "heading": "", "location": ""}
    closing.close(
        started, closing.TurnOutcome("On Mondays [1].", "complete", started.request.causes, sources=[cited]), []
    )


def labels():
    return sorted(Conversation.objects.values_list("label", flat=True))


def run():
    """Do what the web process does, until nothing is left."""
    for _ in range(50):
        label_rises.step()
        if not LabelRise.objects.filter(done_at=None).exists():
            return
    raise AssertionError("a rise never ends")


def test_conversations_that_cite_it_are_raised_at_once_and_others_are_not(alice, collection, source):
    quoting(alice, source)
    quoting(alice, uuid.uuid4())
    relabel(CONFIDENTIAL)
    assert labels() == [PUBLIC, CONFIDENTIAL]
    change = LabelChange.objects.get()
    assert (change.before, change.after, change.cause) == (PUBLIC, CONFIDENTIAL, "a passage from “Alarm”")
    assert Message.objects.get(role="assistant", conversation__label=CONFIDENTIAL).label == CONFIDENTIAL


def test_without_the_wish_nothing_is_raised(alice, source):
    quoting(alice, source)
    relabel(CONFIDENTIAL, raise_quoting=False)
    assert (labels(), LabelRise.objects.count()) == ([PUBLIC], 0)


def test_a_label_that_falls_or_stays_raises_nothing(alice, source):
    quoting(alice, source)
    relabel(PUBLIC)
    assert not LabelRise.objects.exists()


def test_a_conversation_that_is_labelled_as_high_stays_as_it_is(alice, source):
    quoting(alice, source, label=CONFIDENTIAL, label_cause="chosen by you")
    relabel(INTERNAL)
    run()
    assert (labels(), LabelChange.objects.count()) == ([CONFIDENTIAL], 0)


def test_an_answer_that_cites_an_earlier_version_counts(alice, collection, source):
    quoting(alice, source)
    add(collection, Document.objects.get().pk, version=2)
    relabel(CONFIDENTIAL)
    assert labels() == [CONFIDENTIAL]


def test_a_deleted_conversation_that_can_be_brought_back_counts(alice, source):
    from django.utils import timezone

    quoting(alice, source, deleted_at=timezone.now())
    relabel(CONFIDENTIAL)
    assert labels() == [CONFIDENTIAL]


def test_an_answer_that_was_given_it_and_cites_nothing_counts(alice, source):
    conversation = quoting(alice, uuid.uuid4())
    reply = conversation.messages.get(role="assistant")
    given_documents.keep(reply.pk, [uuid.uuid4(), Document.objects.get().pk])
    given_documents.keep(reply.pk, [Document.objects.get().pk])
    assert count_quoting(RelabelTarget(document=Document.objects.get().pk)) == 1
    relabel(CONFIDENTIAL)
    assert labels() == [CONFIDENTIAL]
    assert LabelChange.objects.get().cause == "a passage from “a document”"
    reply.refresh_from_db()
    assert reply.label == CONFIDENTIAL


def test_what_the_ledger_knows_of_earlier_answers_is_taken_over(alice, source):
    reply = quoting(alice, uuid.uuid4()).messages.get(role="assistant")
    document, other = uuid.uuid4(), uuid.uuid4()
    entry = {"model": "m", "provider": "p", "label": PUBLIC, "status": "complete"}
    UsageEntry.objects.create(reply=reply.pk, documents=f"{document} {other}", **entry)
    UsageEntry.objects.create(reply=reply.pk, documents=str(document), **entry)
    UsageEntry.objects.create(reply=uuid.uuid4(), documents=str(document), **entry)
    UsageEntry.objects.create(reply=reply.pk, **entry)
    import_module("chat.migrations.0008_given_documents").from_ledger(apps, None)
    assert given_documents.of_reply(reply.pk) == tuple(sorted([document, other]))
    assert GivenDocument.objects.count() == 2


def test_whoever_lowered_it_before_is_raised_again(alice, source):
    quoting(alice, source, label_cause="lowered by you: it is known by now")
    relabel(CONFIDENTIAL)
    assert labels() == [CONFIDENTIAL]


def test_many_are_raised_in_steps_and_pages_are_told_of_each(alice, source, monkeypatch):
    monkeypatch.setattr(label_rises, "AT_ONCE", 3)
    made = {quoting(alice, source).pk for _ in range(10)}
    relabel(CONFIDENTIAL)
    assert labels() == [PUBLIC] * 7 + [CONFIDENTIAL] * 3
    told = []
    while LabelRise.objects.filter(done_at=None).exists():
        told += label_rises.step()
    assert labels() == [CONFIDENTIAL] * 10
    assert (set(told), len(told)) == (made, 10)
    assert LabelRise.objects.get().raised == 10


def test_pages_are_told_of_those_that_were_raised_at_once(alice, source):
    conversation = quoting(alice, source)
    relabel(CONFIDENTIAL)
    assert label_rises.step() == [conversation.pk]
    assert label_rises.step() == []


def test_a_step_that_is_undone_is_done_again(alice, source, monkeypatch):
    monkeypatch.setattr(label_rises, "AT_ONCE", 2)
    for _ in range(5):
        quoting(alice, source)
    relabel(CONFIDENTIAL)

    with transaction.atomic():
        label_rises.step()
        transaction.set_rollback(True)
    run()
    assert (labels(), LabelChange.objects.count()) == ([CONFIDENTIAL] * 5, 5)


def test_an_admin_who_thinks_better_of_it_stops_it(alice, source, monkeypatch):
    monkeypatch.setattr(label_rises, "AT_ONCE", 1)
    for _ in range(3):
        quoting(alice, source)
    relabel(CONFIDENTIAL)
    relabel(INTERNAL)
    run()
    assert labels() == [INTERNAL, INTERNAL, CONFIDENTIAL]


def test_an_answer_that_was_under_way_is_raised_when_it_ends(alice, source):
    started = storage.post(alice, None, "When is it changed?")
    relabel(CONFIDENTIAL)
    run()
    assert labels() == [PUBLIC]
    close_citing(started, source)
    assert labels() == [CONFIDENTIAL]


def test_a_document_that_is_deleted_while_its_conversations_are_raised_raises_the_rest(alice, source, monkeypatch):
    monkeypatch.setattr(label_rises, "AT_ONCE", 1)
    for _ in range(3):
        quoting(alice, source)
    relabel(CONFIDENTIAL)
    remove(Document.objects.get().pk)
    run()
    assert labels() == [CONFIDENTIAL] * 3


def test_an_answer_that_was_under_way_when_its_document_was_relabelled_and_deleted_is_raised(alice, source):
    started = storage.post(alice, None, "When is it changed?")
    relabel(CONFIDENTIAL)
    remove(Document.objects.get().pk)
    run()
    close_citing(started, source)
    assert labels() == [CONFIDENTIAL]


def test_a_label_that_the_owner_lowered_after_a_rise_stays_when_the_next_answer_ends(alice, source):
    conversation = quoting(alice, source)
    relabel(CONFIDENTIAL)
    run()
    Conversation.objects.update(label=PUBLIC, label_cause="lowered by you: it is known by now")
    started = storage.post(alice, conversation.pk, "And then?")
    closing.close(started, closing.TurnOutcome("Nothing.", "complete", started.request.causes), [])
    assert labels() == [PUBLIC]


def test_a_collection_that_is_deleted_goes_on_raising(alice, collection, source, monkeypatch):
    monkeypatch.setattr(label_rises, "AT_ONCE", 1)
    for _ in range(3):
        quoting(alice, source)
    Collection.objects.filter(pk=collection.pk).update(sensitivity=INTERNAL)
    raise_quoting(RelabelTarget(collection=collection.pk))
    Document.objects.all().delete()
    Source.objects.all().delete()
    Collection.objects.filter(pk=collection.pk).delete()
    run()
    assert labels() == [INTERNAL] * 3


def test_a_collection_raises_those_that_quote_its_documents(alice, collection, source, client):
    quoting(alice, source)
    collection.sensitivity = INTERNAL
    collection.save()
    raise_quoting(RelabelTarget(collection=collection.pk), by="admin")
    run()
    assert labels() == [INTERNAL]


def test_only_the_number_of_conversations_is_told(alice, source):
    quoting(alice, source)
    quoting(alice, source)
    assert count_quoting(RelabelTarget(document=Document.objects.get().pk)) == 2


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.mark.parametrize("ticked", [True, False])
def test_the_documents_form_offers_it_and_records_the_choice(admin, alice, source, ticked):
    quoting(alice, source)
    document = Document.objects.get()
    url = reverse("admin:documents_document_change", args=[document.pk])
    page = admin.get(url).text
    assert "So far, 1 conversation quotes it" in page
    assert "Alarms" not in page
    assert 'name="raise_quoting"' in page
    assert "checked" in page
    sent = {"title": "Alarm", "sensitivity": CONFIDENTIAL.value} | ({"raise_quoting": "on"} if ticked else {})
    assert admin.post(url, sent).status_code == 302
    assert labels() == [CONFIDENTIAL if ticked else PUBLIC]
    history = admin.get(reverse("admin:documents_document_history", args=[document.pk])).text
    assert ("and with it the conversations" if ticked else "but not the conversations") in history


@pytest.mark.parametrize("ticked", [True, False])
def test_the_collections_form_offers_it_and_records_the_choice(admin, alice, collection, source, ticked):
    quoting(alice, source)
    url = reverse("admin:search_collection_change", args=[collection.pk])
    assert "So far, 1 conversation quotes it" in admin.get(url).text
    sent = {"name": "Notes", "sensitivity": CONFIDENTIAL.value, "everyone": "on"}
    assert admin.post(url, sent | ({"raise_quoting": "on"} if ticked else {})).status_code == 302
    assert labels() == [CONFIDENTIAL if ticked else PUBLIC]
    history = admin.get(reverse("admin:search_collection_history", args=[collection.pk])).text
    assert ("and with it the conversations" if ticked else "but not the conversations") in history


def test_a_new_collection_is_made_without_the_offer(admin):
    assert "raise_quoting" not in admin.get(reverse("admin:search_collection_add")).text


def test_a_command_does_it_later(alice, collection, source, capsys):
    quoting(alice, source)
    relabel(CONFIDENTIAL, raise_quoting=False)
    call_command("raise_quoting", "--document", str(Document.objects.get().pk))
    assert "1 conversations quote it; those labelled lower are raised to confidential." in capsys.readouterr().out
    assert labels() == [CONFIDENTIAL]
    quoting(alice, source)
    remove(Document.objects.get().pk)
    call_command("raise_quoting", "--document", str(Document.objects.get().pk))
    assert labels() == [CONFIDENTIAL] * 2
    with pytest.raises(CommandError, match="no collection called"):
        call_command("raise_quoting", collection="Nothing")
    with pytest.raises(CommandError, match="no document"):
        call_command("raise_quoting", document=str(uuid.uuid4()))


def test_a_copy_that_a_rise_did_not_see_is_raised_at_its_end(alice, source, monkeypatch):
    conversation = quoting(alice, source)
    Conversation.objects.update(current_leaf=Message.objects.get(role="assistant"))
    copy = forks._copy

    def raised_meanwhile(*args):
        relabel(CONFIDENTIAL)
        label_rises.step()
        assert LabelRise.objects.get().done_at
        copy(*args)

    monkeypatch.setattr(forks, "_copy", raised_meanwhile)
    new = forks.fork(alice, Message.objects.get(role="assistant", conversation=conversation).id)
    assert (new.label, Conversation.objects.get(pk=new.pk).label) == (CONFIDENTIAL, CONFIDENTIAL)
