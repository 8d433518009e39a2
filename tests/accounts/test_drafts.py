"""Pages name the owner of drafts: each person another, the same after a session that ended, none after a sign-out."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from langai_site.accounts import drafts
from langai_site.accounts.models import User
from tests.accounts.conftest import PASSWORD

NEW = "/accounts/password/change/"


def owner(client, path=NEW):
    return re.search(r'<body data-drafts="([^"]*)"', client.get(path).content.decode())[1]


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob", password=PASSWORD)


def test_each_person_has_another_value_which_tells_nothing(client, admin, bob):
    client.force_login(admin)
    first = owner(client)
    client.force_login(bob)
    other = owner(client)
    assert re.fullmatch(r"\.[0-9a-f]{24}\.", first)
    assert re.fullmatch(r"\.[0-9a-f]{24}\.", other)
    assert first != other


@pytest.mark.django_db(transaction=True)
def test_it_is_the_same_on_every_page_that_knows_who_asks(client, admin):
    client.force_login(admin)
    paths = [NEW, "/", reverse("search:search"), reverse("documents:library"), reverse("usage:mine")]
    assert len({owner(client, path) for path in paths}) == 1


def test_who_is_not_signed_in_may_be_any_of_this_browser(client, db):
    assert owner(client, "/accounts/login/") == "."
    assert owner(client, "/nothing/here/") == "."


def test_a_session_that_ended_changes_nothing(client, admin):
    client.force_login(admin)
    before = owner(client)
    Session.objects.all().delete()
    assert before.startswith(owner(client, "/accounts/login/"))
    client.force_login(admin)
    assert owner(client) == before


@pytest.mark.parametrize("path", ["account_logout", "admin:logout"])
def test_after_each_way_to_sign_out_nobodys_drafts_are_known(client, admin, path):
    client.force_login(admin)
    before = owner(client)
    answer = client.post(reverse(path))
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_login"))
    cookie = answer.cookies[drafts.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    signed_out = owner(client, "/accounts/login/")
    assert not before.startswith(signed_out)
    client.force_login(admin)
    assert owner(client).startswith(signed_out)
    assert owner(client).split(".")[1] == before.split(".")[1]


def test_signing_out_again_begins_another_generation(client, admin):
    seen = set()
    for _ in range(3):
        client.force_login(admin)
        client.post(reverse("account_logout"))
        seen.add(owner(client, "/accounts/login/"))
    assert len(seen) == 3


def test_another_browser_keeps_its_drafts(client, admin):
    elsewhere = Client()
    for each in (client, elsewhere):
        each.force_login(admin)
    before = owner(elsewhere)
    client.post(reverse("account_logout"))
    assert owner(elsewhere) == before


@pytest.mark.parametrize("given", ['"><script>', "a" * 33, "a.b", "ä"])
def test_a_cookie_that_is_not_ours_counts_for_nothing(client, db, given):
    client.cookies[drafts.COOKIE] = given
    assert owner(client, "/accounts/login/") == "."


def test_who_cannot_read_the_secret_cannot_tell_whose_drafts_they_are(client, admin, settings):
    client.force_login(admin)
    before = owner(client)
    settings.SECRET_KEY = "another"
    client.force_login(admin)
    assert owner(client) != before
