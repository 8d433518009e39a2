"""Signing in, and what needs it."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.processes import ports
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.mark.parametrize("name", ["bob", "BOB", "bob@example.org"])
def test_a_name_or_an_address_signs_in(client, bob, name):
    response = client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    assert (response.status_code, response.url) == (302, "/")


def test_signing_in_works_while_redis_is_away(client, bob, settings):
    options = {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 2, "IGNORE_EXCEPTIONS": True}
    redis = {"LOCATION": f"redis://127.0.0.1:{ports.free()}/0", "OPTIONS": options}
    settings.CACHES = {"default": {"BACKEND": "langai_site.database.caches.LenientRedisCache", **redis}}
    response = client.post(reverse("account_login"), {"login": "bob", "password": PASSWORD})
    assert (response.status_code, response.url) == (302, "/")


def guess(client, login, **environment):
    return client.post(reverse("account_login"), {"login": login, "password": "a guess"}, **environment)


def test_guessing_through_the_names_from_one_address_is_slowed_down(client, bob):
    answers = [guess(client, f"name{number}").status_code for number in range(11)]
    assert answers == [200] * 10 + [429]
    answer = client.post(reverse("account_login"), {"login": "bob", "password": PASSWORD}, REMOTE_ADDR="198.51.100.1")
    assert answer.status_code == 302


def test_attempts_to_sign_in_are_not_counted_where_the_limit_is_off(client, bob, settings):
    settings.RATE_LIMIT_LOGIN = ""
    assert {guess(client, "bob").status_code for _ in range(12)} == {200}


def test_who_tries_to_change_a_password_too_often_is_told_to_wait(client, bob):
    client.force_login(bob)
    guesses = {"oldpassword": "a guess", "password1": "another long one", "password2": "another long one"}
    answers = [client.post(reverse("account_change_password"), guesses) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "60"
    assert b"Wait a minute" in answers[-1].content


def test_nobody_signs_up_alone(client, db):
    response = client.get(reverse("account_signup"))
    assert b"by invitation" in response.content
    client.post(reverse("account_signup"), {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()


def test_admin_asks_for_the_same_sign_in(client, bob):
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == reverse("account_login")
    client.force_login(bob)
    assert client.get("/admin/", follow=True).status_code == 403


def test_who_forgot_a_password_is_sent_to_an_admin(client, db):
    assert b"Ask an admin" in client.get("/accounts/password/reset/").content


def test_a_person_changes_their_password(client, bob):
    client.force_login(bob)
    answers = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    client.post(reverse("account_change_password"), answers)
    bob.refresh_from_db()
    assert bob.check_password("another long one")


def test_the_account_page_shows_admin_to_staff_only(client, bob, admin):
    client.force_login(bob)
    assert b"Open admin" not in client.get(reverse("accounts:account")).content
    client.force_login(admin)
    assert b"Open admin" in client.get(reverse("accounts:account")).content


def test_signing_out_takes_a_post(client, bob):
    client.force_login(bob)
    assert b"Sign out?" in client.get(reverse("account_logout")).content
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/nothing/here/"])
def test_pages_hold_no_inline_script_or_style(client, db, path):
    page = client.get(path).content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    # The names by which scripts find one another have the response's nonce; a block of data is no script.
    allowed = ("<script src=", '<script type="module" src=', '<script type="importmap" nonce="', "<script data-allauth")
    assert page.count("<script") == sum(page.count(start) for start in allowed)


def test_people_and_teams_can_be_edited_in_admin(client, admin, bob, finance):
    client.force_login(admin)
    finance.members.add(bob)
    assert client.get(reverse("admin:accounts_user_change", args=[bob.pk])).status_code == 200
    assert b"bob" in client.get(reverse("admin:accounts_team_change", args=[finance.pk])).content
    assert client.get(reverse("admin:accounts_team_add")).status_code == 200
    assert client.get(reverse("admin:accounts_team_changelist")).status_code == 200
