"""The files of a folder: given to every conversation in it, to its owner alone, and gone with it."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from chat.conversations import attachments, folder_files, folders, ordering
from chat.conversations.drafts import Pick
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Action
from chat.models import Attachment, Folder
from chat.turns import previews, storage
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.attached import read_all
from tests.chat.test_attached_turns import folder as _folder  # noqa: F401 - a fixture
from tests.chat.test_attachments import CARD, counts
from tests.chat.test_changes_during_a_turn import (
    HOSTED,
    INSIDE,
    answered,
    ended,
    house,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.django_db(transaction=True)
RULES = "The court is closed on Mondays."


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


def made(person, name="Courts", **more):
    return folders.create(person.id, FolderForm(name, **more))


def add(person, folder, text=RULES, name="rules.txt", *, read=True):
    added = folder_files.add(person, folder.id, ContentFile(text.encode(), name))
    if read:
        read_all()
    return added


async def with_file(house, text=RULES, file="rules.txt", **more):  # noqa: F811 - the fixture
    folder = await in_database_thread(lambda: made(house.person, **more))
    await in_database_thread(lambda: add(house.person, folder, text, file))
    return folder


def moved(person, reply, folder=None):
    return ordering.order(person.id, [reply.conversation_id], Action.MOVE, folder and folder.id)


def test_only_its_owner_adds_to_it_lists_and_removes(alice):
    folder, bob = made(alice), User.objects.create_user("bob")
    mine = add(alice, folder)
    assert [file.name for file in folder_files.files_in(folder)] == ["rules.txt"]
    # It can be sent with no message, and is neither swept nor removed as one that was not sent.
    assert attachments.unsent(alice.id, [mine.id]) == []
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=3))
    attachments.sweep()
    assert attachments.served(alice.id, mine.id)[0].name == "rules.txt"
    for refused in (
        lambda: add(bob, folder),
        lambda: folder_files.remove(bob.id, folder.id, mine.id),
        lambda: folder_files.remove(alice.id, made(alice, "Other").id, mine.id),
        lambda: folder_files.remove(bob.id, made(bob).id, mine.id),
        lambda: attachments.remove(alice.id, mine.id),
        lambda: attachments.served(bob.id, mine.id),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert Attachment.objects.count() == Document.objects.count() == 1


def test_a_file_is_in_it_once_and_a_full_one_takes_no_more(alice, monkeypatch):
    folder = made(alice)
    assert add(alice, folder).id == add(alice, folder).id
    monkeypatch.setattr(folder_files, "FILES_MAX", 1)
    with pytest.raises(InvalidError, match="A folder can have 1 file"):
        add(alice, folder, "Another.")
    assert Attachment.objects.count() == Document.objects.count() == 1


def test_all_of_them_go_with_the_folder_and_come_back_by_undo(alice):
    nothing, folder = counts(), made(alice)
    file = add(alice, folder)
    gone = ordering.delete_folder(alice.id, folder.id)
    with pytest.raises(NotFoundError):
        attachments.served(alice.id, file.id)
    ordering.undo(alice.id, gone.change.id)
    assert attachments.served(alice.id, file.id)[0].name == "rules.txt"
    ordering.delete_folder(alice.id, folder.id)
    Folder.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    ordering.purge()
    assert counts() == nothing


def test_removing_one_deletes_it_unless_a_message_has_it(alice):
    nothing, folder = counts(), made(alice)
    file = add(alice, folder)
    sent = attachments.upload(alice, ContentFile(RULES.encode(), "again.txt"))
    assert sent.document == file.document
    folder_files.remove(alice.id, folder.id, file.id)
    assert Document.objects.count() == 1
    attachments.remove(alice.id, sent.id)
    assert counts() == nothing


async def test_every_conversation_in_it_is_given_them_until_it_is_moved_out(house):  # noqa: F811
    outer = await with_file(house)
    inner = await with_file(house, "The bell rings at nine.", "bell.txt", name="Inner", parent=outer.id)
    reply = await answered(house, model=INSIDE, folder=inner.id)
    assert RULES in house.calls[-1][1]
    assert "The bell rings at nine." in house.calls[-1][1]
    await in_database_thread(moved, house.person, reply, outer)
    await ended(await in_database_thread(storage.retry, house.person, reply.id))
    assert RULES in house.calls[-1][1]
    assert "The bell" not in house.calls[-1][1]
    await in_database_thread(moved, house.person, reply)
    await ended(await in_database_thread(storage.retry, house.person, reply.id))
    assert RULES not in house.calls[-1][1]


async def test_what_is_confidential_in_one_reaches_no_hosted_model(house):  # noqa: F811
    folder = await with_file(house, f"The card is {CARD}.")
    reply = await answered(house, model=HOSTED, folder=folder.id)
    assert (reply.status, reply.error_code) == ("failed", "above_ceiling")
    assert house.calls == []
    draft = previews.DraftMessage("How long?", Pick(INSIDE), folder=folder.id)
    basis = await in_database_thread(previews.before, house.person, None, draft)
    assert (await previews.preview(basis, draft)).label == Sensitivity.CONFIDENTIAL
    reply = await answered(house, model=INSIDE, folder=folder.id)
    assert reply.label == reply.conversation.label == Sensitivity.CONFIDENTIAL


async def test_no_answer_waits_for_one_that_is_still_being_read(house):  # noqa: F811
    folder = await in_database_thread(made, house.person)
    await in_database_thread(lambda: add(house.person, folder, read=False))
    reply = await answered(house, model=INSIDE, folder=folder.id)
    assert reply.status == "complete"
    assert RULES not in house.calls[-1][1]
    assert "“rules.txt” of this folder is still being read" in str(reply.receipt)


async def test_what_is_removed_before_the_next_model_is_asked_is_not_sent(house):  # noqa: F811
    """The first model fails; before the second is asked, the file is taken out, or the conversation is."""
    folder = await with_file(house)
    house.change = lambda _house: Folder.objects.update(deleted_at=timezone.now())
    reply = await answered(house, folder=folder.id)
    assert reply.status == "complete"
    assert RULES in house.calls[0][1]
    assert len(house.calls) > 1
    assert all(RULES not in body for _model, body in house.calls[1:])


async def test_its_page_adds_files_says_how_far_they_are_and_removes_them(house, async_client):  # noqa: F811
    folder, person = await in_database_thread(made, house.person), house.person
    await async_client.aforce_login(person)
    place = reverse("chat:folder-files", args=[folder.id])
    sent = [ContentFile(RULES.encode(), "rules.txt"), ContentFile(b"", "empty.txt")]
    page = await async_client.post(place, {"files": sent}, follow=True)
    assert page.redirect_chain[-1][0] == reverse("chat:folder", args=[folder.id]) + "#files"
    assert "1 file was added." in page.text
    assert "“empty.txt” is empty." in page.text
    assert f'hx-get="{place}"' in page.text
    await in_database_thread(read_all)
    listed = (await async_client.get(place)).text
    assert "1 page" in listed
    assert "hx-get" not in listed
    [file] = await in_database_thread(folder_files.files_in, folder)
    remove = reverse("chat:folder-file-remove", args=[folder.id, file.id])
    bob = await User.objects.acreate_user("bob")
    await async_client.aforce_login(bob)
    for answer in (await async_client.get(place), await async_client.post(place, {"files": sent})):
        assert answer.status_code == 404
    assert (await async_client.post(remove)).status_code == 404
    await async_client.aforce_login(person)
    assert "rules.txt" not in (await async_client.post(remove, follow=True)).text
    assert await Document.objects.acount() == 0
