"""Teams and who is in them, managed on a team's own page."""

import pytest
from django.contrib.auth.models import Permission

from langai_site.accounts.models import Team, User

TEAMS = "/admin/accounts/team/"


@pytest.fixture
def people(db):
    return [User.objects.create_user(name) for name in ("alice", "bob", "charlie")]


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


def test_a_team_is_made_with_its_members(page, people):
    alice, bob, _ = people
    page.post(f"{TEAMS}add/", {"name": "Sales", "members": [alice.pk, bob.pk]})
    assert list(Team.objects.get(name="Sales").members.order_by("username")) == [alice, bob]


def test_members_are_added_and_removed_on_the_teams_page(page, people, finance):
    alice, bob, charlie = people
    finance.members.set([alice, bob])
    path = f"{TEAMS}{finance.pk}/change/"
    assert f'<option value="{alice.pk}" selected>' in page.get(path).content.decode()
    page.post(path, {"name": "Finance", "members": [bob.pk, charlie.pk]})
    assert list(finance.members.order_by("username")) == [bob, charlie]
    assert "Changed Members" in page.get(f"{TEAMS}{finance.pk}/history/").content.decode()
    page.post(path, {"name": "Finance"})
    assert not finance.members.exists()


def test_the_list_counts_members(page, people, finance):
    finance.members.set(people)
    assert '<td class="field-size">3</td>' in page.get(TEAMS).content.decode()


def test_who_may_only_look_sees_the_members_and_changes_none(client, people, finance):
    alice, bob, _ = people
    finance.members.set([alice])
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_team"))
    client.force_login(bob)
    path = f"{TEAMS}{finance.pk}/change/"
    assert "alice" in client.get(path).content.decode()
    assert client.post(path, {"name": "Finance", "members": [bob.pk]}).status_code == 403
    assert list(finance.members.all()) == [alice]
