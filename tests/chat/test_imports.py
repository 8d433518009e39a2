"""Imports: conversations of other programs become a person's own, once, with a true report."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access as conversations
from chat.models import Attachment, Conversation, Folder, LabelChange, Message, Reply, Transfer
from chat.transfers import access, jobs, schema, storing
from chat.turns import storage
from documents.models import Document
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from tests.chat.attached import picture, read_all
from tests.chat.exports import (
    BEGAN,
    SECRET_CARD,
    chatgpt,
    claude,
    claude_project,
    openwebui,
    packed,
)
from tests.chat.import_reports import counts, imported, left_out
from tests.chat.test_exports import client_of, content, whole  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_the_files_of_an_import_get_the_label_that_was_stated_for_all_of_it(alice):
    packing = packed(conversations_json=[chatgpt()], **{"file-Ab12-plan_png": picture()})
    imported(alice, packing, floor=Sensitivity.CONFIDENTIAL)
    read_all()
    assert Document.objects.get().label == Sensitivity.CONFIDENTIAL


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
