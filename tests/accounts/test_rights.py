"""What staff who are not superusers may still do with people and teams, and what they are told where they may not."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from chat.models import Assistant, Prompt
from langai_site.accounts.models import ApiKey, Team, User
from langai_site.outbound.models import Model
from langai_site.usage.models import Budget
from search.models import Collection
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


@pytest.fixture
def carol(db):
    """Staff, and the owner of the collection that Finance may read."""
    return User.objects.create_user("carol", password=PASSWORD, is_staff=True)


@pytest.fixture
def payroll(carol, finance):
    payroll = Collection.objects.create(name="Payroll")
    payroll.owners.add(carol)
    payroll.teams.add(finance)
    return payroll


@pytest.fixture
def eve(db):
    """Staff who may do everything with people, teams and invitations."""
    eve = User.objects.create_user("eve", password=PASSWORD, is_staff=True)
    eve.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return eve


@pytest.fixture
def page(client, eve):
    client.force_login(eve)
    return client


def account(person, **changes):
    joined = person.date_joined
    return {
        "username": person.username,
        "date_joined_0": joined.date().isoformat(),
        "date_joined_1": joined.time().isoformat("seconds"),
        "is_active": "on",
        "billing_team": "",
    } | changes


def change(person):
    return reverse("admin:accounts_user_change", args=[person.pk])


def test_staff_edit_plain_accounts_and_set_their_passwords(page, alice):
    assert page.post(change(alice), account(alice, first_name="Alicia", is_active="")).status_code == 302
    alice.refresh_from_db()
    assert (alice.first_name, alice.is_active) == ("Alicia", False)
    form = {"usable_password": "true", "password1": "a new one for her", "password2": "a new one for her"}
    assert page.post(f"/admin/accounts/user/{alice.pk}/password/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("a new one for her")


def test_staff_add_people_and_delete_them(page, alice):
    form = {"username": "dora", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert page.post("/admin/accounts/user/add/", form).status_code == 302
    dora = User.objects.get(username="dora")
    # Admin withdraws these, and deletes none.
    for own in (
        Assistant(owner=dora, name="Leases"),
        Prompt(owner=dora, command="lease"),
        ApiKey(user=dora, name="Sync"),
    ):
        own.save()
    assert page.post(f"/admin/accounts/user/{dora.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="dora").exists()


def test_the_fields_that_give_rights_are_not_in_the_form_but_can_be_read(page, alice):
    form = page.get(change(alice)).context["adminform"].form
    assert not {"is_staff", "is_superuser", "groups", "user_permissions"} & set(form.fields)
    assert "Superuser status" in page.get(change(alice)).text


def test_an_account_with_more_rights_can_be_looked_at_and_the_refusal_names_whom_to_ask(page, admin):
    assert page.get(change(admin)).status_code == 200
    for path, form in (
        (change(admin), account(admin)),
        (f"/admin/accounts/user/{admin.pk}/password/", {"password1": "x"}),
        (f"/admin/accounts/user/{admin.pk}/delete/", {"post": "yes"}),
    ):
        refused = page.post(path, form)
        assert refused.status_code == 403
        assert "Ask a superuser (admin)." in refused.text


def test_the_password_of_somebody_who_reads_more_is_for_superusers(page, alice, finance, payroll):
    finance.members.add(alice)
    path = f"/admin/accounts/user/{alice.pk}/password/"
    for refused in (page.get(path), page.post(path, {"password1": "x"})):
        assert refused.status_code == 403
        assert "With its password you could do and read more" in refused.text
    # What gives no access stays theirs to do.
    assert page.post(change(alice), account(alice, teams=[finance.pk], first_name="Al")).status_code == 302
    assert page.post(change(alice), account(alice, teams=[])).status_code == 302
    assert not finance.members.exists()


def test_where_an_address_opens_an_account_that_of_somebody_who_reads_more_is_for_superusers(
    page, alice, admin, finance, payroll, settings
):
    form = account(alice, email="eve@example.org", teams=[finance.pk])
    finance.members.add(alice)
    settings.OIDC_LINK_BY_EMAIL = True
    assert "Ask a superuser to change it" in page.post(change(alice), form).text
    assert User.objects.get(pk=alice.pk).email == "alice@example.org"
    page.force_login(admin)
    rights_of_alice = {"is_staff": "", "is_superuser": ""}
    assert page.post(change(alice), form | rights_of_alice).status_code == 302
    assert User.objects.get(pk=alice.pk).email == "eve@example.org"


def told(response):
    return " ".join(re.findall(r'<ul class="errorlist"[^>]*><li>([^<]*)', response.text))


def test_who_would_bring_people_into_a_team_that_opens_documents_is_told_whom_to_ask(
    page, admin, alice, finance, payroll
):
    words = "The team “Finance” opens documents that you do not manage, so you cannot add people."
    ask = "Ask carol or a superuser (admin)."
    team = reverse("admin:accounts_team_change", args=[finance.pk])
    invitation = reverse("admin:accounts_invitation_add")
    for path, form in (
        (team, {"name": "Finance", "members": [alice.pk]}),
        (change(alice), account(alice, teams=[finance.pk])),
        (invitation, {"email": "", "teams": [finance.pk]}),
    ):
        answer = page.post(path, form)
        assert (answer.status_code, told(answer)) == (200, f"{words} {ask}"), path
        assert "Payroll" not in answer.text
    assert not finance.members.exists()


def test_people_are_taken_out_of_any_team_and_put_into_those_that_open_nothing(page, alice, finance, payroll):
    finance.members.add(alice)
    team = reverse("admin:accounts_team_change", args=[finance.pk])
    assert page.post(team, {"name": "Money", "members": []}).status_code == 302
    finance.refresh_from_db()
    assert (finance.name, finance.members.count()) == ("Money", 0)
    page.post(reverse("admin:accounts_team_add"), {"name": "Chess", "members": [alice.pk]})
    assert list(Team.objects.get(name="Chess").members.all()) == [alice]


def test_who_manages_the_collection_brings_people_into_its_team(client, carol, alice, finance, payroll):
    carol.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(carol)
    team = reverse("admin:accounts_team_change", args=[finance.pk])
    assert client.post(team, {"name": "Finance", "members": [alice.pk]}).status_code == 302
    assert list(finance.members.all()) == [alice]


@pytest.fixture
def pricey(finance):
    """A model that Finance alone may use."""
    model = Model.objects.create(name="openai/pricey", display_name="Pricey", provider="openai", available=True)
    model.teams.add(finance)
    return model


@pytest.fixture
def funds(finance):
    """A budget of Finance's."""
    return Budget.objects.create(scope="team", team=finance, amount=100)


@pytest.mark.parametrize(
    ("opened", "what", "permission"), [("pricey", "models", "model"), ("funds", "a budget", "budget")]
)
def test_a_team_that_opens_a_model_or_a_budget_is_for_who_manages_those(
    page, eve, alice, finance, request, opened, what, permission
):
    request.getfixturevalue(opened)
    team, invitation = (
        reverse("admin:accounts_team_change", args=[finance.pk]),
        reverse("admin:accounts_invitation_add"),
    )
    ways = [
        (team, {"name": "Finance", "members": [eve.pk]}),
        (change(eve), account(eve, teams=[finance.pk], is_staff="on")),
        (change(alice), account(alice, billing_team=finance.pk)),
        (invitation, {"email": "", "teams": [finance.pk]}),
    ]
    for path, form in ways:
        answer = page.post(path, form)
        assert answer.status_code == 200, path
        assert f"opens {what} that you do not manage" in told(answer)
    assert not finance.members.exists()
    eve.user_permissions.add(Permission.objects.get(codename=f"change_{permission}"))
    assert [page.post(path, form).status_code for path, form in ways] == [302] * 4
    assert User.objects.get(pk=alice.pk).billing_team == finance


@pytest.mark.parametrize("together", [False, True])
def test_a_model_whose_last_teams_are_deleted_does_not_become_everyones(page, eve, finance, pricey, together):
    sales = Team.objects.create(name="Sales")
    pricey.teams.add(sales)
    form = {"action": "delete_selected", "post": "yes"}
    for some in [[finance, sales]] if together else [[finance], [sales]]:
        assert Model.objects.get().enabled
        answer = page.post(reverse("admin:accounts_team_changelist"), form | {"_selected_action": [t.pk for t in some]})
        assert answer.status_code == 302
    assert not Team.objects.exists()
    assert not Model.objects.get().enabled


def test_nobody_leaves_a_budget_that_is_not_theirs_to_manage(page, alice, finance, funds):
    User.objects.filter(pk=alice.pk).update(billing_team=finance)
    answer = page.post(change(alice), account(alice))
    assert "so you cannot change whose costs it pays." in told(answer)
    assert page.post(change(alice), account(alice, billing_team=finance.pk, first_name="Al")).status_code == 302
    alice.refresh_from_db()
    assert (alice.billing_team, alice.first_name) == (finance, "Al")


def test_a_password_that_opens_a_model_is_not_set_by_who_may_not_use_it(page, alice, finance, pricey):
    path = reverse("admin:auth_user_password_change", args=[alice.pk])
    form = {"usable_password": "true", "password1": "a quiet morning", "password2": "a quiet morning"}
    finance.members.add(alice)
    assert page.post(path, form).status_code == 403
    finance.members.clear()
    assert page.post(path, form).status_code == 302


def test_an_invitation_leads_into_what_its_sender_may_open_when_it_is_used(page, eve, carol, finance):
    """Finance opened nothing when Eve sent it."""
    chess = Team.objects.create(name="Chess")
    form = {"email": "", "teams": [finance.pk, chess.pk]}
    sent = page.post(reverse("admin:accounts_invitation_add"), form, follow=True).text
    link = re.search(r"http://testserver(/accounts/invitation/[^<]+)<", sent)[1]
    Collection.objects.create(name="Payroll").teams.add(finance)
    answers = {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD}
    landed = Client().post(link, answers, follow=True)
    newcomer = User.objects.get(username="newcomer")
    assert list(newcomer.teams.all()) == [chess]
    assert newcomer.billing_team == chess
    assert "not in Finance yet" in landed.text


def test_groups_are_for_superusers_and_others_see_them(page, eve, admin):
    eve.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    assert page.get("/admin/auth/group/").status_code == 200
    refused = page.post("/admin/auth/group/add/", {"name": "Mine"})
    assert refused.status_code == 403
    assert "Groups give rights" in refused.text
    assert "Ask a superuser (admin)." in refused.text


def test_addresses_are_those_of_the_accounts_alone(page, admin):
    page.force_login(admin)
    assert page.get("/admin/account/emailaddress/").status_code == 404
