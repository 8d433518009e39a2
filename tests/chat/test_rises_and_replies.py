"""A reply that ends while its conversation is raised: both get done, on databases with row locks as well."""

import threading

import pytest
from django.db import connection

from chat.models import Conversation
from chat.services import given_documents, label_rises, labels, turns
from documents.models import Document
from langai_site import settings as project
from langai_site.sensitivity import Sensitivity
from search.models import LabelRise
from tests.chat.test_label_rises import alice, collection, source  # noqa: F401 - fixtures

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
WAITING = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"


def in_thread(work, results):
    def run():
        try:
            results.append(work())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for_a_lock():
    """Return when another connection waits for a row."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def close(started):
    return turns.close(started, turns.Outcome("On Mondays.", "complete", started.request.causes), [])


def checkpoint(started):
    return turns.checkpoint(started, "On", [labels.Cause(CONFIDENTIAL, "a passage")])


def sweep(started):
    return turns._end_lost(started.conversation, started.reply) is not None


# SQLite has one writer at a time.
if project.DATABASES["default"]["ENGINE"].endswith("postgresql"):

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("work", [close, checkpoint, sweep])
    def test_a_reply_and_a_rise_take_their_locks_in_one_order(alice, source, monkeypatch, work):
        started = turns.post(alice, None, "When?", collections=["none"])
        document = Document.objects.get()
        given_documents.keep(started.reply, [document.pk])
        document.collection.sensitivity = CONFIDENTIAL
        document.collection.save()
        LabelRise.objects.create(document=document.pk, label=CONFIDENTIAL)
        if work is sweep:
            turns.Message.objects.filter(pk=started.reply).update(lease_until="2020-01-01T00:00Z")
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
