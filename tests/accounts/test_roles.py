"""Who may what, through which group; and that no role, not even a superuser's, opens other people's conversations."""

import re
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import get_resolver

from chat.models import Conversation, Folder, Message
from langai_site.accounts import roles
from langai_site.accounts.models import Instructions, User
from tests.accounts.test_limits import doors

CANARY = "zebra-marmalade"
UUIDS = r"[0-9a-f]{8}-[0-9a-f-]{27}"


@pytest.fixture
def groups(db):
    roles.make_groups()


def test_every_right_of_a_role_exists(groups):
    for name, role in roles.ROLES.items():
        held = Group.objects.get(name=name).permissions.select_related("content_type")
        assert {f"{one.content_type.app_label}.{one.codename}" for one in held} == set(role.rights), name


def test_a_role_that_an_admin_changed_stays_as_it_is(groups):
    Group.objects.get(name="Auditor").permissions.clear()
    Group.objects.get(name="Admin").delete()
    roles.make_groups()
    assert not Group.objects.get(name="Auditor").permissions.exists()
    assert Group.objects.get(name="Admin").permissions.exists()


def test_the_page_names_the_right_and_its_way(client, groups, django_assert_max_num_queries):
    for number in range(5):
        bob = User.objects.create_user(f"bob{number}", is_staff=number > 0)
        bob.groups.add(Group.objects.get(name="Money manager"))
        bob.user_permissions.add(Permission.objects.get(codename="change_budget"))
    client.force_login(User.objects.create_superuser("admin"))
    with django_assert_max_num_queries(16):
        page = client.get("/admin/auth/group/who-may/").text
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert cells[cells.index("change budget (usage)") + 1] == "given directly, Money manager"
    assert page.count("cannot open admin") == 1
    assert "everything in admin" in page


@pytest.mark.parametrize("name", [None, "Document manager", "Money manager"])
def test_others_do_not_see_it(client, groups, name):
    user = User.objects.create_user("staff", is_staff=True)
    if name:
        user.groups.add(Group.objects.get(name=name))
    client.force_login(user)
    assert client.get("/admin/auth/group/who-may/").status_code == 403


@pytest.fixture
def secrets(transactional_db):
    """Everything that Bob wrote, and the ids of it."""
    roles.make_groups()
    bob = User.objects.create_user("bob")
    folder = Folder.objects.create(owner=bob, name=f"{CANARY} folder", instructions=CANARY)
    talk = Conversation.objects.create(owner=bob, title=f"{CANARY} talk", folder=folder)
    parts = [{"type": "thinking", "text": CANARY, "seconds": 1}, {"type": "text", "text": CANARY}]
    question = Message.objects.create(conversation=talk, role="user", parts=parts, status="complete")
    reply = Message.objects.create(conversation=talk, role="assistant", parts=parts, parent=question, status="complete")
    talk.current_leaf = reply
    talk.save()
    Instructions.objects.create(user=bob, about=CANARY, answers=CANARY)
    return {"conversation": talk.pk, "reply": reply.pk, "question": question.pk, "folder": folder.pk}


def addresses(secrets: dict[str, UUID]) -> set[str]:
    """Every address of the site; where an id of somebody's own things goes, with those of Bob's."""
    found = set()
    for path, _ in doors(get_resolver().url_patterns):
        found.add(path)
        if "conversation" in path or "repl" in path or "message" in path or "folder" in path:
            found |= {re.sub(UUIDS, str(value), path) for value in secrets.values()}
        if path.startswith("/admin/chat/"):
            found |= {path.replace("/x/", f"/{value}/") for value in secrets.values()}
    return found - {"/accounts/logout/"}


@pytest.mark.any_database
def test_no_right_opens_what_somebody_wrote(secrets, caplog):
    """A superuser has all rights, so a role has none that this person lacks."""
    caplog.set_level("CRITICAL")
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("other"))
    read, pages = [], 0
    for path in sorted(addresses(secrets)):
        answer = client.get(path)
        pages += answer.status_code == 200
        if not answer.streaming and CANARY.encode() in answer.content:
            read.append(path)
    assert read == []
    assert pages > 60


def test_the_owner_finds_it_by_the_same_addresses(secrets):
    client = Client()
    client.force_login(User.objects.get(username="bob"))
    own = [path for path in sorted(addresses(secrets)) if not path.startswith(("/admin/", "/accounts/"))]
    answers = {path: client.get(path) for path in own if str(secrets["conversation"]) in path}
    read = [path for path, answer in answers.items() if not answer.streaming and CANARY in answer.text]
    assert f"/conversations/{secrets['conversation']}/" in read
    assert f"/api/conversations/{secrets['conversation']}" in read
