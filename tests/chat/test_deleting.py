"""A branch can be deleted and brought back; what it followed and its other versions stay."""

from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access, branches, deleting, export, forks, removing
from chat.history import finding
from chat.live import runner
from chat.models import Citation, Conversation, Message, MessageWords
from chat.turns import storage
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}


def asked(alice, question, answer, conversation=None, **more):
    started = storage.post(alice, conversation, question, "quotes", **more)
    finish(started, answer)
    return started


@pytest.fixture
def first(alice):
    return asked(alice, "How long is the leave?", "25 days.")


@pytest.fixture
def second(first, alice):
    return asked(alice, "And for part-timers?", "Half of it.", first.conversation)


def shown(alice, started) -> list[str]:
    conversation = access.access_conversation(alice.id, started.conversation)
    return [message.text for message in branches.latest(conversation).messages]


def found(alice, words) -> int:
    return len(finding.find(alice.id, words).found)


def test_a_question_goes_with_all_that_follows_it_and_comes_back(first, second, alice):
    third = asked(alice, "Why so few?", "Because.", first.conversation)
    gone = deleting.delete(alice.id, second.question)
    assert (gone.is_whole, list(gone.running)) == (False, [])
    assert shown(alice, first) == ["How long is the leave?", "25 days."]
    for key in (second.reply, third.question):
        with pytest.raises(NotFoundError):
            access.access_message(alice.id, key)
    assert deleting.deleted(alice.id, str(second.question)).text == "And for part-timers?"
    deleting.restore(alice.id, second.question)
    assert shown(alice, first)[-1] == "Because."


def test_the_version_that_was_shown_before_is_shown_again(first, second, alice):
    finish(storage.edit(alice, second.question, "And for interns?"), "None.")
    edited = storage.edit(alice, second.question, "And for apprentices?")
    finish(edited, "All.")
    access.show(alice.id, second.reply)
    access.show(alice.id, edited.reply)
    deleting.delete(alice.id, edited.question)
    assert shown(alice, first)[-1] == "Half of it."
    assert len(access.question_as_shown(alice.id, second.question).siblings) == 2


@pytest.mark.parametrize("act", ["edit", "retry", "resume", "fork"])
def test_nothing_is_begun_on_a_branch_that_is_deleted_before_the_lock(first, second, alice, act, monkeypatch):
    Message.objects.filter(id=second.reply).update(status="stopped")
    access_conversation, before = access.access_conversation, Message.objects.count()

    def deleted_meanwhile(*args, lock=False):
        if lock:
            Message.objects.filter(id__in=[second.question, second.reply]).update(deleted_at=timezone.now())
        return access_conversation(*args, lock=lock)

    monkeypatch.setattr(access, "access_conversation", deleted_meanwhile)
    acts = {
        "edit": lambda: storage.edit(alice, second.question, "Other words"),
        "retry": lambda: storage.retry(alice, second.reply),
        "resume": lambda: storage.resume(alice, second.reply),
        "fork": lambda: forks.fork(alice, second.reply),
    }
    with pytest.raises(NotFoundError):
        acts[act]()
    assert Message.objects.count() == before


def test_an_answer_that_is_corrected_before_the_lock_is_not_continued(first, alice, monkeypatch):
    Message.objects.filter(id=first.reply).update(status="stopped")
    access_conversation = access.access_conversation
    parts = [{"type": "original", "text": "25"}, {"type": "text", "text": "30"}]

    def corrected_meanwhile(*args, lock=False):
        if lock:
            Message.objects.filter(id=first.reply).update(parts=parts)
        return access_conversation(*args, lock=lock)

    monkeypatch.setattr(access, "access_conversation", corrected_meanwhile)
    with pytest.raises(ConflictError, match="edited this answer"):
        storage.resume(alice, first.reply)


def test_nothing_comes_back_below_what_is_deleted_before_the_lock(first, second, alice, monkeypatch):
    deleting.delete(alice.id, second.question)
    access_conversation = access.access_conversation

    def deleted_meanwhile(*args, lock=False):
        if lock:
            Message.objects.filter(id=first.reply).update(deleted_at=timezone.now())
        return access_conversation(*args, lock=lock)

    monkeypatch.setattr(access, "access_conversation", deleted_meanwhile)
    with pytest.raises(ConflictError):
        deleting.restore(alice.id, second.question)


def test_what_is_shown_stays_if_another_branch_is_deleted(first, second, alice):
    edited = storage.edit(alice, second.question, "And for interns?")
    finish(edited, "None.")
    deleting.delete(alice.id, second.question)
    assert shown(alice, first)[-1] == "None."
    page = branches.latest(access.access_conversation(alice.id, first.conversation))
    assert page.messages[-2].siblings == [edited.question]


def test_a_version_of_an_answer_can_be_deleted_but_not_the_only_one(first, alice):
    with pytest.raises(ConflictError, match="only answer"):
        deleting.delete(alice.id, first.reply)
    again = storage.retry(alice, first.reply)
    finish(again, "Twenty-five.")
    deleting.delete(alice.id, again.reply)
    assert shown(alice, first) == ["How long is the leave?", "25 days."]
    with pytest.raises(ConflictError, match="only answer"):
        deleting.delete(alice.id, first.reply)


def test_deleting_all_there_is_deletes_the_conversation(first, second, alice):
    gone = deleting.delete(alice.id, first.question)
    assert gone.is_whole
    assert access.listed(alice.id)[0] == []
    access.restore(alice.id, first.conversation)
    assert shown(alice, first)[-1] == "Half of it."


def test_what_was_deleted_within_a_branch_before_stays_deleted(first, second, alice):
    edited = storage.edit(alice, second.question, "And for interns?")
    finish(edited, "None.")
    finish(storage.edit(alice, first.question, "How long is the notice?"), "A month.")
    deleting.delete(alice.id, edited.question)
    deleting.delete(alice.id, first.question)
    with pytest.raises(ConflictError, match="Restore that one first"):
        deleting.restore(alice.id, edited.question)
    deleting.restore(alice.id, first.question)
    assert shown(alice, first)[-1] == "Half of it."
    deleting.restore(alice.id, edited.question)
    assert shown(alice, first)[-1] == "None."


def test_the_label_stays_and_search_forgets_and_finds_again(first, alice):
    secret = asked(alice, "My card is 4111 1111 1111 1111", "A zebra.", first.conversation)
    deleting.delete(alice.id, secret.question)
    assert Conversation.objects.get().label == Sensitivity.CONFIDENTIAL
    assert found(alice, "zebra") == 0
    deleting.restore(alice.id, secret.question)
    assert found(alice, "zebra") == 1


def test_running_answers_of_the_branch_are_named_and_write_nothing_more(first, second, alice):
    running = storage.post(alice, first.conversation, "Why?", "quotes")
    gone = deleting.delete(alice.id, second.question)
    assert gone.running == [running.reply]
    assert not storage_checkpoint(running)
    finish(running, "Because.")
    assert shown(alice, first)[-1] == "25 days."
    asked(alice, "And on?", "Yes.", first.conversation, after=running.reply)
    assert shown(alice, first) == ["How long is the leave?", "25 days.", "And on?", "Yes."]


def storage_checkpoint(started) -> bool:
    from chat.turns import closing

    return closing.checkpoint(started, "so far", ())


def test_it_is_removed_for_good_with_citations_and_words(first, second, alice):
    Citation.objects.create(
        reply_id=second.reply, number=1, source=second.reply, version=1, title="Leave", page=1, start=0, end=1
    )
    deleting.delete(alice.id, second.question)
    removing.purge_deleted()
    assert Message.objects.count() == 4
    Message.objects.filter(deleted_at__isnull=False).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert (Message.objects.count(), Citation.objects.count(), MessageWords.objects.count()) == (2, 0, 3)
    with pytest.raises(NotFoundError, match="for good"):
        deleting.restore(alice.id, second.question)


@pytest.mark.parametrize("is_whole", [True, False])
def test_many_messages_are_removed_in_pieces_and_a_killed_worker_is_followed_by_the_next(
    first, second, alice, monkeypatch, is_whole
):
    for number in range(8):
        asked(alice, f"Question {number}", "Answer.", first.conversation)
    deleting.delete(alice.id, first.question if is_whole else second.question)
    for rows in (Message.objects, Conversation.objects):
        rows.filter(deleted_at__isnull=False).update(deleted_at=timezone.now() - 2 * access.UNDO_FOR)
    left = []

    def others_write():
        left.append(Message.objects.count())
        if len(left) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(removing, "MESSAGES_AT_ONCE", 5)
    monkeypatch.setattr(removing, "let_others_write", others_write)
    with pytest.raises(KeyboardInterrupt):
        removing.purge_deleted()
    assert left == [15, 10]
    # What is half gone does not come back.
    restore, key = (access.restore, first.conversation) if is_whole else (deleting.restore, second.question)
    with pytest.raises(NotFoundError, match="for good"):
        restore(alice.id, key)
    assert access.deleted(alice.id, str(first.conversation)) is None
    removing.purge_deleted()
    assert Message.objects.count() == (0 if is_whole else 2)
    assert Conversation.objects.count() == (0 if is_whole else 1)


def test_exports_and_copies_have_only_what_is_left(first, second, alice):
    deleting.delete(alice.id, second.question)
    conversation = access.access_conversation(alice.id, first.conversation)
    text = export.markdown(branches.read(branches.ids(conversation)))
    assert "part-timers" not in text
    assert "25 days" in text


def test_nobody_else_deletes_or_restores(first, second, alice, bob, admin):
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            deleting.delete(other.id, second.question)
    deleting.delete(alice.id, second.question)
    for other in (bob, admin):
        assert deleting.deleted(other.id, str(second.question)) is None
        with pytest.raises(NotFoundError):
            deleting.restore(other.id, second.question)
    assert deleting.deleted(alice.id, "nonsense") is None


# Pages


@pytest.fixture
async def client(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def test_the_page_deletes_and_offers_undo_with_and_without_javascript(transactional_db, alice, client):
    begun = await in_database_thread(asked, alice, "How long is the leave?", "25 days.")
    more = await in_database_thread(asked, alice, "And on?", "Half.", begun.conversation)
    address = reverse("chat:delete-branch", args=[more.question])
    assert "And on?" in (await client.get(address)).text
    page = reverse("chat:conversation", args=[begun.conversation])
    gone = await client.post(address, headers=HTMX)
    assert gone["HX-Redirect"] == f"{page}?undo={more.question}"
    after = await client.get(gone["HX-Redirect"])
    assert "And on?" not in after.text
    restore = reverse("chat:restore-branch", args=[more.question])
    assert f'action="{restore}"' in after.text
    assert (await client.post(restore))["Location"] == page
    assert "And on?" in (await client.get(page)).text
    whole = await client.post(reverse("chat:delete-branch", args=[begun.question]))
    assert whole["Location"] == f"/?deleted={begun.conversation}"


async def test_the_only_answer_is_refused_in_words(transactional_db, alice, client):
    begun = await in_database_thread(asked, alice, "How long is the leave?", "25 days.")
    address = reverse("chat:delete-branch", args=[begun.reply])
    refused = await client.post(address)
    assert refused.status_code == 409
    assert "only answer" in refused.text


async def test_the_answers_that_run_are_stopped(transactional_db, alice, client, monkeypatch):
    begun = await in_database_thread(asked, alice, "How long is the leave?", "25 days.")
    running = await in_database_thread(storage.post, alice, begun.conversation, "Why?", "quotes")
    stopped = []

    async def stop(reply):
        stopped.append(reply)

    monkeypatch.setattr(runner, "stop", stop)
    await client.post(reverse("chat:delete-branch", args=[running.question]))
    assert stopped == [running.reply]
