"""A question that is edited begins a branch of its own; nothing that was there before is lost."""

from uuid import uuid4

import pytest
from django.test import AsyncClient
from django.urls import reverse

from chat.conversations import access, branches
from chat.live import runner
from chat.models import Conversation, LabelChange, Message
from chat.turns import storage
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, InvalidError, NotFoundError, TooManyError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}


@pytest.fixture
def first(alice):
    started = storage.post(alice, None, "How long is the leave?", "quotes")
    finish(started, "25 days.")
    return started


@pytest.fixture
def second(first, alice):
    started = storage.post(alice, first.conversation, "And for part-timers?", "quotes")
    finish(started, "Half of it.")
    return started


def shown(alice, started) -> list[str]:
    conversation = access.access_conversation(alice.id, started.conversation)
    return [message.text for message in branches.latest(conversation).messages]


def test_an_edit_begins_a_branch_where_the_question_stands(first, second, alice):
    edited = storage.edit(alice, second.question, "And for interns?")
    assert [message.text for message in edited.request.history] == ["How long is the leave?", "25 days."]
    assert edited.request.pick.model == "quotes"
    finish(edited, "None.")
    assert shown(alice, first) == ["How long is the leave?", "25 days.", "And for interns?", "None."]
    question = access.question_as_shown(alice.id, edited.question)
    assert question.siblings == [second.question, edited.question]


def test_the_first_question_can_be_edited_too(first, second, alice):
    edited = storage.edit(alice, first.question, "How long is the notice?", "auto")
    finish(edited, "A month.")
    assert (edited.request.history, edited.after) == ((), None)
    assert shown(alice, first) == ["How long is the notice?", "A month."]
    access.show(alice.id, second.reply)
    assert shown(alice, first)[-1] == "Half of it."


def test_the_branch_that_was_left_last_is_found_again(first, second, alice):
    longer = storage.retry(alice, second.reply)
    finish(longer, "Half of it, in days.")
    access.show(alice.id, second.reply)
    edited = storage.edit(alice, first.question, "How long is the notice?")
    finish(edited, "A month.")
    access.show(alice.id, first.question)
    assert shown(alice, first)[-1] == "Half of it."


def test_to_show_what_is_shown_changes_nothing(first, second, alice):
    later = storage.retry(alice, second.reply)
    finish(later, "Half of it, in days.")
    access.show(alice.id, second.reply)
    access.show(alice.id, first.reply)
    assert shown(alice, first)[-1] == "Half of it."


def test_an_edit_keeps_options_and_collections_and_never_lowers_the_label(alice):
    options = storage.drafts.Options(max_tokens=50)
    started = storage.post(alice, None, "My card is 4111 1111 1111 1111", "quotes", ["none"], options=options)
    finish(started, "Thank you.")
    edited = storage.edit(alice, started.question, "Nothing secret.")
    assert (edited.request.options, edited.request.asked) == (options, ())
    assert edited.request.label == Conversation.objects.get().label == Sensitivity.CONFIDENTIAL


def test_what_an_edit_says_raises_the_label(first, alice):
    edited = storage.edit(alice, first.question, "My card is 4111 1111 1111 1111")
    assert edited.request.label == Sensitivity.CONFIDENTIAL
    assert LabelChange.objects.get().after == Sensitivity.CONFIDENTIAL


def test_a_label_that_rose_meanwhile_holds_for_an_edit(first, alice):
    finish(storage.edit(alice, first.question, "One", label=Sensitivity.INTERNAL))
    assert storage.edit(alice, first.question, "Two").request.label == Sensitivity.INTERNAL


def test_an_answer_on_another_branch_goes_on_and_both_are_kept(first, alice):
    running = storage.post(alice, first.conversation, "And for part-timers?", "quotes")
    edited = storage.edit(alice, running.question, "And for interns?")
    finish(edited, "None.")
    followed = storage.post(alice, first.conversation, "Why?", "quotes")
    with pytest.raises(ConflictError, match="still being written"):
        storage.post(alice, first.conversation, "Too early", "quotes")
    finish(running, "Half of it.")
    finish(followed, "So it is.")
    assert shown(alice, first)[-4:] == ["And for interns?", "None.", "Why?", "So it is."]
    access.show(alice.id, running.question)
    assert shown(alice, first)[-1] == "Half of it."


def test_edits_count_among_the_answers_at_once(first, alice, settings):
    settings.REPLIES_IN_FLIGHT = 2
    storage.post(alice, first.conversation, "And for part-timers?", "quotes")
    storage.edit(alice, first.question, "One")
    with pytest.raises(TooManyError):
        storage.edit(alice, first.question, "Two")


@pytest.mark.parametrize("text", ["", "   ", "x" * 100_001])
def test_an_edit_is_checked_like_a_message(first, alice, text, settings):
    settings.MESSAGE_MAX_CHARS = 100_000
    with pytest.raises(InvalidError):
        storage.edit(alice, first.question, text)
    assert Message.objects.count() == 2


def test_nobody_else_edits_or_shows_a_message_and_answers_are_no_questions(first, alice, bob, admin):
    for other in (bob, admin):
        for refused in (storage.edit, lambda who, key, _text: access.show(who.id, key)):
            with pytest.raises(NotFoundError):
                refused(other, first.question, "Mine now")
    with pytest.raises(NotFoundError):
        storage.edit(alice, first.reply, "An answer")
    access.delete(alice.id, first.conversation)
    with pytest.raises(NotFoundError):
        storage.edit(alice, first.question, "Deleted")


# Pages


@pytest.fixture
async def client(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
async def asked(transactional_db, alice):
    return await in_database_thread(_asked, alice)


def _asked(alice: User) -> storage.Started:
    started = storage.post(alice, None, "How long is the leave?", "quotes")
    finish(started, "25 days.")
    return started


def edit_url(started: storage.Started) -> str:
    return reverse("chat:edit", args=[started.question])


async def test_the_form_has_the_text_and_cancel_brings_the_question_back(client, asked):
    form = await client.get(edit_url(asked), headers=HTMX)
    assert "How long is the leave?</textarea>" in form.text
    assert "<html" not in form.text
    back = await client.get(reverse("chat:question", args=[asked.question]), headers=HTMX)
    assert f'<article class="turn mine" id="m-{asked.question}">' in back.text
    page = await client.get(edit_url(asked))
    assert "How long is the leave?</textarea>" in page.text
    assert "<html" in page.text


async def test_a_page_without_a_socket_gets_the_new_branch(client, asked):
    answer = await client.post(edit_url(asked), {"text": "How long is the notice?"}, headers=HTMX)
    await runner.drain(10)
    assert answer["HX-Reswap"] == "none"
    assert 'id="thread" hx-swap-oob="innerHTML"' in answer.text
    assert "2 of 2" in answer.text
    assert f"?reply={asked.question}" in answer.text


async def test_without_javascript_the_conversation_follows_or_the_form_again_with_the_reason(client, asked):
    answer = await client.post(edit_url(asked), {"text": "How long is the notice?"})
    await runner.drain(10)
    assert answer["Location"] == reverse("chat:conversation", args=[asked.conversation])
    refused = await client.post(edit_url(asked), {"text": "  "})
    assert refused.status_code == 400
    assert "Write a message first." in refused.text


async def test_the_address_of_a_question_shows_its_branch(client, asked):
    await client.post(edit_url(asked), {"text": "How long is the notice?"})
    await runner.drain(10)
    there = await client.get(reverse("chat:question", args=[asked.question]), follow=True)
    assert "25 days." in there.text


async def test_deleting_a_conversation_stops_its_answers_on_all_branches(alice, client, asked):
    ids = await in_database_thread(_two_running, alice, asked)
    stopped = []
    original = runner.stop

    async def stop(reply):
        stopped.append(reply)
        await original(reply)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "stop", stop)
        await client.post(reverse("chat:delete", args=[asked.conversation]))
    assert set(stopped) == ids


def _two_running(alice: User, asked: storage.Started) -> set:
    running = storage.post(alice, asked.conversation, "And for part-timers?", "quotes")
    edited = storage.edit(alice, running.question, "And for interns?")
    return {running.reply, edited.reply}


def test_a_message_follows_what_its_page_shows_whatever_another_tab_chose(first, second, alice):
    edited = storage.edit(alice, second.question, "And for interns?")
    finish(edited, "None.")
    followed = storage.post(alice, first.conversation, "Why half?", "quotes", after=second.reply)
    assert [message.text for message in followed.request.history][-1] == "Half of it."
    finish(followed)
    assert shown(alice, first)[-2] == "Why half?"
    running = storage.post(alice, first.conversation, "And?", "quotes")
    with pytest.raises(ConflictError):
        storage.post(alice, first.conversation, "Too early", "quotes", after=running.reply)


def test_a_message_of_elsewhere_is_nothing_to_follow(first, second, alice, bob):
    other = storage.post(bob, None, "Bob's", "quotes")
    for after in (other.reply, first.question, uuid4()):
        followed = storage.post(alice, first.conversation, "And on", "quotes", after=after)
        assert [message.text for message in followed.request.history][-2:] == ["And for part-timers?", "Half of it."]
        finish(followed)
        Message.objects.filter(id=followed.question).delete()
        Conversation.objects.filter(id=first.conversation).update(current_leaf=second.reply)
