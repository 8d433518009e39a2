"""A reply that ends while its conversation is raised: both succeed, also on databases with row locks."""

import threading

import pytest

from chat.conversations import label_rises, labels
from chat.models import Conversation
from chat.turns import closing, given_documents, storage
from documents.models import Document
from langai_site.sensitivity import Sensitivity
from search.models import LabelRise
from tests.chat.test_label_rises import alice, collection, source  # noqa: F401 - fixtures
from tests.locks import HAS_ROW_LOCKS, in_thread, wait_for_a_lock

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity


def close(started):
    return closing.close(started, closing.TurnOutcome("On Mondays.", "complete", started.request.causes), [])


def checkpoint(started):
    return closing.checkpoint(started, "On", [labels.Cause(CONFIDENTIAL, "a passage")])


def sweep(started):
    return closing._end_lost(started.conversation, started.reply) is not None


# SQLite has one writer at a time.
if HAS_ROW_LOCKS:

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("work", [close, checkpoint, sweep])
    def test_a_reply_and_a_rise_take_their_locks_in_one_order(alice, source, monkeypatch, work):
        started = storage.post(alice, None, "When?", collections=["none"])
        document = Document.objects.get()
        given_documents.keep(started.reply, [document.pk])
        document.collection.sensitivity = CONFIDENTIAL
        document.collection.save()
        LabelRise.objects.create(document=document.pk, label=CONFIDENTIAL)
        if work is sweep:
            storage.Message.objects.filter(pk=started.reply).update(lease_until="2020-01-01T00:00Z")
        raised, goes_on, write_replies = threading.Event(), threading.Event(), label_rises._raise_replies

        def hold(*args):
            raised.set()
            assert goes_on.wait(10)
            write_replies(*args)

        monkeypatch.setattr(label_rises, "_raise_replies", hold)
        results = []
        threads = [in_thread(label_rises.step, results)]
        assert raised.wait(10)
        threads.append(in_thread(lambda: work(started), results))
        wait_for_a_lock()
        goes_on.set()
        for thread in threads:
            thread.join()
        assert sorted(map(str, results)) == sorted(map(str, [[started.conversation], True]))
        assert Conversation.objects.get().label == CONFIDENTIAL
