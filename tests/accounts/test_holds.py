"""A legal hold keeps what it covers, whoever or whatever would remove it; after it, what was deleted goes."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import ProtectedError
from django.utils import timezone

from chat.conversations import access, attachments, deleting, folder_files, folders, ordering, removing
from chat.conversations.folders import FolderForm
from chat.live import expiring, retaining
from chat.models import (
    Assistant,
    Attachment,
    Conversation,
    EvalCase,
    Feedback,
    Folder,
    Message,
    Prompt,
    RetentionRule,
    ReviewColumn,
    ReviewRow,
    ReviewTable,
    Share,
    Transfer,
)
from chat.transfers import access as transfers
from documents import cleanup, services
from documents.models import Document, KeptVersion
from documents.services import changing, own
from langai_site.accounts import holds, leaving
from langai_site.accounts.models import LegalHold, Team, User
from search.models import Collection
from tests.accounts.delete_calls import KNOWN, found_calls
from tests.chat.attached import attach
from tests.chat.factories import first_policy, long_conversation
from tests.chat.handbook import read_all

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - timedelta(days=400)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss", password="a long enough one")


@pytest.fixture
def alice(media):
    return User.objects.create_user("alice", password="a long enough one")


def held(boss, **subject):
    hold = LegalHold(reason="Claim", reference="C-1", contact="the legal team", **subject)
    holds.set_hold(hold, boss)
    return hold


@pytest.fixture
def rows(alice):
    """One row of each model that is guarded, all Alice's; a collection of the Library is under its own hold."""
    conversation, messages = long_conversation(alice, 2)
    attach(alice)
    own_collection = Collection.objects.create(name="Own", kind="own", holder=alice)
    own_collection.owners.add(alice)
    file = default_storage.save("documents/own.txt", ContentFile(b"notes"))
    document = Document.objects.create(
        collection=own_collection, title="D", file_name="d.txt", file=file, size=5, sha256="0" * 64
    )
    table = ReviewTable.objects.create(owner=alice, name="T", collection=own_collection)
    made = [
        alice,
        conversation,
        messages[1],
        Attachment.objects.get(),
        Folder.objects.create(owner=alice, name="F"),
        Share.objects.create(owner=alice, conversation=conversation),
        Prompt.objects.create(owner=alice, command="p"),
        Assistant.objects.create(owner=alice, name="A"),
        Transfer.objects.create(owner=alice, kind="export", status="done", ended_at=LONG_AGO),
        table,
        ReviewRow.objects.create(table=table, document=document.pk),
        ReviewColumn.objects.create(table=table, name="Q", question="Q?", kind="text"),
        Feedback.objects.create(reply=messages[1], good=False, comment="no"),
        EvalCase.objects.create(collection=own_collection, author=alice, question="Q?", documents={}),
        own_collection,
        document,
        KeptVersion.objects.create(document=document, file=file, file_name="d.txt", sha256="1" * 64),
    ]
    return {type(row): row for row in made}


def test_each_guarded_row_stays_whatever_deletes_it(rows, alice, boss):
    team = Team.objects.create(name="Sales")
    hold = held(boss, person=alice)
    held(boss, team=team)
    assert {*rows, Team} == set(holds.guards)
    for model, row in {**rows, Team: team}.items():
        manager = getattr(model, "with_deleted", model._default_manager)
        for delete in (row.delete, manager.filter(pk=row.pk).delete):
            # Django finds that a collection has documents before it asks.
            with pytest.raises(
                (holds.LegalHoldError, ProtectedError), match=r"Ask the legal team|'Document.collection'"
            ):
                delete()
        assert manager.filter(pk=row.pk).exists(), model
    holds.lift(hold)
    rows[Share].delete()
    assert not Share.objects.exists()


def test_every_model_is_guarded_or_goes_only_with_one_that_is():
    """A new model with something that people wrote has to be guarded, or named here with its reason."""
    below = set(holds.guards)
    while more := {
        model
        for model in apps.get_models()
        if model not in below
        and any(
            field.remote_field and field.related_model in below and field.remote_field.on_delete.__name__ == "CASCADE"
            for field in model._meta.fields
        )
    }:
        below |= more
    ours = {model for model in apps.get_models() if model._meta.app_label in ("chat", "documents", "search")}
    assert {model._meta.label for model in ours - below if not model._meta.proxy} == {
        # Numbers, names of models, policies and rules, or records that outlive what they are about.
        *("chat.LabelChange", "chat.Replacement", "chat.ModelVerdict", "chat.RoutingPolicy", "chat.RoutingRule"),
        *("chat.RetentionRule", "search.LabelRecord", "search.LabelRise"),
        # Gaps are made again from questions that are kept.
        "chat.KnowledgeGap",
        # That an owner calls a difference of figures none.
        "chat.DismissedConflict",
        # The models and the money of a job.
        "chat.AnswerTestSettings",
    }


def test_every_deletion_in_the_code_is_known():
    """Each place that deletes says in tests/accounts/delete_calls.py why a hold is safe there."""
    found = found_calls()
    assert sorted(found ^ {call for calls in KNOWN.values() for call in calls}) == []


def ran_all():
    """Run every job that removes something."""
    for job in (removing.purge_deleted, ordering.purge, expiring.purge, retaining.run, attachments.sweep):
        job()
    for job in (transfers.sweep, own.purge, cleanup.sweep, leaving.carry_out):
        job()


def test_jobs_keep_what_is_held_and_remove_it_once_the_hold_is_lifted(rows, alice, boss):
    RetentionRule.objects.create(kind="conversations", days=30, since=LONG_AGO)
    RetentionRule.objects.create(kind="shares", days=30, since=LONG_AGO)
    conversation, _ = long_conversation(alice, 2)
    temporary, _ = long_conversation(alice, 2)
    branch, messages = long_conversation(alice, 4)
    deleting.delete(alice.pk, messages[2].pk)
    access.delete(alice.pk, conversation.pk)
    folder = folders.create(alice.pk, FolderForm("Deleted"))
    file = folder_files.add(alice, folder.pk, ContentFile(b"something", "some.txt"))
    ordering.delete_folder(alice.pk, folder.pk)
    own.remove(alice, rows[Collection].pk)
    old = {"updated_at": LONG_AGO, "noticed_at": LONG_AGO}
    Conversation.objects.filter(pk=rows[Conversation].pk).update(**old)
    Conversation.objects.filter(pk=temporary.pk).update(expires_at=LONG_AGO)
    Share.objects.update(updated_at=LONG_AGO)
    for model in (Conversation, Message, Folder):
        model.objects.filter(deleted_at__isnull=False).update(deleted_at=LONG_AGO)
    Attachment.objects.filter(message=None, folder=None).update(created_at=LONG_AGO)
    Collection.objects.filter(kind="removed").update(removed_at=LONG_AGO)
    hold = held(boss, person=alice)
    counted = [Conversation, Message, Folder, Attachment, Share, Transfer, Collection, Document.with_deleted]

    def counts():
        return [getattr(model, "objects", model).count() for model in counted]

    before, files = counts(), {path for path in Path(default_storage.path("")).rglob("*") if path.is_file()}
    ran_all()
    assert counts() == before
    assert all(path.exists() for path in files)
    assert not Conversation.objects.of(alice.pk).alive().filter(pk=temporary.pk).exists()
    holds.lift(hold)
    ran_all()
    assert set(Conversation.objects.values_list("pk", flat=True)) == {rows[Conversation].pk, branch.pk}
    assert branch.messages.count() == 2
    assert not Folder.objects.filter(pk=folder.pk).exists()
    assert not Attachment.objects.filter(pk=file.id).exists()
    assert not any(model.objects.exists() for model in (Share, Transfer))
    assert not Collection.objects.filter(kind="removed").exists()


def test_retention_gives_notice_anew_after_the_hold(alice, boss):
    RetentionRule.objects.create(kind="conversations", days=30, since=LONG_AGO)
    conversation, _ = long_conversation(alice, 2)
    Conversation.objects.update(updated_at=LONG_AGO, noticed_at=LONG_AGO)
    hold = held(boss, person=alice)
    retaining.run()
    holds.lift(hold)
    retaining.run()
    conversation.refresh_from_db()
    assert conversation.noticed_at > timezone.now() - timedelta(minutes=1)


def test_a_file_that_is_removed_before_it_is_sent_is_out_of_sight_and_kept(alice, boss):
    key = attach(alice)
    hold = held(boss, person=alice)
    attachments.remove(alice.pk, key)
    assert attachments.unsent(alice.pk, [key]) == []
    attachments.sweep()
    row = Attachment.objects.get()
    assert Document.objects.filter(pk=row.document).exists()
    holds.lift(hold)
    Document.objects.update(uploaded_at=LONG_AGO)
    attachments.sweep()
    assert not Attachment.objects.exists()
    assert not Document.with_deleted.exists()


def test_a_held_document_is_out_of_sight_and_its_replaced_versions_stay(alice, boss, media):
    first_policy()
    shared = Collection.objects.create(name="Handbook", everyone=True)
    shared.owners.add(alice)
    hold = held(boss, collection=shared)
    document = services.upload(collection=shared, file=ContentFile(b"one", "a.txt"), user=alice)
    read_all()
    services.replace(document, file=ContentFile(b"two", "a.txt"), user=alice)
    read_all()
    stored = {path.read_bytes() for path in (media / "documents").iterdir()}
    assert stored == {b"one", b"two"}
    services.delete(Document.objects.get())
    Document.with_deleted.update(deleted_at=LONG_AGO)
    own.purge()
    cleanup.sweep()
    assert not Document.objects.exists()
    assert {path.read_bytes() for path in (media / "documents").iterdir()} == stored
    holds.lift(hold)
    own.purge()
    assert not Document.with_deleted.exists()
    assert list((media / "documents").iterdir()) == []


def test_a_held_person_leaves_and_nothing_is_removed_until_the_hold_ends(rows, alice, boss):
    hold = held(boss, person=alice)
    leaving.request(alice, username="alice")
    leaving.carry_out()
    assert Conversation.objects.filter(owner=alice).exists()
    assert not User.objects.get(pk=alice.pk).is_active
    LegalHold.objects.filter(pk=hold.pk).update(ends_at=timezone.now())
    leaving.carry_out()
    assert not User.objects.filter(pk=alice.pk).exists()
    assert LegalHold.objects.get().person is None


def test_a_hold_on_a_team_covers_who_was_in_it(alice, boss):
    bob = User.objects.create_user("bob")
    team = Team.objects.create(name="Sales")
    alice.teams.add(team)
    held(boss, team=team)
    team.members.add(bob)
    team.members.clear()
    assert set(holds.people()) == {alice.pk, bob.pk}
    assert holds.of_person(bob.pk) == "the legal team"
    assert holds.of_person(boss.pk) is None


def test_who_may_change_a_collection_deletes_in_it_out_of_sight(rows, alice, boss):
    held(boss, person=alice)
    changing.delete(alice, rows[Collection].pk, [rows[Document].pk])
    Document.with_deleted.update(deleted_at=LONG_AGO)
    own.purge()
    assert Document.with_deleted.filter(pk=rows[Document].pk).exists()
