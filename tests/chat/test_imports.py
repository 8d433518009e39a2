"""Imports: conversations of other programs become a person's own, once, with a true report."""

import base64
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from chat.conversations import access as conversations
from chat.conversations import removing
from chat.models import Attachment, Conversation, Folder, LabelChange, Message, MessageWords, Reply, Transfer
from chat.transfers import access, importing, jobs, packages, schema, storing
from chat.transfers.readers import detection
from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.errors import ConflictError, InvalidError
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from tests.chat.attached import picture
from tests.chat.exports import (
    BEGAN,
    SECRET_CARD,
    chatgpt,
    claude,
    claude_project,
    openwebui,
    packed,
)
from tests.chat.test_exports import client_of, content, whole  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def imported(person, data, name="export.zip", floor=None):
    """Import a file as the worker does; return its row."""
    worker.stopping.clear()
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    row = access.start_import(person, ContentFile(data, name), floor)
    assert jobs.run()
    row.refresh_from_db()
    return row


def counts(row):
    assert row.status == "done", row.error
    report = row.report
    assert report["found"] == sum(report[name] for name in ("imported", "updated", "same", "broken"))
    return {name: report[name] for name in ("found", "imported", "updated", "same", "broken")}


def left_out(row):
    return {line["reason"]: line["count"] for line in row.report["left_out"]}


def tree(conversation):
    """Return each message's text with that of the one that it follows."""
    rows = conversation.messages.order_by("created_at")
    return {row.text: row.parent.text if row.parent else None for row in rows}


def test_chatgpt_keeps_branches_times_models_thoughts_and_files(alice):
    row = imported(alice, packed(conversations_json=[chatgpt()], **{"file-Ab12-plan_png": picture()}))
    assert counts(row) == {"found": 1, "imported": 1, "updated": 0, "same": 0, "broken": 0}
    assert row.report["programs"] == ["ChatGPT"]
    found = Conversation.objects.get()
    assert (found.title, found.source, found.imported_from) == ("Holidays", "page", "chatgpt")
    assert found.created_at == datetime.fromtimestamp(BEGAN, UTC)
    assert found.updated_at == datetime.fromtimestamp(BEGAN + 100.5, UTC)
    assert tree(found) == {
        "How many days?": None,
        "Thirty.": "How many days?",
        "Twenty-eight.": "How many days?",
        "Sure?": "Thirty.",
        "Yes.": "Sure?",
    }
    assert found.current_leaf.text == "Yes."
    answer = found.messages.get(parent__parent=None, model="gpt-5")
    assert (answer.thinking.text, answer.status) == ("Hm.", "complete")
    assert left_out(row) == {}
    [file] = Attachment.objects.all()
    assert (file.name, file.message.text, file.owner) == ("plan.png", "How many days?", alice)
    [listed], _ = conversations.listed(alice.id)
    assert listed == found


def test_the_page_shows_it_and_a_question_can_be_asked(alice):
    imported(alice, packed(conversations_json=[chatgpt()]))
    found = Conversation.objects.get()
    page = client_of(alice).get(reverse("chat:conversation", args=[found.id])).content.decode()
    assert "Yes." in page
    assert "2 of 2" in page or "1 of 2" in page
    assert storage.post(alice, found.id, "And this year?").after == found.current_leaf_id


def test_new_chatgpt_exports_have_many_files_and_may_miss_links(alice):
    broken_links = chatgpt("c2", "Links")
    for node in broken_links["mapping"].values():
        node["parent"] = None
    above = {
        "q1": "root",
        "t1": "q1",
        "a1": "t1",
        "a2": "q1",
        "q2": "a1",
        "tool": "q2",
        "result": "tool",
        "a3": "result",
    }
    for child, parent in above.items():
        broken_links["mapping"][parent]["children"].append(child)
    data = packed(
        **{
            "conversations-000_json": [chatgpt("c1")],
            "conversations-001_json": [broken_links],
            "user_json": {"id": "u"},
            "shared_conversations_json": [{"id": "s", "conversation_id": "c1", "title": "x"}],
        }
    )
    assert counts(imported(alice, data))["imported"] == 2
    one, other = Conversation.objects.order_by("imported_id")
    assert tree(one) == tree(other)


def test_claude_with_its_projects(alice):
    data = packed(**{"conversations_json": [claude()], "projects__p1_json": claude_project()})
    row = imported(alice, data)
    assert counts(row)["imported"] == 1
    found = Conversation.objects.get()
    assert tree(found) == {"How long?": None, "A week.": "How long?"}
    assert found.current_leaf.thinking.text == "Let me see."
    assert Attachment.objects.get().name == "terms.pdf.txt"
    assert Folder.objects.get(owner=alice, name="Legal").instructions == "Be exact."
    reasons = left_out(row)
    assert reasons["Files that the export does not contain"] == 1
    assert reasons["Documents of projects: add them to a collection, or to messages"] == 2
    assert any(reason.startswith("Projects: ") for reason in reasons)


def test_open_webui(alice):
    url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    row = imported(alice, [openwebui(picture=url)], "chats.json")
    assert counts(row)["imported"] == 1
    found = Conversation.objects.get()
    assert (found.archived_at is not None, found.pinned_at is not None) == (True, True)
    assert tree(found) == {"Which server?": None, "The first.": "Which server?", "The second.": "Which server?"}
    leaf = found.current_leaf
    assert (leaf.text, leaf.model, leaf.thinking.text, leaf.thinking.seconds) == (
        "The first.",
        "llama3",
        "Which one?",
        3,
    )
    assert leaf.feedback.good is False
    assert Attachment.objects.get().media_type == "image/png"
    assert left_out(row) == {"Sources of answers: they name documents that LangAI does not have": 1}
    bare = openwebui("w2")["chat"] | {"id": "w2"}
    assert counts(imported(alice, bare, "one.json"))["imported"] == 1


def normalised(text):
    """Return an export without what a new home changes: ids, and why it has its label."""
    value = json.loads(text)
    names = {row["id"]: number for number, row in enumerate(value["messages"])}
    for row in value["messages"]:
        row |= {"id": names[row["id"]], "parent": names.get(row["parent"])}
    return value | {"id": "", "current_message": names[value["current_message"]], "label_cause": "", "titled_by": ""}


def test_a_round_trip_through_langai_changes_nothing(alice, bob, whole):  # noqa: F811
    client = client_of(alice)
    client.post(reverse("chat:export-all"), {"thoughts": "on"})
    assert jobs.run()
    made = Transfer.objects.get()
    data = access.stored_path(made).read_bytes()
    row = imported(bob, data)
    assert counts(row)["imported"] == 1
    assert left_out(row) == {}
    theirs = Conversation.objects.get(owner=bob)
    one, other = ("".join(schema.pieces(part, thoughts=True)) for part in (whole, theirs))
    assert normalised(one) == normalised(other)
    assert [file.document for file in Attachment.objects.filter(owner=bob)] != []
    assert counts(imported(bob, data)) == {"found": 1, "imported": 0, "updated": 0, "same": 1, "broken": 0}
    # Where it comes from, it is there already.
    assert counts(imported(alice, data))["same"] == 1


def test_a_second_import_adds_only_what_is_new(alice):
    first = chatgpt()
    for key in ("q2", "tool", "result", "a3"):
        del first["mapping"][key]
    imported(alice, [first], "one.json")
    before = set(Message.objects.values_list("pk", flat=True))
    assert counts(imported(alice, [chatgpt()], "two.json"))["updated"] == 1
    found = Conversation.objects.get()
    assert set(Message.objects.values_list("pk", flat=True)) > before
    assert tree(found)["Yes."] == "Sure?"
    assert counts(imported(alice, [chatgpt()], "two.json"))["same"] == 1
    assert Message.objects.count() == 5
    conversations.delete(alice.id, found.id)
    assert counts(imported(alice, [chatgpt()], "two.json"))["imported"] == 1
    assert conversations.access_conversation(alice.id, found.id)


def test_each_person_has_their_own(alice, bob):
    imported(alice, [chatgpt()], "one.json")
    assert counts(imported(bob, [chatgpt()], "one.json"))["imported"] == 1
    one, other = Conversation.objects.all()
    assert one.owner != other.owner
    assert (
        client_of(bob).get(reverse("chat:conversation", args=[one.id if one.owner == alice else other.id])).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("texts", "floor", "label", "cause"),
    [
        (("How many days?", "Thirty.", "Sure?"), None, Sensitivity.PUBLIC, ""),
        (("How many days?", "Thirty.", "Sure?"), Sensitivity.INTERNAL, Sensitivity.INTERNAL, "chosen by you"),
        ((f"My card is {SECRET_CARD}", "Thirty.", "Sure?"), None, Sensitivity.CONFIDENTIAL, "in an imported message"),
        (("Hello", f"The card is {SECRET_CARD}", "Sure?"), None, Sensitivity.CONFIDENTIAL, "in an imported message"),
    ],
)
def test_what_is_found_in_its_texts_labels_it(alice, settings, texts, floor, label, cause):
    settings.DEFAULT_SENSITIVITY = "public"
    imported(alice, [chatgpt(title=texts[0], texts=texts)], "one.json", floor)
    found = Conversation.objects.get()
    assert found.label == label
    assert cause in found.label_cause
    assert SECRET_CARD not in found.title
    assert LabelChange.objects.count() == (label > Sensitivity.PUBLIC)
    if label == Sensitivity.CONFIDENTIAL:
        assert found.messages.filter(label=label).count() == 1


def test_a_changed_export_of_langai_lowers_no_label_and_harms_no_page(alice, bob, whole):  # noqa: F811
    value = json.loads("".join(schema.pieces(whole)))
    for message in value["messages"]:
        message |= {
            "label": "none",
            "receipt": {"cost": "much", "input_tokens": [1]},
            "causes": [{"label": 3}],
            "status": "streaming",
        }
        message["citations"] = [{"number": -1, "source": "x"}, {"number": 1, "source": str(whole.id), "version": "2"}]
    value["messages"][0]["text"] = f"\0 {SECRET_CARD}"
    assert counts(imported(bob, value, "one.json"))["imported"] == 1
    found = Conversation.objects.get(owner=bob)
    assert found.label == Sensitivity.CONFIDENTIAL
    assert not found.messages.filter(status="streaming").exists()
    assert not any(found.messages.values_list("receipt", flat=True))
    assert client_of(bob).get(reverse("chat:conversation", args=[found.id])).status_code == 200


def test_one_broken_conversation_costs_only_itself(alice):
    text = json.dumps(
        [chatgpt("c1"), chatgpt("c2", "Two"), chatgpt("c3", "Three"), {"title": "Empty", "mapping": {}}, 7]
    )
    text = text.replace('"title": "Two"', '"title": Two')
    row = imported(alice, f'{text[:-1]}, {{"title": "Cut'.encode(), "export.json")
    assert counts(row) == {"found": 5, "imported": 2, "updated": 0, "same": 0, "broken": 3}
    broken = {detection.NOT_JSON: 1, detection.NO_MESSAGES: 1, detection.UNFINISHED: 1}
    assert left_out(row) == {**broken, importing.NO_FILE: 2}
    page = client_of(alice).get(reverse("chat:transfer", args=[row.id])).content.decode()
    assert "It is not valid JSON" in page


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"PK\x03\x04 broken", "x.zip", packages.NOT_A_ZIP),
        (b"[]", "x.json", importing.NOTHING),
        (b'{"hello": 1}', "x.json", importing.NOTHING),
        (packed(readme_json={"a": 1}), "x.zip", importing.NOTHING),
    ],
)
def test_what_is_no_export_says_what_to_do(alice, data, name, words):
    row = imported(alice, data, name)
    assert (row.status, row.error) == ("failed", words)
    assert not access.stored_path(row).exists()


def test_zip_bombs_are_refused_and_damage_costs_one_file(alice, monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "SMALL", 1000)
    bomb = packed(conversations_json=b"[" + b" " * 3_000_000 + b"]")
    assert imported(alice, bomb).error == packages.BOMB
    monkeypatch.setattr(packages, "MOST_ENTRIES", 1)
    assert imported(alice, packed(a_json=[], b_json=[])).error == packages.TOO_MANY % {"most": packages.MOST_ENTRIES}
    monkeypatch.undo()
    damaged = bytearray(packed(a_json=[chatgpt()], b_json=[chatgpt("c2")]))
    place = damaged.find(b"a.json") + 60
    damaged[place : place + 20] = b"\xff" * 20
    row = imported(alice, bytes(damaged))
    assert counts(row)["imported"] == 1
    assert left_out(row)[importing.DAMAGED] == 1


@pytest.mark.parametrize(("name", "data"), [("notes.txt", b"x"), ("empty.zip", b"")])
def test_other_files_are_refused_at_once(alice, name, data):
    with pytest.raises(InvalidError):
        access.start_import(alice, ContentFile(data, name))


def test_one_person_fills_no_disk(alice, bob, settings):
    settings.IMPORT_MAX_MB = 1
    half = ContentFile(b"x" * 600_000, "export.json")
    access.start_import(alice, half)
    with pytest.raises(ConflictError, match="Wait until some are done"):
        access.start_import(alice, half)
    access.start_import(bob, half)
    for _ in range(access.MOST_EXPORTS):
        access.start_export(bob.pk, None)
        Transfer.objects.filter(kind="export").update(status="done")
    with pytest.raises(ConflictError, match="Remove one"):
        access.start_export(bob.pk, None)
    Transfer.objects.filter(owner=bob).first().delete()
    access.start_export(bob.pk, None)


def test_a_killed_worker_loses_and_doubles_nothing(alice, monkeypatch):
    rows = [chatgpt(f"c{number}") for number in range(5)]
    access.start_import(alice, ContentFile(json.dumps(rows).encode(), "export.json"))
    real = storing.store

    def dies(found, target):
        if found.id == "c3":
            raise KeyboardInterrupt
        return real(found, target)

    monkeypatch.setattr(storing, "store", dies)
    worker.stopping.clear()
    with pytest.raises(KeyboardInterrupt):
        jobs.run()
    monkeypatch.undo()
    row = Transfer.objects.get()
    assert (row.status, row.report["imported"], Conversation.objects.count()) == ("working", 3, 3)
    assert not jobs.run()
    Transfer.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.run()
    row.refresh_from_db()
    assert counts(row) == {"found": 5, "imported": 5, "updated": 0, "same": 0, "broken": 0}
    assert Conversation.objects.count() == 5


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


def test_files_that_cannot_be_kept_are_counted_by_reason(alice, settings):
    settings.ATTACHMENTS_MB = 1
    attachments = [{"id": f"file-{name}", "name": name} for name in ("film.mp4", "big.txt", "none.txt")]
    value = chatgpt()
    value["mapping"]["q1"]["message"]["metadata"]["attachments"] = attachments
    data = packed(**{"conversations_json": [value], "file-film.mp4": b"x", "file-big.txt": b"x " * 600_000})
    row = imported(alice, data)
    assert counts(row)["imported"] == 1
    assert left_out(row) == {
        importing.UNREADABLE_TYPE: 1,
        importing.FULL % {"size": 1}: 1,
        importing.NO_FILE: 1,
    }


def test_words_are_found_at_once_and_admins_see_no_answers_of_other_programs(alice, admin):
    imported(alice, [chatgpt(texts=("Sabbatical?", "Thirty.", "Sure?"))], "one.json")
    assert (
        "<mark>Sabbatical</mark>" in client_of(alice).get(reverse("chat:history"), {"q": "sabbatical"}).content.decode()
    )
    assert Reply.objects.filter(role="assistant").count() == 3
    assert "gpt-5" not in client_of(admin).get(reverse("admin:chat_reply_changelist")).content.decode()


def test_the_page_takes_files_and_follows_them(alice, bob):
    client = client_of(alice)
    files = [SimpleUploadedFile(f"{key}.json", json.dumps([chatgpt(key)]).encode()) for key in ("c1", "c2")]
    assert client.post(reverse("chat:import"), {"files": files, "label": "internal"}).status_code == 302
    page = client.get(reverse("chat:transfers")).content.decode()
    assert page.count('hx-trigger="load delay:2s"') == 2
    row = Transfer.objects.first()
    part = client.get(reverse("chat:transfer", args=[row.id]), headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith("<li")
    assert client_of(bob).get(reverse("chat:transfer", args=[row.id])).status_code == 404
    while jobs.run():
        pass
    assert set(Conversation.objects.values_list("label", flat=True)) == {Sensitivity.INTERNAL}
    refused = client.post(reverse("chat:import"), {"files": [SimpleUploadedFile("x.pdf", b"x")]})
    assert (refused.status_code, "cannot be imported" in refused.content.decode()) == (415, True)
    assert client.post(reverse("chat:import")).status_code == 400


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


def test_halves_of_characters_in_titles_and_folders_cost_nothing_else(alice):
    project = claude_project()
    project |= {"name": "Half \ud83d", "prompt_template": "Half \ud83d\0"}
    broken = chatgpt("c2", "Half \ud83d\0") | {"mapping": {}}
    row = imported(alice, packed(projects_json=[project], conversations_json=[broken, chatgpt()]))
    assert (row.report["imported"], row.report["broken"]) == (1, 1)
    assert Folder.objects.get().name == "Half \N{REPLACEMENT CHARACTER}"
    page = client_of(alice).get(reverse("chat:transfer", args=[row.id]))
    assert "Half \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in page.content.decode()


def test_a_report_is_read_in_the_language_in_which_the_import_was_started(alice, settings):
    """Reasons are stored in English; a reason with a number in it, in the language of the one who started."""
    settings.ATTACHMENTS_MB = 1
    value = chatgpt()
    value["mapping"]["q1"]["message"]["metadata"]["attachments"] = [
        {"id": f"file-{name}", "name": name} for name in ("film.mp4", "big.txt")
    ]
    data = packed(**{"conversations_json": [value], "file-film.mp4": b"x", "file-big.txt": b"x " * 600_000})
    with translation.override("de"):
        row, broken = imported(alice, data), imported(alice, b"PK\x03\x04", "broken.zip")
    assert importing.UNREADABLE_TYPE in left_out(row)
    page = client_of(alice)
    page.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    report = page.get(reverse("chat:transfer", args=[row.pk])).text
    assert "Dateien einer Art, die LangAI nicht lesen kann" in report
    assert "Dateien über die 1 MB hinaus" in report
    listed = page.get(reverse("chat:transfers")).text
    assert "Das ist keine vollständige ZIP-Datei." in listed
    assert broken.status == "failed"
