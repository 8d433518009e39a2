"""Imports of long conversations, and of long files: in batches, by workers that may be killed."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from chat.conversations import access as conversations
from chat.conversations import removing
from chat.models import Conversation, Message, MessageWords, Transfer
from chat.transfers import access, importing, jobs, storing
from langai_site.accounts.models import User
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from tests.chat.exports import (
    BEGAN,
    SECRET_CARD,
    chatgpt,
)
from tests.chat.import_reports import counts, imported

pytestmark = pytest.mark.django_db(transaction=True)


def long_conversation(texts=tuple(f"Text {number}" for number in range(90))):
    value = chatgpt("long")
    value["mapping"] = {
        str(number): {
            "id": str(number),
            "parent": str(number - 1) if number else None,
            "message": {
                "author": {"role": "assistant" if number % 2 else "user"},
                "content": {"content_type": "text", "parts": [text]},
                "create_time": BEGAN + number,
            },
        }
        for number, text in enumerate(texts)
    }
    return value | {"current_node": str(len(texts) - 1)}


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(storing, "AT_ONCE", 20)


def other_writer(seen):
    """Write from another connection, as a person would who asks something meanwhile."""
    try:
        User.objects.filter(username="alice").update(first_name="A")
        seen.append((Message.objects.count(), Conversation.objects.alive().count()))
    finally:
        connection.close()


@pytest.mark.usefixtures("small_batches")
def test_others_write_while_a_long_conversation_is_imported_and_nobody_sees_half_of_it(alice, monkeypatch):
    seen: list[tuple[int, int]] = []
    real = storing._write_messages

    def watched(draft, messages):
        assert len(messages) <= 20
        real(draft, messages)

    def watch(_self, _size=0):
        assert not connection.in_atomic_block
        thread = threading.Thread(target=other_writer, args=(seen,))
        thread.start()
        thread.join(20)

    monkeypatch.setattr(storing, "_write_messages", watched)
    monkeypatch.setattr(importing._Import, "_watch", watch)
    assert counts(imported(alice, [long_conversation()], "one.json"))["imported"] == 1
    assert {20, 40, 60} <= {messages for messages, _talks in seen}
    assert {talks for messages, talks in seen if messages < 90} == {0}
    found = Conversation.objects.alive().get()
    assert found.messages.count() == 90
    assert found.current_leaf.text == "Text 89"


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("resumed", [True, False])
def test_a_worker_killed_within_a_long_conversation_leaves_no_half_of_it(alice, monkeypatch, resumed):
    access.start_import(alice, ContentFile(json.dumps([long_conversation()]).encode(), "export.json"))
    real, left = storing._write_messages, [3]

    def dies(draft, messages):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        real(draft, messages)

    monkeypatch.setattr(storing, "_write_messages", dies)
    worker.stopping.clear()
    with pytest.raises(KeyboardInterrupt):
        jobs.run()
    monkeypatch.setattr(storing, "_write_messages", real)
    assert (Message.objects.count(), Conversation.objects.alive().count()) == (40, 0)
    if not resumed:
        Conversation.objects.update(deleted_at=timezone.now() - 2 * conversations.UNDO_FOR)
        removing.purge_deleted()
        assert not Message.objects.exists()
    Transfer.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.run()
    assert counts(Transfer.objects.get())["imported"] == 1
    found = Conversation.objects.alive().get()
    assert (found.messages.count(), found.current_leaf.text) == (90, "Text 89")
    assert MessageWords.objects.filter(conversation=found, message=None).count() == 1


@pytest.mark.usefixtures("small_batches")
def test_what_is_new_in_a_long_conversation_has_its_label_before_its_text(alice, monkeypatch):
    texts = [f"Text {number}" for number in range(50)]
    imported(alice, [long_conversation(texts)], "one.json")
    labels: list[int] = []
    real = storing._write_messages

    def watched(draft, messages):
        labels.append(Conversation.objects.get().label)
        real(draft, messages)

    monkeypatch.setattr(storing, "_write_messages", watched)
    value = long_conversation([*texts, *["More"] * 39, SECRET_CARD])
    assert counts(imported(alice, [value], "two.json"))["updated"] == 1
    assert set(labels) == {Sensitivity.CONFIDENTIAL}
    assert len(labels) == 2
    assert Conversation.objects.alive().get().messages.count() == 90


ROOT = Path(__file__).parent.parent.parent


READING = """
import json, resource, sys
from chat.transfers.readers import detection
from chat.transfers.readers.elements import elements
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
message = {"author": {"role": "user"}, "content": {"parts": ["word " * 20000]}}
one = json.dumps({"mapping": {"a": {"message": message}}}).encode()
pieces = iter([b"["] + [one + b","] * 3000 + [one + b"]"])
print(sum(1 for element in elements(lambda size: next(pieces, b"")) for found in detection.imported(element)))
"""


@pytest.mark.any_database
def test_memory_does_not_grow_with_the_file():
    done = subprocess.run(
        [sys.executable, "-c", READING], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr) == ("3001\n", "")
