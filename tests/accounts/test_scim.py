"""SCIM: what directories send makes, changes and switches off accounts, and fills teams."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from langai_site.accounts import doors, keys
from langai_site.accounts.keys import UnauthorizedError
from langai_site.accounts.models import ScimDirectory, ScimPerson, Team, User
from langai_site.accounts.scim import tokens
from langai_site.accounts.scopes import Scope
from langai_site.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

USER, GROUP = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# What each directory sends to create a person.
CREATIONS = {
    "entra": {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2",
        "userName": "ann@example.org",
        "active": True,
        "displayName": "Ann Lee",
        "emails": [{"primary": True, "type": "work", "value": "ann@example.org"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ann Lee", "familyName": "Lee", "givenName": "Ann"},
        ENTERPRISE: {"department": "Sales", "manager": {"value": "77"}},
        "urn:ietf:params:scim:schemas:extension:custom:2.0:User": {"cost": 7},
    },
    "okta": {
        "schemas": [USER],
        "userName": "ann@example.org",
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"primary": True, "value": "ann@example.org", "type": "work"}],
        "displayName": "Ann Lee",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    },
    "authentik": {
        "schemas": [USER],
        "userName": "ann@example.org",
        "name": {"formatted": "Ann Lee", "givenName": "Ann", "familyName": "Lee"},
        "displayName": "Ann Lee",
        "photos": None,
        "active": True,
        "emails": [{"value": "ann@example.org", "type": "other", "primary": True}],
        "externalId": "f6c7",
    },
    "bare": {"userName": "ann@example.org", "displayName": "Ann Lee"},
}
# How each switches a person off.
SWITCHES = {
    "entra": [{"op": "Replace", "path": "active", "value": "False"}],
    "okta": [{"op": "replace", "value": {"active": False}}],
    "plain": [{"op": "replace", "path": "active", "value": False}],
    "with others": [
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Gone"},
        {"op": "Replace", "path": "active", "value": False},
        {"op": "Add", "path": "urn:example:custom:2.0:User:floor", "value": "3"},
    ],
}
# How each takes members out of a group.
REMOVALS = {
    "okta": lambda pk: [{"op": "remove", "path": f'members[value eq "{pk}"]'}],
    "entra": lambda pk: [{"op": "Remove", "path": "members", "value": [{"value": str(pk)}]}],
    "all": lambda _pk: [{"op": "remove", "path": "members"}],
    "replaced": lambda _pk: [{"op": "replace", "path": "members", "value": []}],
    "object": lambda _pk: [{"op": "replace", "value": {"members": []}}],
}


class Directory:
    """A directory with its token, which speaks JSON."""

    def __init__(self, name="Entra"):
        self.row = ScimDirectory(name=name)
        self.token = tokens.renew(self.row)
        self.row.save()
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def ask(self, method, path, body=None):
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/scim+json"}
        answer = getattr(self.client, method)(f"/scim/v2/{path}", **sent)
        assert answer.status_code == 204 or answer["Content-Type"] == "application/scim+json"
        return answer

    def patch(self, path, operations):
        return self.ask("patch", path, {"schemas": [PATCH], "Operations": operations})

    def make(self, **values):
        answer = self.ask("post", "Users", CREATIONS["entra"] | values)
        assert answer.status_code == 201, answer.content
        return User.objects.get(pk=answer.json()["id"])

    def group(self, *people, name="Sales"):
        members = [{"value": str(one.pk)} for one in people]
        answer = self.ask("post", "Groups", {"schemas": [GROUP], "displayName": name, "members": members})
        assert answer.status_code == 201, answer.content
        return Team.objects.get(pk=answer.json()["id"])


@pytest.fixture
def entra(db):
    return Directory()


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("admin", "admin@example.org", "a long enough one")


def last_event():
    event = AuditEvent.objects.latest("pk")
    return event.action, event.username, event.fields


@pytest.mark.parametrize("shape", CREATIONS)
def test_a_person_is_made_as_each_directory_sends_them(entra, shape):
    answer = entra.ask("post", "Users", CREATIONS[shape])
    assert answer.status_code == 201
    made = User.objects.get()
    assert (made.username, str(made), made.is_active, made.has_usable_password()) == (
        *("ann@example.org", "Ann Lee", True),
        False,
    )
    assert made.email == ("" if shape == "bare" else "ann@example.org")
    assert (made.is_staff, made.is_superuser) == (False, False)
    told = answer.json()
    assert (told["id"], told["userName"], told["active"]) == (str(made.pk), "ann@example.org", True)
    assert answer["Location"] == told["meta"]["location"] == f"/scim/v2/Users/{made.pk}"
    assert "password" not in told
    assert last_event() == ("user.add", "SCIM: Entra", "")
    assert entra.ask("get", f"Users/{made.pk}").json() == told


def test_twice_is_a_conflict_whatever_the_case(entra):
    entra.make()
    for name, id_ in (("ANN@example.org", "other"), ("ben@example.org", "0a21f0f2")):
        again = entra.ask("post", "Users", CREATIONS["entra"] | {"userName": name, "externalId": id_})
        assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert User.objects.count() == 1


@pytest.mark.parametrize("shape", SWITCHES)
def test_whom_a_directory_switches_off_is_out_at_once(entra, client, shape):
    ann = entra.make()
    client.force_login(ann)
    _row, key = keys.make(user=ann, name="script", scopes=[Scope.CHAT])
    page = reverse("accounts:account")
    assert client.get(page).status_code == 200
    assert keys.credential_of(key).user == ann
    answer = entra.patch(f"Users/{ann.pk}", SWITCHES[shape])
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert last_event() == ("user.switch", "SCIM: Entra", "active")
    assert client.get(page).status_code == 302
    with pytest.raises(UnauthorizedError):
        keys.credential_of(key)
    entra.patch(f"Users/{ann.pk}", [{"op": "replace", "path": "active", "value": "True"}])
    ann.refresh_from_db()
    assert ann.is_active


def test_what_a_put_and_a_patch_change_is_one_event_and_the_rest_stays(entra):
    ann = entra.make()
    operations = [
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "lee@example.org"},
        {"op": "Replace", "path": "name.familyName", "value": "Leeds"},
    ]
    entra.patch(f"Users/{ann.pk}", operations)
    ann.refresh_from_db()
    assert (ann.email, ann.first_name, ann.last_name) == ("lee@example.org", "Ann", "Leeds")
    assert last_event() == ("user.change", "SCIM: Entra", "emails, name")
    before = AuditEvent.objects.count()
    entra.ask("put", f"Users/{ann.pk}", entra.ask("get", f"Users/{ann.pk}").json())
    assert AuditEvent.objects.count() == before
    entra.ask("put", f"Users/{ann.pk}", {"schemas": [USER], "userName": "lee", "externalId": "0a21f0f2"})
    ann.refresh_from_db()
    assert (ann.username, ann.email, ann.is_active) == ("lee", "lee@example.org", True)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('userName eq "ann@example.org"', ["ann@example.org"]),
        ('userName eq "ANN@example.org"', ["ann@example.org"]),
        ('externalId eq "0a21f0f2"', ["ann@example.org"]),
        ('emails.value eq "ann@example.org"', ["ann@example.org"]),
        ('emails[type eq "work" and value co "ann"]', ["ann@example.org"]),
        ('userName sw "a" and active eq false', []),
        ('userName eq "nobody"', []),
        ("not (active eq false)", ["by hand", "ann@example.org"]),
        ('userName eq "a\\"b"', []),
    ],
)
def test_people_are_found_by_filters(entra, asked, found):
    User.objects.create_user("by hand")
    entra.make()
    answer = entra.ask("get", "Users?" + "&".join(["filter=" + asked.replace("&", "%26")])).json()
    assert [one["userName"] for one in answer.get("Resources", [])] == found
    assert answer["totalResults"] == len(found)


def test_a_list_has_pages(entra):
    User.objects.bulk_create(User(username=f"p{number}") for number in range(5))
    answer = entra.ask("get", "Users?startIndex=4&count=2").json()
    assert (answer["totalResults"], answer["startIndex"], answer["itemsPerPage"]) == (5, 4, 2)
    assert [one["userName"] for one in answer["Resources"]] == ["p3", "p4"]
    assert entra.ask("get", "Users?count=0").json()["totalResults"] == 5


@pytest.mark.parametrize("shape", REMOVALS)
def test_a_group_is_a_team_and_members_come_and_go(entra, shape):
    ann = entra.make()
    team = entra.group(ann)
    assert list(team.members.all()) == [ann]
    assert last_event() == ("team.add", "SCIM: Entra", "")
    assert entra.ask("get", f"Users/{ann.pk}").json()["groups"][0]["display"] == "Sales"
    answer = entra.patch(f"Groups/{team.pk}", REMOVALS[shape](ann.pk))
    assert answer.status_code == 200, answer.content
    assert not team.members.exists()
    assert last_event() == ("team.change", "SCIM: Entra", "members")
    entra.patch(f"Groups/{team.pk}", [{"op": "Add", "path": "members", "value": [{"value": str(ann.pk)}]}])
    assert list(team.members.all()) == [ann]
    entra.patch(f"Groups/{team.pk}", [{"op": "replace", "value": {"id": str(team.pk), "displayName": "Selling"}}])
    team.refresh_from_db()
    assert (team.name, list(team.members.all())) == ("Selling", [ann])


def test_a_list_of_groups_leaves_members_out_where_that_is_asked(entra):
    entra.group(entra.make())
    listed = entra.ask("get", 'Groups?excludedAttributes=members&filter=displayName eq "sales"').json()["Resources"]
    assert [(one["displayName"], "members" in one) for one in listed] == [("Sales", False)]
    assert entra.ask("get", "Groups").json()["Resources"][0]["members"]


def test_teams_that_people_made_are_not_the_directorys(entra):
    ann = entra.make()
    team = Team.objects.create(name="Board")
    assert entra.ask("get", "Groups").json()["totalResults"] == 0
    assert entra.ask("get", f"Groups/{team.pk}").status_code == 404
    assert entra.patch(f"Groups/{team.pk}", REMOVALS["all"](0)).status_code == 404
    taken = entra.ask(
        "post", "Groups", {"schemas": [GROUP], "displayName": "board", "members": [{"value": str(ann.pk)}]}
    )
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert not team.members.exists()


def test_a_deleted_group_is_emptied_and_its_team_stays_for_an_admin(entra):
    team = entra.group(entra.make())
    assert entra.ask("delete", f"Groups/{team.pk}").status_code == 204
    assert entra.ask("get", f"Groups/{team.pk}").status_code == 404
    assert Team.objects.filter(pk=team.pk, members=None).exists()


def test_a_deleted_person_is_switched_off_and_keeps_what_they_wrote(entra):
    ann = entra.make()
    assert entra.ask("delete", f"Users/{ann.pk}").status_code == 204
    ann.refresh_from_db()
    assert (ann.is_active, ScimPerson.objects.exists()) == (False, False)
    assert last_event() == ("user.switch", "SCIM: Entra", "active")


def test_an_account_that_was_here_is_kept_by_the_directory_once_it_changes_it(entra):
    ben = User.objects.create_user("ben@example.org", "ben@example.org", "a long enough one")
    assert entra.ask("delete", f"Users/{ben.pk}").status_code == 403
    assert entra.patch(f"Users/{ben.pk}", [{"op": "add", "path": "externalId", "value": "b1"}]).status_code == 200
    assert ScimPerson.objects.get().external_id == "b1"
    other = Directory("Okta")
    assert other.patch(f"Users/{ben.pk}", SWITCHES["plain"]).status_code == 403
    assert "externalId" not in other.ask("get", f"Users/{ben.pk}").json()
    ben.refresh_from_db()
    assert ben.is_active


@pytest.mark.parametrize("rights", ["superuser", "staff", "a right"])
@pytest.mark.parametrize(
    "change", [{"path": "userName", "value": "x"}, {"path": "emails", "value": [{"value": "x@evil.org"}]}]
)
def test_nobody_with_rights_gets_another_name_or_address(entra, admin, rights, change):
    person = User.objects.create_user("carol", "carol@example.org", is_staff=rights == "staff")
    if rights == "superuser":
        person = admin
    if rights == "a right":
        person.user_permissions.add(Permission.objects.first())
    name, email = person.username, person.email
    refused = entra.patch(f"Users/{person.pk}", [{"op": "replace", **change}])
    assert (refused.status_code, refused.json()["scimType"]) == (400, "mutability")
    person.refresh_from_db()
    assert (person.username, person.email) == (name, email)


def test_the_last_superuser_stays(entra, admin):
    second = User.objects.create_superuser("second", password="a long enough one")
    assert entra.patch(f"Users/{second.pk}", SWITCHES["plain"]).status_code == 200
    refused = entra.patch(f"Users/{admin.pk}", SWITCHES["plain"])
    assert (refused.status_code, "last superuser" in refused.json()["detail"]) == (403, True)
    admin.refresh_from_db()
    assert admin.is_active


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "Users", {"schemas": [USER]}, 400),
        ("post", "Users", {"schemas": [USER], "userName": "two words"}, 400),
        ("post", "Users", {"schemas": [USER], "userName": "x" * 151}, 400),
        ("post", "Users", {"schemas": [USER], "userName": "x", "emails": [{"value": "no address"}]}, 400),
        ("post", "Users", [1], 400),
        ("get", "Users?filter=userName eq", None, 400),
        ("get", "Users/999999", None, 404),
        ("get", "Users/٣", None, 404),
        ("get", "Users/" + "9" * 40, None, 404),
        ("patch", "Users/1", {"schemas": [PATCH], "Operations": "no"}, 404),
        ("post", "Groups", {"schemas": [GROUP], "displayName": "x", "members": [{"value": "999"}]}, 400),
        ("post", "Groups", {"schemas": [GROUP], "displayName": " "}, 400),
        ("delete", "Users", None, 405),
        ("get", "Nothing", None, 404),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_so_in_scims_shape(entra, method, path, body, status):
    answer = entra.ask(method, path, body)
    told = answer.json()
    assert answer.status_code == status, told
    assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (told["status"], bool(told["detail"])) == (str(status), True)


def test_a_patch_that_is_none_changes_nothing(entra):
    ann = entra.make()
    for operations in (
        "no",
        [],
        [{"op": "explode", "path": "active", "value": False}],
        [{"path": "active"}],
        [7] * 1_001,
    ):
        assert entra.ask("patch", f"Users/{ann.pk}", {"schemas": [PATCH], "Operations": operations}).status_code == 400
    ann.refresh_from_db()
    assert ann.is_active


@pytest.mark.parametrize("path", ["Users", "Users/1", "Groups", "Groups/1", "ServiceProviderConfig", "Schemas", "x"])
def test_only_a_directorys_token_opens_it(entra, admin, client, path):
    client.force_login(admin)
    _row, key = keys.make(user=admin, name="all", scopes=list(Scope))
    for headers in ({}, {"Authorization": f"Bearer {key}"}, {"Authorization": "Bearer langai_scim_x"}):
        answer = client.get(f"/scim/v2/{path}", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    with pytest.raises(UnauthorizedError):
        doors.credential_of(entra.token)


def test_guesses_are_counted(settings, client):
    settings.RATE_LIMIT_PER_MINUTE = "2/m"
    codes = [client.get("/scim/v2/Users", headers={"Authorization": "Bearer x"}).status_code for _ in range(4)]
    assert codes == [401, 401, 429, 429]


def test_the_service_describes_itself(entra):
    config = entra.ask("get", "ServiceProviderConfig").json()
    assert (config["patch"]["supported"], config["bulk"]["supported"]) == (True, False)
    assert {one["name"] for one in entra.ask("get", "ResourceTypes").json()["Resources"]} == {"User", "Group"}
    assert {one["id"] for one in entra.ask("get", "Schemas").json()["Resources"]} == {USER, GROUP}


def test_an_admin_makes_a_token_once_renews_and_ends_it(client, admin):
    client.force_login(admin)
    page = client.post(reverse("admin:accounts_scimdirectory_add"), {"name": "Okta"}, follow=True).text
    token = page.split("<code data-copy>")[1].split("<")[0]
    asked = Client(headers={"Authorization": f"Bearer {token}"})
    assert asked.get("/scim/v2/Users").status_code == 200
    row = ScimDirectory.objects.get()
    assert row.last_used_at is not None
    changed = client.get(reverse("admin:accounts_scimdirectory_change", args=[row.pk])).text
    assert token not in changed
    assert "/scim/v2" in changed
    renewed = client.post(
        reverse("admin:accounts_scimdirectory_changelist"),
        {"action": "renew_tokens", "_selected_action": [row.pk]},
        follow=True,
    ).text
    assert asked.get("/scim/v2/Users").status_code == 401
    asked = Client(headers={"Authorization": f"Bearer {renewed.split('<code data-copy>')[1].split('<')[0]}"})
    assert asked.get("/scim/v2/Users").status_code == 200
    client.post(reverse("admin:accounts_scimdirectory_delete", args=[row.pk]), {"post": "yes"})
    assert asked.get("/scim/v2/Users").status_code == 401


def test_staff_who_are_no_superusers_make_no_directories(client):
    carol = User.objects.create_user("carol", is_staff=True)
    carol.user_permissions.set(Permission.objects.filter(content_type__model="scimdirectory"))
    client.force_login(carol)
    assert client.get(reverse("admin:accounts_scimdirectory_add")).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_members_that_are_added_at_the_same_time_are_all_there(transactional_db):
    entra = Directory()
    people = [User.objects.create_user(f"p{number}") for number in range(6)]
    team = entra.group()

    def add(person):
        try:
            answer = entra.patch(
                f"Groups/{team.pk}", [{"op": "add", "path": "members", "value": [{"value": str(person.pk)}]}]
            )
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(add, people)) == [200] * 6
    assert team.members.count() == 6
