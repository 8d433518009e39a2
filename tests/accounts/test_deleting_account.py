"""A person deletes their account: nothing of them stays anywhere, the figures do, and a receipt says what went."""

import io

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.conversations import folder_files, folders
from chat.conversations.folders import FolderForm
from chat.models import Assistant, AssistantUse, Conversation, Feedback, LabelChange, Message, Transfer
from documents.models import Document
from langai_site.accounts import keys, leaving, partial_uploads, personal_data
from langai_site.accounts.models import AccountDeletion, Instructions, Invitation, User
from langai_site.accounts.scopes import Scope
from langai_site.audit.models import AuditEvent
from langai_site.usage.audit_pages import exporting, verify
from langai_site.usage.ledger import sealing, verification
from langai_site.usage.models import EventSeal, Seal, UsageEntry
from langai_site.usage.months import month_of
from langai_site.usage.reports import rollup
from langai_site.usage.types import Caller
from search.models import Collection, LabelRise
from tests.chat.attached import attach
from tests.chat.factories import long_conversation
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db(transaction=True)
# In everything that the person wrote, made or is called by.
MARK = "zanzibarq"
DELETE = reverse("accounts:delete")


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def person(media, bob):
    """Somebody who has used every part, beside somebody else."""
    user = User.objects.create_user(MARK, f"{MARK}@example.org", "pass word 1", first_name=MARK)
    conversation, messages = long_conversation(user, 4, f"{MARK} {{}}", f"About {MARK}")
    long_conversation(bob, 2)
    attach(user, f"a file of {MARK}", f"{MARK}.txt")
    folder = folders.create(user.pk, FolderForm(f"Folder of {MARK}"))
    folder_files.add(user, folder.pk, ContentFile(f"the folder's file of {MARK}".encode(), f"{MARK} 2.txt"))
    begun = partial_uploads.begin(user, f"{MARK} 3.txt", 100, None)
    partial_uploads.receive(user.pk, begun.pk, 0, len(MARK), io.BytesIO(MARK.encode()))
    Feedback.objects.create(reply=messages[1], good=False, comment=f"{MARK} disagrees")
    Instructions.objects.create(user=user, about=f"I am {MARK}")
    change = {"conversation": conversation.pk, "before": 0, "after": 10, "cause": f"lowered by you: {MARK}"}
    LabelChange.objects.create(user_id=user.pk, username=MARK, **change)
    keys.make(user=user, name=f"{MARK} key", scopes=(Scope.CHAT,))
    own = Collection.objects.create(name=f"Notes of {MARK}", kind="own", holder=user)
    own.owners.add(user)
    file = default_storage.save("documents/own.txt", ContentFile(f"notes of {MARK}".encode()))
    Document.objects.create(collection=own, title=MARK, file_name=f"{MARK}.txt", file=file, size=8, sha256="0" * 64)
    for who in (user, bob, user):
        entered(caller=Caller(user_id=who.pk, username=who.username, conversation=conversation.pk))
    Invitation.objects.create(email=f"{MARK}@example.org", token_hash="x", expires_at=timezone.now(), used_by=user)
    LogEntry.objects.log_actions(bob.pk, [user], CHANGE, "Changed.", single_object=True)
    LabelRise.objects.create(label=20, asked_by=MARK)
    helper = Assistant.objects.create(owner=bob, name="Helper")
    AssistantUse.objects.create(assistant=helper, version=1, reply=messages[1].pk, user_id=user.pk)
    exported = default_storage.save("transfers/all.zip", ContentFile(f"all of {MARK}".encode()))
    Transfer.objects.create(owner=user, kind="export", status="done", file=exported)
    Client().force_login(user)
    sealing.seal()
    sealing.seal_events()
    while rollup.roll():
        pass
    entered(caller=Caller(user_id=user.pk, username=MARK))
    return user


def asked(user, **values):
    client = Client()
    client.force_login(user)
    return client.post(DELETE, {"username": user.username} | values)


def found_anywhere(media):
    """Where the mark is still stored: in each column of each table, and in each file."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    tables |= {name for name in connection.introspection.table_names() if name.endswith(("tokens", "_content"))}
    places = []
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names())):
            cursor.execute(f'SELECT * FROM "{table}"')
            places += [table for row in cursor.fetchall() if MARK in repr(row).lower()]
    # Their rows are packed, so that the mark cannot be seen in them.
    places += ["sessions" for row in Session.objects.all() if MARK in repr(row.get_decoded()).lower()]
    return places + [str(path) for path in media.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def test_nothing_of_the_person_stays_and_the_receipt_says_what_went(person, bob, media):
    assert len(set(found_anywhere(media))) > 10
    answer = asked(person)
    assert answer.status_code == 302
    assert Client().get(answer.url).content.decode().count("is being deleted") == 1
    leaving.carry_out()
    assert found_anywhere(media) == []
    assert not User.objects.filter(pk=person.pk).exists()
    page = Client().get(answer.url).content.decode()
    for words in ("Your account is deleted", "Conversations: 1", "Messages: 4", "Documents: 1", "Account: 1"):
        assert words in page, words
    assert Conversation.objects.get().owner == bob


def test_no_row_of_any_table_leads_to_the_person_any_more(person, monkeypatch):
    monkeypatch.setattr(personal_data, "ELSEWHERE", frozenset())

    def leading() -> list[str]:
        return [table.name for table in personal_data.tables(person.pk) if any(table.rows())]

    assert len(leading()) > 10
    asked(person)
    assert not [row for row in Session.objects.all() if row.get_decoded().get("_auth_user_id") == str(person.pk)]
    leaving.carry_out()
    assert leading() == []


def test_the_audit_log_keeps_its_events_and_their_proof_under_a_pseudonym(person, bob):
    Client().force_login(bob)
    sealing.seal_events()
    head = verification.head()
    asked(person)
    leaving.carry_out()
    name = AccountDeletion.objects.get().pseudonym
    mine = AuditEvent.objects.filter(username=name)
    assert set(mine.values_list("user_id", "address")) == {(None, "")}
    assert {"sign_in", "user.leave"} <= set(mine.values_list("action", flat=True))
    assert AuditEvent.objects.filter(username="bob", user_id=bob.pk).exists()
    sealing.seal_events()
    assert list(verification.findings(head)) == []
    month = list(exporting.month(month_of(timezone.now())))
    assert list(verify.problems(month)) == []
    assert sum("pseudonymised" in line for line in month) == verification.pseudonymised()[1] >= 1
    changed = EventSeal.objects.exclude(pseudonymised="").first().event
    AuditEvent._base_manager.filter(pk=changed).update(action="team.delete")
    assert [finding.text for finding in verification.findings() if f"Event {changed} " in finding.text]
    assert list(verify.problems(exporting.month(month_of(timezone.now()))))


def test_the_ledger_keeps_its_figures_and_its_proof_under_a_pseudonym(person, bob):
    cost = sum(UsageEntry.objects.values_list("cost", flat=True))
    head = verification.head()
    asked(person)
    leaving.carry_out()
    name = AccountDeletion.objects.get().pseudonym
    assert list(UsageEntry.objects.order_by("pk").values_list("user_id", "username")) == [
        (None, name),
        (bob.pk, "bob"),
        (None, name),
        (None, name),
    ]
    assert sum(UsageEntry.objects.values_list("cost", flat=True)) == cost
    assert list(verification.findings(head)) == []
    while rollup.roll():
        pass
    assert list(rollup.wrong_days()) == []
    sealing.seal()
    assert list(verification.findings(head)) == []
    assert verification.pseudonymised()[0] == 2


def test_an_entry_with_a_pseudonym_cannot_be_changed_unnoticed(person):
    asked(person)
    leaving.carry_out()
    changed = Seal.objects.exclude(pseudonymised="").first().entry
    UsageEntry.objects.filter(pk=changed).update(cost=0)
    assert [finding.entry for finding in verification.findings()] == [changed]


def test_a_deletion_waits_for_an_answer_that_is_being_written_and_goes_on_after_it_was_interrupted(person, monkeypatch):
    Message.objects.filter(role="assistant").update(status="streaming")
    asked(person)
    leaving.carry_out()
    assert User.objects.get(pk=person.pk).is_active is False
    Message.objects.update(status="complete")
    with monkeypatch.context() as patch:
        patch.setattr(User, "delete", lambda _user: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            leaving.carry_out()
    leaving.carry_out()
    row = AccountDeletion.objects.get()
    assert row.finished_at
    assert (row.receipt["conversations"], row.receipt["account"]) == (1, 1)


def test_one_deletion_that_fails_holds_up_no_other(person, bob, monkeypatch):
    asked(person)
    asked(bob)
    usual = User.delete
    monkeypatch.setattr(User, "delete", lambda user: 1 / 0 if user.pk == person.pk else usual(user))
    with pytest.raises(ZeroDivisionError):
        leaving.carry_out()
    assert list(User.objects.all()) == [person]


def test_two_workers_make_one_receipt(person, monkeypatch):
    asked(person)
    # Another worker does all of it right before this one deletes the account.
    forget = leaving._forget_in_admin
    monkeypatch.setattr(
        leaving,
        "_forget_in_admin",
        lambda *of: (monkeypatch.setattr(leaving, "_forget_in_admin", forget), leaving.carry_out()),
    )
    leaving.carry_out()
    row = AccountDeletion.objects.get()
    assert (row.receipt["conversations"], row.receipt["account"]) == (1, 1)


def test_own_collections_go_to_the_person_that_is_named(person, bob, media):
    asked(person, heir="bob")
    leaving.carry_out()
    own = Collection.objects.get(kind="own")
    assert (own.holder, own.documents.count()) == (bob, 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"username": "somebody"}, "Type your user name"),
        ({"heir": "nobody-here"}, "no other person with the user name"),
        ({"heir": MARK}, "no other person with the user name"),
    ],
)
def test_what_is_typed_wrongly_deletes_nothing(person, values, words):
    answer = asked(person, **values)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not AccountDeletion.objects.exists()
    assert User.objects.get(pk=person.pk).is_active


def test_the_only_superuser_stays_and_admins_can_keep_deletion_to_themselves(settings):
    root = User.objects.create_superuser("root")
    assert asked(root).status_code == 409
    settings.ACCOUNT_DELETION = False
    assert asked(User.objects.create_user("alice")).status_code == 403
    assert not AccountDeletion.objects.exists()


def test_everything_ends_at_once_and_a_receipt_is_for_whoever_has_its_address(person):
    other = Client()
    other.force_login(person)
    answer = asked(person)
    assert other.get(reverse("accounts:account")).status_code == 302
    assert not person.api_keys.exists()
    assert Client().get(reverse("accounts:deleted", args=["guessed"])).status_code == 404
    assert MARK not in Client().get(answer.url).content.decode()
