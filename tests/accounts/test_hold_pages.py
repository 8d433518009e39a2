"""Setting, changing and lifting legal holds in admin, and what the people concerned and other admins see of them."""

import pytest
from django.test import Client

from chat.conversations import access
from chat.models import Conversation, Share
from langai_site.accounts import holds, roles
from langai_site.accounts.models import LegalHold, User
from langai_site.audit.models import AuditEvent
from tests.chat.factories import long_conversation

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"reason": "Claim", "reference": "C-7", "contact": "legal@example.org"}


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss", password="a long enough one")


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password="a long enough one")


@pytest.fixture
def conversation(alice):
    return long_conversation(alice, 2)[0]


def held(boss, **subject):
    hold = LegalHold(reason="Claim", reference="C-1", contact="the legal team", **subject)
    holds.set_hold(hold, boss)
    return hold


@pytest.fixture
def manager():
    """Somebody with the role alone, signed in."""
    roles.make_groups()
    person = User.objects.create_user("lara", is_staff=True)
    person.groups.set(roles.Group.objects.filter(name="Legal hold manager"))
    client = Client()
    client.force_login(person)
    return client


def test_the_role_sets_changes_and_lifts_a_hold_and_reads_nothing(manager, conversation, alice):
    answer = manager.post("/admin/accounts/legalhold/add/", {**FORM, "conversation": str(conversation.pk)})
    assert answer.status_code == 302
    hold = LegalHold.objects.get()
    assert (hold.person, hold.set_by) == (alice, "lara")
    place = f"/admin/accounts/legalhold/{hold.pk}"
    assert conversation.title not in manager.get(f"{place}/change/").text
    assert manager.post(f"{place}/change/", {**FORM, "reason": "Two claims"}).status_code == 302
    assert manager.post(f"{place}/delete/", {"post": "yes"}).status_code == 403
    lift = {"action": "lift", "_selected_action": [hold.pk]}
    assert "1 hold lifted" in manager.post("/admin/accounts/legalhold/", lift, follow=True).text
    assert manager.post(f"{place}/change/", FORM).status_code == 403
    done = list(AuditEvent.objects.filter(kind="legalhold").order_by("pk").values_list("action", flat=True))
    assert done == ["legalhold.add", "legalhold.change", "legalhold.lift"]
    for path in (f"/conversations/{conversation.pk}/", f"/admin/chat/conversation/{conversation.pk}/change/"):
        assert manager.get(path).status_code in (403, 404), path


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Choose one person"),
        ({"conversation": "00000000-0000-4000-8000-000000000000"}, "does not exist"),
        ({"person": "ALICE", "ends_at_0": "2020-01-01", "ends_at_1": "12:00"}, "This time is over"),
    ],
)
def test_a_form_that_cannot_be_right_says_why(manager, alice, more, words):
    values = {key: alice.pk if value == "ALICE" else value for key, value in more.items()}
    assert words in manager.post("/admin/accounts/legalhold/add/", {**FORM, **values}).text
    assert not LegalHold.objects.exists()


def test_admin_pages_do_not_delete_what_is_held(conversation, alice, boss):
    held(boss, person=alice)
    client = Client()
    client.force_login(boss)
    place = f"/admin/accounts/user/{alice.pk}/delete/"
    assert "a legal hold keeps it. Ask the legal team" in client.get(place).text
    client.post(place, {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [conversation.pk], "post": "yes"}
    client.post("/admin/chat/conversation/", chosen)
    assert User.objects.filter(pk=alice.pk).exists()
    assert Conversation.objects.filter(pk=conversation.pk).exists()


def test_the_person_is_told(conversation, alice, boss):
    held(boss, person=alice)
    share = Share.objects.create(owner=alice, conversation=conversation)
    client = Client()
    client.force_login(alice)
    for path in ("/accounts/delete/", "/retention/"):
        assert "the legal team" in client.get(path).text, path
    gone = client.post(f"/conversations/{conversation.pk}/delete/")
    assert "kept because of a legal hold" in client.get(gone.url).text
    access.restore(alice.pk, conversation.pk)
    answer = client.post(f"/shares/{share.pk}/delete/")
    assert answer.status_code == 409
    assert "Ask the legal team" in answer.text
