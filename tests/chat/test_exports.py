"""Exports: one conversation as Markdown, JSON or a page, and many as a ZIP that the worker makes."""

import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.conversations import attachments, branches, corrections
from chat.models import Citation, Conversation, Feedback, GivenDocument, Message, Transfer
from chat.models.keeping import Keeping
from chat.transfers import access, claims, jobs, schema
from chat.turns import storage
from langai_site.errors import ConflictError
from langai_site.processes import worker
from tests.chat.attached import attach
from tests.chat.factories import long_conversation, said, version_of

pytestmark = pytest.mark.django_db(transaction=True)
ORDER, ALL = reverse("chat:order"), reverse("chat:transfers")


@pytest.fixture
def client(alice):
    return client_of(alice)


def client_of(person):
    client = Client(raise_request_exception=False)
    client.force_login(person)
    worker.stopping.clear()
    return client


def at(name, row):
    return reverse(f"chat:{name}", args=[row.id])


async def _all(answer):
    return b"".join([piece async for piece in answer.streaming_content])


def content(answer):
    return async_to_sync(_all)(answer)


@pytest.fixture
def whole(alice):
    """A conversation that has one of everything an export can have."""
    row, messages = long_conversation(alice, 4, "Word {}", "Ferien / Ärger?")
    attach_id = attach(alice, "The court is closed on Mondays.", "rules.txt")
    attachments.send(messages[0], [attach_id])
    reply = messages[1]
    document = uuid.uuid4()
    place = {"source": uuid.uuid4(), "version": 2, "title": "Rules", "page": 3, "start": 1, "end": 9}
    Citation.objects.create(reply=reply, number=1, **place)
    GivenDocument.objects.create(reply=reply, document=document)
    Feedback.objects.create(reply=reply, good=False, reasons=["wrong"], comment="No.")
    Message.objects.filter(pk=reply.pk).update(
        parts=[{"type": "thinking", "text": "Hm.", "seconds": 2}, {"type": "text", "text": "It is closed [1]."}],
        model="some-model",
        receipt={"model": "some-model", "label": "public", "failures": ["secret to admins"]},
    )
    version_of(reply, "Another version")
    return row


def test_one_conversation_is_json_with_all_that_it_has(client, whole):
    found = json.loads(content(client.get(at("export-json", whole))))
    assert (found["format"], found["version"], found["title"]) == ("langai.conversation", 1, "Ferien / Ärger?")
    assert len(found["messages"]) == 5
    known = set()
    for message in found["messages"]:
        assert message["parent"] is None or message["parent"] in known
        known.add(message["id"])
    assert found["current_message"] in known
    question, reply = found["messages"][0], next(one for one in found["messages"] if one["citations"])
    assert question["files"] == [{"name": "rules.txt", "media_type": "text/plain", "size": 31, "path": None}]
    assert (reply["text"], reply["model"], reply["thoughts"]) == ("It is closed [1].", "some-model", None)
    assert reply["feedback"] == {"good": False, "reasons": ["wrong"], "comment": "No."}
    assert reply["citations"][0]["title"] == "Rules"
    assert len(reply["given_documents"]) == 1
    assert "secret to admins" not in json.dumps(reply["receipt"])
    with_thoughts = json.loads(content(client.get(at("export-json", whole) + "?thoughts")))
    assert {"text": "Hm.", "seconds": 2} in [message["thoughts"] for message in with_thoughts["messages"]]


def test_one_conversation_is_markdown_and_a_page_to_print(client, whole):
    sent = client.get(at("export-markdown", whole))
    text = content(sent).decode()
    assert "ferien-%C3%A4rger" in sent["Content-Disposition"]
    assert text.startswith("# Ferien / Ärger?\n")
    assert "Attached: rules.txt" in text
    assert "- [1] Rules, page 3" in text
    page = client.get(at("print", whole)).content.decode()
    assert "It is closed" in page
    assert "[1] Rules, page 3" in page
    assert "Hm." not in text + page


@pytest.mark.parametrize("name", ["export-json", "export-markdown", "print"])
def test_nobody_else_gets_one(whole, bob, admin, name):
    for person in (bob, admin):
        assert client_of(person).get(at(name, whole)).status_code == 404
    assert Client().get(at(name, whole)).status_code == 302


def exported(client, **form):
    address = ORDER if form else reverse("chat:export-all")
    assert client.post(address, form).headers["Location"] == ALL
    assert jobs.run()
    row = Transfer.objects.get()
    assert row.status == "done", row.error
    return row, zipfile.ZipFile(io.BytesIO(content(client.get(at("transfer-file", row)))))


def test_the_worker_makes_a_zip_of_all_with_their_files(client, whole, alice, bob):
    long_conversation(bob, 2, "Foreign {}")
    temporary, _ = long_conversation(alice, 2)
    Conversation.objects.filter(pk=temporary.pk).update(
        keeping=Keeping.HOUR, expires_at=timezone.now() + timedelta(hours=1)
    )
    row, archive = exported(client)
    names = archive.namelist()
    assert [name for name in names if name.endswith(f"{str(whole.id)[:8]}.md")]
    assert archive.testzip() is None
    assert not any(b"Foreign" in archive.read(name) for name in names)
    found = json.loads(archive.read(next(name for name in names if name.endswith(f"{str(whole.id)[:8]}.json"))))
    [file] = found["messages"][0]["files"]
    assert archive.read(file["path"]) == b"The court is closed on Mondays."
    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["exported"], manifest["files"]) == (1, 1)
    assert manifest["left_out"] == [
        {"reason": "Temporary chats are not exported with others, because the file would outlive them", "count": 1}
    ]
    assert "Temporary chats are not exported" in client.get(at("transfer", row)).content.decode()


def test_chosen_ones_are_exported_alone_and_not_twice_at_once(client, whole, alice):
    other, _ = long_conversation(alice, 2)
    assert client.post(ORDER, {"ids": [whole.id], "action": "export"}).status_code == 302
    refused = client.post(ORDER, {"ids": [other.id], "action": "export"})
    assert refused.status_code == 409
    assert jobs.run()
    assert Transfer.objects.get().report["exported"] == 1


def test_only_its_owner_gets_the_file_and_removes_it(client, whole, bob, admin):
    row, _ = exported(client)
    path = access.stored_path(row)
    for person in (bob, admin):
        other = client_of(person)
        assert [other.get(at(name, row)).status_code for name in ("transfer", "transfer-file")] == [404, 404]
        assert other.post(at("transfer-remove", row)).status_code == 404
    assert path.is_file()
    client.post(at("transfer-remove", row))
    assert not path.exists()
    assert client.get(at("transfer-file", row)).status_code == 404


def test_another_worker_makes_it_if_the_first_is_killed(client, whole):
    client.post(reverse("chat:export-all"))
    assert claims.claim("killed")
    assert claims.claim("second") is None
    Transfer.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.run()
    assert Transfer.objects.get().status == "done"


def test_a_worker_that_ends_gives_it_back_and_one_that_dies_often_gives_up(client, whole):
    client.post(reverse("chat:export-all"))
    worker.stopping.set()
    try:
        assert not jobs.run()
    finally:
        worker.stopping.clear()
    row = Transfer.objects.get()
    assert (row.status, row.attempts) == ("queued", 0)
    Transfer.objects.update(attempts=claims.MAX_ATTEMPTS)
    assert not jobs.run()
    assert "The worker stopped 3 times" in client.get(ALL).content.decode()


def test_what_is_removed_meanwhile_stops(client, whole):
    client.post(reverse("chat:export-all"))
    held = claims.claim("worker")
    access.remove(whole.owner_id, held.transfer.id)
    with pytest.raises(claims.TransferLostError):
        held.beat()


def test_old_exports_and_files_without_a_row_are_removed(client, whole, monkeypatch):
    row, _ = exported(client)
    path = access.stored_path(row)
    orphan = path.with_name(f"{uuid.uuid4()}.zip")
    orphan.write_bytes(b"x")
    access.sweep()
    assert path.is_file()
    assert orphan.is_file()
    monkeypatch.setattr(access, "FILE_WITHOUT_ROW", -60)
    Transfer.objects.update(ended_at=timezone.now() - access.KEEP_FOR - timedelta(minutes=1))
    access.sweep()
    assert not path.exists()
    assert not orphan.exists()


def test_a_second_export_waits_for_the_first(alice, whole):
    access.start_export(alice.id, None)
    with pytest.raises(ConflictError):
        access.start_export(alice.id, None)


def test_a_long_conversation_is_read_in_parts(alice, django_assert_max_num_queries):
    row, _ = long_conversation(alice, 4 * schema.AT_ONCE)
    with django_assert_max_num_queries(4 * 4 + 2):
        pieces = list(schema.pieces(row))
    assert len(json.loads("".join(pieces))["messages"]) == 4 * schema.AT_ONCE
    assert max(map(len, pieces)) < 5_000


def test_deleted_versions_are_not_exported_and_corrected_ones_say_so(client, alice, whole):
    reply = branches.read(branches.ids(whole))[1]
    corrections.correct(alice.id, reply.id, "It is open.")
    gone = version_of(reply, "Deleted version")
    Message.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    Message.objects.create(conversation=whole, parent=gone, **said("user", "Below it"))
    text = content(client.get(at("export-json", whole))).decode()
    assert "Deleted version" not in text
    assert "Below it" not in text
    changed = next(one for one in json.loads(text)["messages"] if one["original"])
    assert (changed["text"], changed["original"]) == ("It is open.", "It is closed [1].")


def test_it_shows_an_answer_that_is_being_written_as_far_as_it_is(client, alice):
    started = storage.post(alice, None, "What is due?")
    found = json.loads(content(client.get(reverse("chat:export-json", args=[started.conversation]))))
    assert [message["status"] for message in found["messages"]] == ["complete", "streaming"]
