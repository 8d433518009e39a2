"""Folders of conversations: who sees them, how they nest, and what becomes of their conversations."""

import uuid

import pytest
from django.utils import timezone

from chat.conversations import access, folders, forks, lists, ordering
from chat.conversations.access import UNDO_FOR
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Action
from chat.models import Conversation, Folder, LabelChange, ListChange
from chat.turns import storage
from langai_site.errors import InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.test_conversations import finish


def made(person, name="Contracts", **more):
    return folders.create(person.id, FolderForm(name, **more))


def talk(person, title="Talk", **more):
    return Conversation.objects.create(owner=person, title=title, **more)


def sidebar(person):
    return [row.title for row in access.listed(person.id, among=lists.UNSORTED)[0]]


def inside(folder):
    return [row.title for row in access.listed(folder.owner_id, source=None, among=lists.in_folder(folder.id))[0]]


@pytest.fixture
def folder(alice):
    return made(alice)


def test_a_folder_is_its_owners_alone(folder, alice, bob, admin):
    assert folders.access_folder(alice.id, folder.id) == folder
    theirs = made(bob, "Bob's")
    mine = talk(alice)
    for other in (bob, admin):
        with pytest.raises(NotFoundError):
            folders.access_folder(other.id, folder.id)
        with pytest.raises(NotFoundError):
            folders.change(other.id, folder.id, FolderForm("Mine now"))
        with pytest.raises(NotFoundError):
            ordering.delete_folder(other.id, folder.id)
        with pytest.raises(NotFoundError):
            ordering.order(other.id, [mine.id], Action.MOVE, folder.id)
    with pytest.raises(NotFoundError):
        ordering.order(alice.id, [mine.id], Action.MOVE, theirs.id)
    with pytest.raises(NotFoundError):
        made(alice, "Inner", parent=theirs.id)
    with pytest.raises(NotFoundError):
        storage.post(alice, None, "What is due?", folder=theirs.id)
    assert folders.tree(admin.id) == []


def test_folders_nest_once(folder, alice):
    inner = made(alice, "2026", parent=folder.id)
    other = made(alice, "Other")
    assert [(row.folder.name, [one.folder.name for one in row.inner]) for row in folders.tree(alice.id)] == [
        ("Contracts", ["2026"]),
        ("Other", []),
    ]
    for child, parent in ((other, inner), (folder, other), (other, other)):
        with pytest.raises(InvalidError):
            folders.change(alice.id, child.id, FolderForm(child.name, parent=parent.id))
    assert folders.possible_parents(alice.id, folder) == []
    assert folders.possible_parents(alice.id, inner) == [folder, other]


@pytest.mark.parametrize(
    "form",
    [
        FolderForm("  \n "),
        FolderForm("x" * 61),
        FolderForm("x", colour=8),
        FolderForm("x", instructions="x" * (folders.INSTRUCTIONS_MAX + 1)),
    ],
)
def test_nonsense_makes_no_folder(alice, form):
    with pytest.raises(InvalidError):
        folders.create(alice.id, form)
    assert not Folder.objects.exists()


def test_there_is_a_most_of_folders(alice, monkeypatch):
    monkeypatch.setattr(folders, "FOLDERS_MAX", 1)
    made(alice)
    with pytest.raises(InvalidError, match="the most"):
        made(alice, "One more")


def test_a_deleted_folder_keeps_its_conversations_and_comes_back_whole(folder, alice):
    inner = made(alice, "2026", parent=folder.id)
    outer_talk, inner_talk = talk(alice, "Outer", folder=folder), talk(alice, "Inner", folder=inner)
    archived = talk(alice, "Old", folder=inner, archived_at=timezone.now())
    assert sidebar(alice) == []
    done = ordering.delete_folder(alice.id, folder.id)
    assert "3 conversations that were in it are kept" in done.change.words
    assert folders.tree(alice.id) == []
    assert sidebar(alice) == ["Inner", "Outer"]
    ordering.undo(alice.id, done.change.id)
    for row, home in ((outer_talk, folder), (inner_talk, inner), (archived, inner)):
        row.refresh_from_db()
        assert row.folder == home
    assert [one.folder for one in folders.tree(alice.id)[0].inner] == [inner]


def test_a_folder_can_be_deleted_with_what_is_in_it_and_comes_back_too(folder, alice):
    started = storage.post(alice, None, "What is due?", folder=folder.id)
    done = ordering.delete_folder(alice.id, folder.id, with_conversations=True)
    assert list(done.running) == [started.reply]
    with pytest.raises(NotFoundError):
        access.access_conversation(alice.id, started.conversation)
    ordering.undo(alice.id, done.change.id)
    assert access.access_conversation(alice.id, started.conversation).folder == folder


def test_a_conversation_that_was_deleted_before_its_folder_can_be_restored_into_the_list(folder, alice):
    row = talk(alice, folder=folder)
    access.delete(alice.id, row.id)
    ordering.delete_folder(alice.id, folder.id, with_conversations=True)
    access.restore(alice.id, row.id)
    assert sidebar(alice) == ["Talk"]


def test_a_folder_whose_outer_one_is_gone_comes_back_at_the_top(folder, alice):
    inner = made(alice, "2026", parent=folder.id)
    first = ordering.delete_folder(alice.id, inner.id)
    ordering.delete_folder(alice.id, folder.id)
    ordering.undo(alice.id, first.change.id)
    assert [row.folder for row in folders.tree(alice.id)] == [inner]


def test_what_cannot_be_undone_any_more_is_removed_and_the_conversations_stay(folder, alice):
    row = talk(alice, folder=folder)
    done = ordering.delete_folder(alice.id, folder.id)
    ListChange.objects.update(at=timezone.now() - UNDO_FOR * 2)
    Folder.objects.update(deleted_at=timezone.now() - UNDO_FOR * 2)
    with pytest.raises(NotFoundError, match="no longer be undone"):
        ordering.undo(alice.id, done.change.id)
    ordering.purge()
    assert (Folder.objects.count(), ListChange.objects.count()) == (0, 0)
    assert access.access_conversation(alice.id, row.id).folder is None


@pytest.mark.parametrize(
    ("action", "field"),
    [(Action.ARCHIVE, "archived_at"), (Action.PIN, "pinned_at"), (Action.DELETE, "deleted_at")],
)
def test_each_action_is_undone_in_one_step_by_its_person_alone(alice, bob, action, field):
    rows = [talk(alice, f"Talk {number}") for number in range(3)]
    strange = talk(bob, "Bob's")
    done = ordering.order(alice.id, [*(row.id for row in rows), strange.id, uuid.uuid4()], action)
    assert set(done.ids) == {row.id for row in rows}
    assert "3 conversations" in done.change.words
    changed = Conversation.objects.filter(**{f"{field}__isnull": False})
    assert set(changed) == set(rows)
    with pytest.raises(NotFoundError):
        ordering.undo(bob.id, done.change.id)
    ordering.undo(alice.id, done.change.id)
    assert not changed.all().exists()
    with pytest.raises(NotFoundError):
        ordering.undo(alice.id, done.change.id)


def test_an_undo_gives_each_conversation_what_it_had(folder, alice):
    other = made(alice, "Other")
    rows = [talk(alice, "In", folder=folder), talk(alice, "Out"), talk(alice, "In the other", folder=other)]
    done = ordering.order(alice.id, [row.id for row in rows], Action.MOVE, folder.id)
    assert done.change.words == "Moved 3 conversations to “Contracts”."
    assert len(inside(folder)) == 3
    ordering.delete_folder(alice.id, other.id)
    ordering.undo(alice.id, done.change.id)
    # Where the last one was is gone meanwhile.
    assert [Conversation.objects.get(id=row.id).folder for row in rows] == [folder, None, None]


def test_what_is_pinned_or_archived_is_not_in_the_days(alice):
    rows = {name: talk(alice, name) for name in ("Plain", "Pinned", "Archived")}
    ordering.order(alice.id, [rows["Pinned"].id], Action.PIN)
    ordering.order(alice.id, [rows["Archived"].id], Action.ARCHIVE)
    assert sidebar(alice) == ["Plain"]
    assert [row.title for row in lists.pinned(alice.id)] == ["Pinned"]
    ordering.order(alice.id, [rows["Pinned"].id], Action.ARCHIVE)
    assert lists.pinned(alice.id) == []


def test_too_many_at_once_or_pinned_are_refused(alice, monkeypatch):
    with pytest.raises(InvalidError, match="500"):
        ordering.order(alice.id, [uuid.uuid4() for _ in range(501)], Action.ARCHIVE)
    with pytest.raises(InvalidError):
        ordering.order(alice.id, [], Action.ARCHIVE)
    monkeypatch.setattr(ordering, "PINS_MAX", 1)
    first, second = talk(alice), talk(alice)
    ordering.order(alice.id, [first.id], Action.PIN)
    ordering.order(alice.id, [first.id], Action.PIN)
    with pytest.raises(InvalidError, match="Unpin"):
        ordering.order(alice.id, [second.id], Action.PIN)


def test_a_move_changes_no_label(folder, alice):
    row = talk(alice, label=Sensitivity.CONFIDENTIAL, label_cause="a card number in your message")
    ordering.order(alice.id, [row.id], Action.MOVE, folder.id)
    ordering.order(alice.id, [row.id], Action.MOVE)
    row.refresh_from_db()
    assert (row.label, row.label_cause) == (Sensitivity.CONFIDENTIAL, "a card number in your message")
    assert not LabelChange.objects.exists()


def test_a_new_message_takes_a_conversation_out_of_the_archive(alice):
    started = storage.post(alice, None, "What is due?")
    finish(started)
    ordering.order(alice.id, [started.conversation], Action.ARCHIVE)
    storage.post(alice, started.conversation, "And when?")
    assert access.access_conversation(alice.id, started.conversation).archived_at is None


def test_a_copy_of_a_conversation_is_in_the_same_folder(folder, alice):
    started = storage.post(alice, None, "What is due?", folder=folder.id)
    finish(started)
    assert forks.fork(alice, started.reply).folder == folder


def test_new_chats_search_the_folders_collections_unless_told_otherwise(alice, bob):
    mine, other = (Collection.objects.create(name=name) for name in ("Laws", "Rates"))
    mine.users.add(alice)
    other.users.add(bob)
    outer = made(alice, "Outer", collections=[mine.pk, other.pk])
    inner = made(alice, "Inner", parent=outer.id)
    for folder in (outer, inner):
        started = storage.post(alice, None, "What is due?", folder=folder.id)
        finish(started)
        assert access.access_conversation(alice.id, started.conversation).collections == [mine.pk]
        assert started.request.asked == ("Laws",)
    chosen = storage.post(alice, None, "What is due?", collections=["none"], folder=inner.id)
    assert chosen.request.asked == ()
