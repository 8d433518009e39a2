"""Accounts are by invitation: a link makes one account, once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from langai_site.accounts.models import Invitation, User
from langai_site.accounts.services import InvitationError, accept_invitation
from tests.accounts.conftest import PASSWORD

ANSWERS = {"username": "bob", "email": "bob@example.org", "password1": PASSWORD, "password2": PASSWORD}


def test_an_admin_gets_the_link_once(client, admin, finance):
    client.force_login(admin)
    form = {"email": "carol@example.org", "teams": [finance.pk]}
    page = client.post(reverse("admin:accounts_invitation_add"), form, follow=True).content.decode()
    link = re.search(r"http://testserver(/accounts/invitation/[^<]+)", page)[1]
    assert Invitation.objects.get().invited_by == admin
    assert link not in client.get(reverse("admin:accounts_invitation_changelist")).content.decode()
    client.logout()
    assert client.get(link).status_code == 200


def test_an_invited_person_makes_an_account_and_is_signed_in(client, link, invitation, finance):
    assert b"bob@example.org" in client.get(link).content
    response = client.post(link, ANSWERS)
    bob = User.objects.get(username="bob")
    assert (response.status_code, response.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(bob.pk)
    assert (list(bob.teams.all()), bob.billing_team) == ([finance], finance)
    assert not bob.is_staff
    invitation.refresh_from_db()
    assert (invitation.used_by, bool(invitation.used_at)) == (bob, True)


def test_a_used_link_is_refused(client, link):
    client.post(link, ANSWERS)
    client.logout()
    response = client.post(link, ANSWERS | {"username": "mallory", "email": ""})
    assert (response.status_code, b"was used before" in response.content) == (410, True)
    assert not User.objects.filter(username="mallory").exists()


def test_an_expired_link_is_refused(client, link, invitation):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = client.get(link)
    assert (response.status_code, b"has expired" in response.content) == (410, True)
    assert client.post(link, ANSWERS).status_code == 410
    assert not User.objects.filter(username="bob").exists()


def test_an_unknown_link_is_refused(client, db):
    assert client.get(reverse("accounts:invitation", args=["guess"])).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"password1": "12345678", "password2": "12345678"},
        {"password2": "another one entirely"},
        {"username": "ADMIN"},
        {"username": ""},
        {"email": "Taken@example.org"},
    ],
)
def test_a_mistake_in_the_form_does_not_use_up_the_link(client, admin, link, change):
    User.objects.filter(pk=admin.pk).update(email="taken@example.org")
    response = client.post(link, ANSWERS | change)
    assert (response.status_code, b"errorlist" in response.content) == (200, True)
    assert client.post(link, ANSWERS).status_code == 302


def test_a_renewed_link_replaces_the_old_one(client, admin, link, invitation):
    client.force_login(admin)
    action = {"action": "renew_links", "_selected_action": [invitation.pk]}
    page = client.post(reverse("admin:accounts_invitation_changelist"), action, follow=True).content.decode()
    renewed = re.search(r"http://testserver(/accounts/invitation/[^<]+)", page)[1]
    client.logout()
    assert client.get(link).status_code == 404
    assert client.get(renewed).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_link_at_once_one_gets_an_account(invitation):
    def accept(name):
        try:
            return accept_invitation(token=invitation.token, user=User(username=name))
        except InvitationError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = [user for user in pool.map(accept, ["bob", "carol", "dave", "erin"]) if user]
    assert len(made) == 1
    assert User.objects.exclude(username="admin").count() == 1


def test_only_the_hash_of_a_token_is_kept(invitation):
    assert invitation.token not in str(Invitation.objects.values().get())
