"""A person can correct an answer: it says so, the original is kept, and everything that follows uses the new text."""

import pytest
from django.test import AsyncClient
from django.urls import reverse

from chat.conversations import access, branches, corrections, export, forks
from chat.history import finding
from chat.models import Conversation, LabelChange, Message
from chat.turns import closing, storage
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}


def asked(alice, question="How long is the leave?", answer="25 days."):
    started = storage.post(alice, None, question, "quotes")
    finish(started, answer)
    return started


@pytest.fixture
def first(alice):
    return asked(alice)


def test_the_text_is_replaced_and_the_first_original_kept(first, alice):
    corrections.correct(alice.id, first.reply, "26 days.")
    corrected = corrections.correct(alice.id, first.reply, "27 days.")
    assert (corrected.text, corrected.original) == ("27 days.", "25 days.")
    back = corrections.put_back(alice.id, first.reply)
    assert (back.text, back.original) == ("25 days.", None)


def test_the_words_of_the_original_are_no_correction(first, alice):
    corrections.correct(alice.id, first.reply, "26 days.")
    assert corrections.correct(alice.id, first.reply, " 25 days.\n").original is None


def test_thoughts_stay_and_are_no_text(alice):
    started = storage.post(alice, None, "Why?", "quotes")
    thinking = closing.ThinkingText("Let me see.", 1.5)
    assert closing.close(started, closing.TurnOutcome("So.", Message.Status.COMPLETE, (), thinking=thinking), [])
    corrected = corrections.correct(alice.id, started.reply, "Because.")
    assert (corrected.thinking, corrected.text, corrected.original) == (thinking, "Because.", "So.")


def test_later_questions_search_copies_and_exports_use_it(first, alice):
    corrections.correct(alice.id, first.reply, "Thirty zebras.")
    later = storage.post(alice, first.conversation, "Sure?", "quotes")
    assert [message.text for message in later.request.history][-1] == "Thirty zebras."
    finish(later, "Yes.")
    assert len(finding.find(alice.id, "zebras").found) == 1
    assert finding.find(alice.id, "25 days").is_partial or not finding.find(alice.id, "25 days").found
    copy = forks.fork(alice, first.reply)
    [_, answer] = branches.latest(copy).messages
    assert (answer.text, answer.original) == ("Thirty zebras.", "25 days.")
    text = export.markdown(branches.read(branches.ids(access.access_conversation(alice.id, first.conversation))))
    assert "## LangAI (quotes), edited by you\n\nThirty zebras." in text


def test_it_is_scanned_and_raises_the_label(first, alice):
    corrected = corrections.correct(alice.id, first.reply, "Pay with 4111 1111 1111 1111.")
    conversation = Conversation.objects.get()
    assert corrected.label == conversation.label == Sensitivity.CONFIDENTIAL
    assert "in your correction of an answer" in conversation.label_cause
    assert LabelChange.objects.get().after == Sensitivity.CONFIDENTIAL
    assert corrections.put_back(alice.id, first.reply).label == Sensitivity.CONFIDENTIAL
    assert Conversation.objects.get().label == Sensitivity.CONFIDENTIAL


def test_a_stated_label_raises_it_too(first, alice):
    assert corrections.correct(alice.id, first.reply, "Hm.", label=Sensitivity.INTERNAL).label == Sensitivity.INTERNAL
    assert Conversation.objects.get().label_cause == "chosen by you"


def test_while_it_is_written_it_cannot_be_corrected_and_nobody_writes_it_afterwards(alice):
    started = storage.post(alice, None, "Why?", "quotes")
    with pytest.raises(ConflictError, match="still being written"):
        corrections.correct(alice.id, started.reply, "Because.")
    closing.checkpoint(started, "So", ())
    Message.objects.filter(id=started.reply).update(status="interrupted", error_code=closing.SWEPT)
    corrections.correct(alice.id, started.reply, "Because.")
    assert not closing.close(started, closing.TurnOutcome("So it is.", Message.Status.COMPLETE, ()), [])
    assert access.access_reply(alice.id, started.reply).text == "Because."


def test_a_corrected_answer_is_not_continued(alice):
    started = storage.post(alice, None, "Why?", "quotes")
    finish(started, "So", status=Message.Status.STOPPED)
    corrections.correct(alice.id, started.reply, "Because.")
    with pytest.raises(ConflictError, match="have edited"):
        storage.resume(alice, started.reply)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 20_001])
def test_what_cannot_be_an_answer_is_refused(first, alice, text):
    with pytest.raises(InvalidError):
        corrections.correct(alice.id, first.reply, text)


def test_only_its_person_corrects_it_and_only_answers_with_text(first, alice, bob, admin):
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            corrections.correct(other.id, first.reply, "Mine")
        with pytest.raises(NotFoundError):
            corrections.put_back(other.id, first.reply)
    with pytest.raises(NotFoundError):
        corrections.correct(alice.id, first.question, "A question")
    empty = storage.post(alice, None, "Why?", "quotes")
    finish(empty, "", status=Message.Status.FAILED)
    with pytest.raises(ConflictError, match="no text"):
        corrections.correct(alice.id, empty.reply, "Something")


# Pages


@pytest.fixture
async def client(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def test_without_javascript_an_answer_is_corrected_and_its_original_is_one_click_away(
    transactional_db, alice, client
):
    begun = await in_database_thread(asked, alice)
    address = reverse("chat:correct", args=[begun.reply])
    form = await client.get(address)
    assert "25 days.</textarea>" in form.text
    page = reverse("chat:conversation", args=[begun.conversation])
    saved = await client.post(address, {"text": "**26** days."})
    assert saved["Location"] == page
    drawn = await client.get(page)
    assert "<strong>26</strong> days." in drawn.text
    assert "Edited by you" in drawn.text
    original = reverse("chat:original", args=[begun.reply])
    assert original in drawn.text
    assert "25 days." in (await client.get(original)).text
    await client.post(address, {"original": "1"})
    assert "Edited by you" not in (await client.get(page)).text
    assert (await client.get(original)).status_code == 404
    refused = await client.post(address, {"text": " "})
    assert refused.status_code == 400
    assert "Write a message first." in refused.text


async def test_a_page_without_a_socket_gets_the_new_answer(transactional_db, alice, client):
    begun = await in_database_thread(asked, alice)
    address = reverse("chat:correct", args=[begun.reply])
    answer = await client.post(address, {"text": "My card is 4111 1111 1111 1111"}, headers=HTMX)
    assert f'hx-swap-oob="outerHTML:#m-{begun.reply}"' in answer.text
    assert 'class="label confidential"' in answer.text
    quiet = await client.post(address, {"text": "26"}, headers=HTMX | {"X-Socket": "open"})
    assert quiet.status_code == 204


async def test_what_is_copied_is_the_corrected_text(transactional_db, alice, client):
    begun = await in_database_thread(asked, alice)
    await client.post(reverse("chat:correct", args=[begun.reply]), {"text": "26 days."})
    assert (await client.get(reverse("chat:source", args=[begun.reply]))).text == "26 days."
