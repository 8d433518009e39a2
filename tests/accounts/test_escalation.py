"""Staff who are not superusers gain nothing by any page of the admin, whichever permissions they have.

Each path is a request that a crafted form would send. Every one is tried with all permissions and with some of them,
and has to fail; and as a superuser, and has to succeed, which shows that it would have been a way.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse

from langai_site.accounts import rights
from langai_site.accounts.models import Invitation, Team, User
from search.access import readable_collections
from search.models import Collection
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "a password of Eve's"


@dataclass
class World:
    """Eve is staff. Root is a superuser, Old was one, Victor is an auditor, Alice reads what Carol looks after."""

    eve: User
    root: User
    old: User
    victor: User
    alice: User
    carol: User
    mallory: User
    finance: Team
    payroll: Collection
    auditors: Group
    invitation: Invitation


@pytest.fixture
def world(settings):
    settings.RATE_LIMIT_PER_MINUTE = ""
    auditors = Group.objects.create(name="Auditors")
    auditors.permissions.add(Permission.objects.get(codename="view_usageentry"))
    finance, payroll = Team.objects.create(name="Finance"), Collection.objects.create(name="Payroll")
    people = {name: User.objects.create_user(name, f"{name}@example.org", PASSWORD) for name in NAMES}
    User.objects.filter(username__in=["eve", "root", "victor", "carol"]).update(is_staff=True)
    User.objects.filter(username__in=["root", "old"]).update(is_superuser=True)
    User.objects.filter(username="old").update(is_active=False)
    people["victor"].groups.add(auditors)
    finance.members.add(people["alice"])
    payroll.teams.add(finance)
    payroll.owners.add(people["carol"])
    invitation = Invitation(email="new@example.org", invited_by=people["root"])
    invitation.renew_token()
    invitation.save()
    invitation.teams.add(finance)
    Collection.objects.exclude(pk=payroll.pk).delete()
    fresh = {name: User.objects.get(pk=person.pk) for name, person in people.items()}
    return World(**fresh, finance=finance, payroll=payroll, auditors=auditors, invitation=invitation)


NAMES = ["eve", "root", "old", "victor", "alice", "carol", "mallory"]


def state(world):
    """All that nobody but a superuser may bring about."""
    people = list(User.objects.order_by("pk"))
    rich = [person for person in people if person.pk in (world.root.pk, world.old.pk, world.victor.pk)]
    return {
        "superusers and staff": [(p.pk, p.is_superuser, p.is_staff) for p in people if p.is_superuser or p.is_staff],
        "permissions": [(p.pk, sorted(held)) for p in people if (held := rights._permissions(p))],
        "groups": [(g.name, sorted(g.permissions.values_list("pk", flat=True))) for g in Group.objects.order_by("pk")],
        "accounts with rights": [(p.pk, p.username, p.email, p.password, p.is_active) for p in rich],
        "passwords of readers": [p.password for p in people if p.pk in (world.alice.pk, world.carol.pk)],
        "readers": [p.username for p in people if readable_collections(p.pk).exists()],
        "team": sorted(world.finance.members.values_list("username", flat=True)),
        "invitations": sorted(_leads_to_finance(world)),
    }


def _leads_to_finance(world):
    return Invitation.objects.filter(teams=world.finance).values_list("token_hash", flat=True)


def account(person, **changes):
    """What the form of an account sends."""
    joined = person.date_joined
    form = {
        "username": person.username,
        "email": person.email,
        "date_joined_0": joined.date().isoformat(),
        "date_joined_1": joined.time().isoformat("seconds"),
        "is_active": "on" if person.is_active else "",
        "is_staff": "on" if person.is_staff else "",
        "is_superuser": "on" if person.is_superuser else "",
        "groups": list(person.groups.values_list("pk", flat=True)),
        "user_permissions": list(person.user_permissions.values_list("pk", flat=True)),
        "teams": list(person.teams.values_list("pk", flat=True)),
        "billing_team": "",
    } | changes
    return {name: value for name, value in form.items() if value or name == "billing_team"}


def change(person, **changes):
    return lambda client: client.post(f"/admin/accounts/user/{person.pk}/change/", account(person, **changes))


def password(person):
    form = {"usable_password": "true", "password1": NEW, "password2": NEW}
    return lambda client: client.post(f"/admin/accounts/user/{person.pk}/password/", form)


def post(path, **form):
    return lambda client: client.post(f"/admin/{path}", form)


def accepted(client, path, **form):
    """Make or renew an invitation, and use its link."""
    page = client.post(path, form, follow=True).content.decode()
    for link in re.findall(r"http://testserver(/accounts/invitation/[^<]+)<", page):
        Client().post(link, {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD})


def collection(world, **changes):
    form = {"name": "Payroll", "description": "", "sensitivity": "10"}
    form |= {"owners": [world.carol.pk], "teams": [world.finance.pk]} | changes
    return post(f"search/collection/{world.payroll.pk}/change/", **form)


def paths(world):
    """Every way to gain rights, by what it is called."""
    w, every = world, list(Permission.objects.values_list("pk", flat=True))
    team = f"accounts/team/{w.finance.pk}/change/"
    members = [w.alice.pk, w.eve.pk]
    found = {
        "self: superuser": change(w.eve, is_superuser="on"),
        "self: permissions": change(w.eve, user_permissions=every),
        "self: group": change(w.eve, groups=[w.auditors.pk]),
        "self: team": change(w.eve, teams=[w.finance.pk]),
        "self: team, in a popup": change(w.eve, teams=[w.finance.pk], _popup="1"),
        "other: superuser": change(w.mallory, is_superuser="on"),
        "other: staff": change(w.mallory, is_staff="on"),
        "other: permissions": change(w.mallory, user_permissions=every),
        "other: group": change(w.mallory, groups=[w.auditors.pk]),
        "other: team": change(w.mallory, teams=[w.finance.pk]),
        "reader: password": password(w.alice),
        "owner: password": password(w.carol),
        "group: permissions": post(f"auth/group/{w.auditors.pk}/change/", name="Auditors", permissions=every),
        "group: new": post("auth/group/add/", name="Mine", permissions=every),
        "group: new, in a popup": post("auth/group/add/?_popup=1", name="Mine", permissions=every, _popup="1"),
        "group: delete": post(f"auth/group/{w.auditors.pk}/delete/", post="yes"),
        "group: delete many": post(
            "auth/group/", action="delete_selected", _selected_action=[w.auditors.pk], post="yes"
        ),
        "team: members": post(team, name="Finance", members=members),
        "team: members, in a popup": post(f"{team}?_popup=1", name="Finance", members=members, _popup="1"),
        "team: members, as a new one": post(team, name="Finance", members=members, _saveasnew="1"),
        "invitation: new": lambda client: accepted(
            client, reverse("admin:accounts_invitation_add"), email="", teams=[w.finance.pk]
        ),
        "invitation: renewed": lambda client: accepted(
            client,
            reverse("admin:accounts_invitation_changelist"),
            action="renew_links",
            _selected_action=[w.invitation.pk],
        ),
        "collection: teams": collection(w, teams=[w.finance.pk, _team_of(w.eve).pk]),
        "collection: people": collection(w, users=[w.eve.pk]),
        "collection: owners": collection(w, owners=[w.carol.pk, w.eve.pk]),
        "collection: everyone": collection(w, everyone="on"),
    }
    for name, person in (("superuser", w.root), ("former superuser", w.old), ("auditor", w.victor)):
        found |= {
            f"{name}: password": password(person),
            f"{name}: address": change(person, email="eve@example.net"),
            f"{name}: name": change(person, username="somebody"),
            f"{name}: switched": change(person, is_active="" if person.is_active else "on"),
            f"{name}: delete": post(f"accounts/user/{person.pk}/delete/", post="yes"),
            f"{name}: delete many": post(
                "accounts/user/", action="delete_selected", _selected_action=[person.pk], post="yes"
            ),
        }
    return found


def _team_of(person):
    """A team that opens nothing, with that person in it."""
    team, _ = Team.objects.get_or_create(name="Harmless")
    team.members.add(person)
    return team


@contextmanager
def undone():
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def gains(world, editor, granted):
    """The paths by which an editor with these permissions gained something."""
    client = Client()
    client.force_login(editor)
    _team_of(world.eve)
    editor.user_permissions.set(granted)
    # Whoever has an auditor's rights may edit auditors.
    mine = {
        name: path
        for name, path in paths(world).items()
        if not (_has_all_of(editor, world.victor) and name.startswith("auditor"))
    }
    found, before = {}, state(world)
    for name, path in mine.items():
        with undone():
            path(client)
            after = state(world)
            if changed := [what for what in before if before[what] != after[what]]:
                found[name] = changed
    return found, mine


def _has_all_of(editor, other):
    return editor.is_superuser or rights._permissions(other) <= rights._permissions(editor)


@pytest.mark.parametrize("model", ["user", "team", "invitation", "apikey", "group", "permission", "collection"])
def test_what_may_be_done_with_one_kind_of_thing_opens_no_way_to_more(world, model):
    """Fewer permissions than all: then others have rights that Eve does not hold."""
    found, tried = gains(world, world.eve, Permission.objects.filter(content_type__model=model))
    assert found == {}
    assert any("auditor" in name for name in tried)


def test_all_permissions_together_open_no_way_to_more(world):
    found, tried = gains(world, world.eve, list(Permission.objects.all()))
    assert found == {}
    assert len(tried) > 30


def test_a_superuser_still_can_do_all(world):
    client, boss = Client(), User.objects.create_superuser("boss")
    _team_of(world.eve)
    before = state(world)
    for name, path in paths(world).items():
        with undone():
            # Each time: to set somebody's password gives a new session, which is undone here.
            client.force_login(boss)
            path(client)
            # Nobody saves a team as a new one.
            assert state(world) != before or "as a new one" in name, name
