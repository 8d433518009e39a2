"""/api/conversations: read, export and delete one's own conversations."""

import json
import threading
from datetime import date

import pytest

from chat.api.schemas import ConversationFull
from chat.conversations import access, branches, export
from chat.live import runner
from chat.models import Attachment, Citation, Conversation, Message
from chat.turns import storage
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from tests.api.conftest import error_of, program_of
from tests.chat.factories import long_conversation

pytestmark = pytest.mark.usefixtures("upstream")
LIST = "/api/conversations"


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.CHAT)


@pytest.fixture
async def kept(program, echo):
    """Return the address of a conversation with one answer."""
    answer = (await program.post("/chat", message="How many days?\nAnd hours?", sensitivity="internal")).json()
    return f"{LIST}/{answer['conversation_id']}"


def cite():
    reply = Message.objects.get(role="assistant")
    place = {"page": 3, "start": 1, "end": 9, "version": 1, "source": reply.id}
    Citation.objects.create(reply=reply, number=1, title="Holidays", location="page 3", dated=date(2026, 3, 1), **place)


async def test_a_conversation_is_read_with_its_answers_and_what_they_cite(program, kept):
    await in_database_thread(cite)
    found = (await program.get(kept)).json()
    assert (found["title"], found["label"], found["source"]) == ("How many days?", "internal", "api")
    question, answer = found["messages"]
    assert (question["role"], question["text"]) == ("user", "How many days?\nAnd hours?")
    assert (answer["role"], answer["status"], answer["model"]) == ("assistant", "complete", "hosted_vllm/echo")
    assert answer["url"] == f"/conversations/{found['id']}/?reply={answer['id']}"
    assert answer["receipt"]["label"] == "Internal"
    assert (answer["citations"][0]["number"], answer["citations"][0]["title"]) == (1, "Holidays")
    assert answer["citations"][0]["dated"] == "2026-03-01"
    assert answer["citations"][0]["url"] == f"/replies/{answer['id']}/citations/1/"


async def test_the_list_has_pages_and_knows_the_doors(program, alice, kept, monkeypatch):
    monkeypatch.setattr(access, "LISTED", 2)
    for number in range(3):
        await in_database_thread(Conversation.objects.create, owner=alice, title=f"{number}")
    first = (await program.get(LIST)).json()
    rest = (await program.get(LIST, after=first["next"])).json()
    titles = [item["title"] for item in first["conversations"] + rest["conversations"]]
    assert titles == ["2", "1", "0", "How many days?"]
    assert rest["next"] is None
    api = (await program.get(LIST, source="api")).json()
    assert [item["title"] for item in api["conversations"]] == ["How many days?"]
    assert error_of(await program.get(LIST, after="nonsense")) == (400, "invalid")


async def test_an_export_is_a_file(program, kept):
    await in_database_thread(cite)
    exported = await program.get(f"{kept}/export")
    assert json.loads(exported.content) == (await program.get(kept)).json()
    assert exported["Content-Disposition"].startswith('attachment; filename="conversation-2')
    text = await program.get(f"{kept}/export", format="markdown")
    assert text["Content-Type"] == "text/markdown; charset=utf-8"
    assert text["Content-Disposition"].endswith('.md"')
    lines = text.content.decode().splitlines()
    assert lines[0] == "# How many days?"
    assert lines[2].endswith(" · Internal")
    assert "## You" in lines
    assert "## LangAI (hosted_vllm/echo)" in lines
    assert lines[-1] == "- [1] Holidays, page 3, added on 2026-03-01"
    assert error_of(await program.get(f"{kept}/export", format="pdf")) == (422, "unreadable")


async def test_a_long_conversation_is_told_whole_and_in_pieces_that_hold_up_nobody(program, alice, monkeypatch):
    conversation, messages = await in_database_thread(long_conversation, alice, 250)
    threads, sizes = set(), []
    real = branches.read

    def watched(ids):
        threads.add(threading.current_thread().name.partition("_")[0])
        sizes.append(len(ids))
        return real(ids)

    monkeypatch.setattr(branches, "read", watched)
    address = f"{LIST}/{conversation.id}"
    found = (await program.get(address)).json()
    assert [message["text"] for message in found["messages"]] == [f"Message {number}" for number in range(250)]
    assert [message["id"] for message in found["messages"]] == [str(message.id) for message in messages]
    ConversationFull.model_validate(found)
    exported = await program.get(f"{address}/export")
    assert json.loads(exported.content) == found
    text = (await program.get(f"{address}/export", format="markdown")).content.decode()
    assert text.index("Message 0") < text.index("Message 100") < text.index("Message 249")
    assert sizes == [25] * 10 * 3
    assert threads == {"drawing"}


async def test_a_conversation_without_messages_is_told_as_such(program, alice):
    conversation = await in_database_thread(Conversation.objects.create, owner=alice, title="Nothing yet")
    assert (await program.get(f"{LIST}/{conversation.id}")).json()["messages"] == []
    assert json.loads((await program.get(f"{LIST}/{conversation.id}/export")).content)["messages"] == []


def test_an_export_of_a_failed_answer_says_why():
    said = [
        Message(role="user", parts=[{"type": "text", "text": "How?"}]),
        Message(role="assistant", error="It failed."),
    ]
    for message in said:
        message._prefetched_objects_cache = {
            "citations": Citation.objects.none(),
            "attachments": Attachment.objects.none(),
        }
    assert export.heading(Conversation(title="A\nB")).startswith("# A B\n\n")
    assert export.markdown(said).endswith("## LangAI\n\nIt failed.")


async def test_a_deleted_conversation_is_gone(program, kept):
    assert (await program.delete(kept)).status_code == 204
    assert error_of(await program.get(kept)) == (404, "not_found")
    assert error_of(await program.delete(kept)) == (404, "not_found")
    assert (await program.get(LIST)).json()["conversations"] == []


async def test_what_is_being_written_in_a_deleted_conversation_stops(program, alice, transactional_db):
    from tests.api.conftest import offer

    model = await in_database_thread(offer, "t100-r20")
    begun = await runner.begin(lambda: in_database_thread(storage.post, alice, None, "How?", model))
    await program.delete(f"{LIST}/{begun.started.conversation}")
    assert (await begun.ending).status == "stopped"
