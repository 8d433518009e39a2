"""What a turn gives of attached files to its model: whole pages, passages, pictures, and nothing it may not see."""

import base64
import hashlib
import json

import pytest
from django.utils import timezone

from chat.models import Conversation, GivenDocument, Message
from chat.turns import previews, storage
from langai_site.attached_files import file_store
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search.models import Source
from tests.chat.attached import attach, picture, read_all
from tests.chat.test_attachments import CARD
from tests.chat.test_changes_during_a_turn import (
    HOSTED,
    INSIDE,
    ended,
    house,  # noqa: F401 - a fixture
)
from tests.conftest import needs

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
RULES, NUMBER = "The court is closed on Mondays.", "4111 1111 1111 1111"


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.MEDIA_ROOT, settings.DATA_DIR, settings.MODEL_DIR = tmp_path / "files", tmp_path, tmp_path / "model"
    settings.CHROMA_URL, settings.FILE_UPLOAD_TEMP_DIR = "", tmp_path
    worker.stopping.clear()


async def asked(house, *files, text="When is it closed?", model=HOSTED, conversation=None):  # noqa: F811
    """Ask with these files and no documents; return the reply."""
    post = {"model": model, "collections": ["none"], "attached": files}
    return await ended(await in_database_thread(storage.post, house.person, conversation, text, **post))


def messages(house):  # noqa: F811
    """The messages of the last call."""
    return json.loads(house.calls[-1][1])["messages"]


def text_of(message):
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


async def test_a_short_file_is_given_whole_and_can_be_cited(house):  # noqa: F811
    reply = await asked(house, await in_database_thread(attach, house.person, RULES))
    said = text_of(messages(house)[0])
    today = timezone.now().date().isoformat()
    assert f'<passage number="1" document="rules" file="rules.txt" added="{today}">\n{RULES}\n</passage>' in said
    assert said.endswith("\n\nWhen is it closed?")
    assert "(Attached to this message: rules.txt)\n\n(Today is " in said
    assert reply.receipt["files"] == ["rules.txt: whole, 1 page"]
    given = await in_database_thread(lambda: list(GivenDocument.objects.values_list("document", flat=True)))
    assert given == [(await Source.objects.aget(live=True, title="rules")).document]


async def test_the_prompt_begins_alike_in_every_turn(house):  # noqa: F811
    first = await asked(house, await in_database_thread(attach, house.person, RULES))
    await asked(house, text="And on Tuesdays?", conversation=first.conversation_id)
    await asked(
        house,
        await in_database_thread(attach, house.person, "More of it.", "more.txt"),
        text="And now?",
        conversation=first.conversation_id,
    )
    beginnings = set()
    for _model, body in house.calls:
        sent = json.loads(body)
        said = text_of(sent["messages"][0])
        end = said.index("</passage>") + len("</passage>")
        beginnings.add(hashlib.sha256(json.dumps([sent["system"], said[:end]]).encode()).hexdigest())
    assert len(beginnings) == 1
    # Another file comes after those that were there, and before all that was said.
    said = text_of(messages(house)[0])
    assert 0 < said.index(RULES) < said.index("More of it.") < said.index("When is it closed?")


async def test_a_long_file_is_searched(house):  # noqa: F811
    filler = "\n\n".join(f"Paragraph {number} is about the gardens and their many flowers." for number in range(2_500))
    long = f"{filler}\n\nThe court of tennis is closed on Mondays.\n\n{filler}"
    file = await in_database_thread(attach, house.person, long, "long.txt")
    reply = await asked(house, file, text="When is the court of tennis closed?")
    sent = house.calls[-1][1]
    assert "closed on Mondays" in sent
    assert len(sent) < 40_000
    assert reply.receipt["files"] == ["long.txt: searched, passages of it"]
    assert reply.receipt["passages"] > 0


async def test_a_long_file_without_a_matching_passage_is_given_from_its_beginning(house):  # noqa: F811
    text = "\n\n".join(f"Paragraph {number} is about the gardens." for number in range(4_000))
    await asked(house, await in_database_thread(attach, house.person, text, "long.txt"), text="Zusammenfassung?")
    assert "Paragraph 0 is" in house.calls[-1][1]


async def test_a_confidential_file_never_leaves(house):  # noqa: F811
    reply = await asked(house, await in_database_thread(attach, house.person, CARD, "payment.txt"))
    assert house.calls == []
    assert (reply.status, reply.error_code) == ("failed", "above_ceiling")
    # Nor with a later question, or in an answer that another model writes.
    again = await asked(house, text="And what else?", model="auto", conversation=reply.conversation_id)
    assert (again.status, again.receipt["name"], house.asked[-1]) == ("complete", INSIDE, INSIDE)
    assert HOSTED not in house.asked
    conversation = await Conversation.objects.aget(id=reply.conversation_id)
    assert (conversation.label, conversation.label_cause) == (CONFIDENTIAL, "the file “payment.txt”")


async def test_a_label_that_rises_before_sending_keeps_the_file_inside(house):  # noqa: F811
    def relabel(_house):
        Source.objects.filter(title="rules").update(sensitivity=CONFIDENTIAL)

    house.change = relabel
    file = await in_database_thread(attach, house.person, RULES)
    # The first model fails, and by then the label has changed.
    reply = await asked(house, file, model="auto")
    assert (reply.label, HOSTED in house.asked) == (CONFIDENTIAL, False)


async def test_sending_waits_for_a_file_that_is_being_read(house, settings):  # noqa: F811
    import asyncio

    file = await in_database_thread(lambda: attach(house.person, RULES, read=False))
    waiting = asyncio.create_task(asked(house, file))
    await asyncio.to_thread(read_all)
    reply = await waiting
    assert (reply.status, reply.receipt["files"]) == ("complete", ["rules.txt: whole, 1 page"])


async def test_a_file_that_takes_too_long_is_told(house, settings):  # noqa: F811
    settings.ATTACHMENT_WAIT_SECONDS = -1
    file = await in_database_thread(lambda: attach(house.person, RULES, read=False))
    reply = await asked(house, file)
    assert (reply.status, house.calls) == ("failed", [])
    assert "“rules.txt” is still being read" in reply.error


async def test_an_unreadable_file_is_left_out_and_that_is_told(house):  # noqa: F811
    file = await in_database_thread(attach, house.person, b"%PDF-1.4 broken", "report.pdf")
    reply = await asked(house, file)
    assert reply.status == "complete"
    assert reply.receipt["notice"].startswith("“report.pdf” could not be read, so the answer was written without it:")
    assert "Attached too, but it could not be read: report.pdf" in text_of(messages(house)[0])


@pytest.mark.parametrize(("data", "name"), [(RULES, f"{NUMBER}.txt"), (b"%PDF-1.4 broken", f"{NUMBER}.pdf")])
async def test_a_confidential_name_of_a_file_never_leaves(house, data, name):  # noqa: F811
    reply = await asked(house, await in_database_thread(attach, house.person, data, name))
    assert (reply.status, reply.error_code, house.calls) == ("failed", "above_ceiling", [])
    await asked(house, model=INSIDE, conversation=reply.conversation_id)
    assert house.asked == [INSIDE]
    assert (await Conversation.objects.aget()).label == CONFIDENTIAL


def let_see(name=HOSTED):
    Model.objects.filter(name=name).update(abilities={"vision": True})


async def test_a_picture_is_shown_to_a_model_that_sees(house):  # noqa: F811
    await in_database_thread(let_see)
    file = await in_database_thread(attach, house.person, picture(), "photo.png")
    reply = await asked(house, file, text="What is it?")
    parts = messages(house)[0]["content"]
    [shown] = [part for part in parts if part["type"] == "image"]
    document = (await Source.objects.aget(title="photo")).document
    path = (await in_database_thread(file_store().picture, document)).path
    assert base64.b64decode(shown["source"]["data"]) == path.read_bytes()
    assert next(part["text"] for part in parts if part["type"] == "text").startswith('<picture name="photo.png">')
    assert (reply.receipt["files"], reply.receipt["label"]) == (["photo.png: as a picture"], "Internal")
    # A later question shows it again.
    await asked(house, text="Which colour?", conversation=reply.conversation_id)
    assert [part["type"] for part in messages(house)[0]["content"]].count("image") == 1


async def test_auto_asks_a_model_that_sees_first(house):  # noqa: F811
    await in_database_thread(let_see)
    file = await in_database_thread(attach, house.person, picture(), "photo.png")
    await asked(house, file, text="What is it?", model="auto")
    assert house.asked == [HOSTED]


async def test_other_models_get_the_text_in_a_picture_and_the_preview_says_so(house):  # noqa: F811
    needs("tesseract")
    file = await in_database_thread(attach, house.person, picture("Closed on Mondays", size=(900, 200)), "sign.png")
    words = "cannot see pictures, so of “sign.png” it gets the recognised text."
    draft = previews.DraftMessage("When?", previews.drafts.Pick(HOSTED), documents=False, attached=(file,))
    before = await in_database_thread(previews.before, house.person, None, draft)
    assert words in (await previews.preview(before, draft)).notice
    reply = await asked(house, file)
    assert "Closed on Mondays" in text_of(messages(house)[0])
    assert "image" not in house.calls[-1][1]
    assert reply.receipt["files"] == ["sign.png: the text in the picture"]
    assert words in reply.receipt["notice"]


async def test_the_preview_counts_files_and_their_label(house):  # noqa: F811
    file = await in_database_thread(attach, house.person, CARD, "payment.txt")
    draft = previews.DraftMessage("What?", previews.drafts.Pick("auto"), documents=False, attached=(file,))
    before = await in_database_thread(previews.before, house.person, None, draft)
    expected = await previews.preview(before, draft)
    assert (expected.label, expected.model.hosted) == (CONFIDENTIAL, False)
    assert "the file “payment.txt”" in [cause.words for cause in expected.causes]


async def test_a_retry_and_a_continued_answer_give_the_files_again(house):  # noqa: F811
    reply = await asked(house, await in_database_thread(attach, house.person, RULES))
    await ended(await in_database_thread(storage.retry, house.person, reply.id))
    await in_database_thread(lambda: Message.objects.filter(id=reply.id).update(status="interrupted"))
    await in_database_thread(lambda: Conversation.objects.update(current_leaf=reply.id))
    await ended(await in_database_thread(storage.resume, house.person, reply.id))
    assert [RULES in body for _model, body in house.calls] == [True] * 3
