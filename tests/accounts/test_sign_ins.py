"""Whether somebody is still signed in, asked one by one and for many at once."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from langai_site.accounts import sign_ins
from langai_site.accounts.models import User
from langai_site.accounts.sign_ins import NotSignedInError, SignInStanding
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", password=PASSWORD)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client, sign_ins.sign_in_of(user, client.session.session_key)


def standing(sign_in):
    """By both questions, which must agree."""
    try:
        sign_ins.require(sign_in)
        found = SignInStanding.GOOD
    except NotSignedInError as error:
        found = error.standing
    assert sign_ins.standings({sign_in}) == {sign_in: found}
    return found


def sign_out(client, _alice):
    client.post("/accounts/logout/")


def expire(_client, _alice):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def another_password(_client, alice):
    alice.set_password("another long one")
    alice.save()


def own_password(client, _alice):
    form = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    client.post("/accounts/password/change/", form)


def switch_off(_client, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)


def delete(_client, alice):
    alice.delete()


@pytest.mark.parametrize(
    ("end", "found"),
    [
        (sign_out, SignInStanding.GONE),
        (expire, SignInStanding.GONE),
        (own_password, SignInStanding.GONE),
        (another_password, SignInStanding.REPLACED),
        (switch_off, SignInStanding.CLOSED),
        (delete, SignInStanding.CLOSED),
    ],
)
def test_a_sign_in_is_good_until_it_ends(alice, end, found):
    client, sign_in = signed_in(alice)
    assert standing(sign_in) is SignInStanding.GOOD
    end(client, alice)
    assert standing(sign_in) is found


def test_somebody_without_a_session_is_not_signed_in(alice):
    assert standing(sign_ins.sign_in_of(alice, None)) is SignInStanding.GONE


def test_many_are_asked_about_in_few_queries(alice, django_assert_num_queries):
    _, mine = signed_in(alice)
    invented = {sign_ins.SocketSignIn(10_000 + number, f"session{number}", "x") for number in range(700)}
    with django_assert_num_queries(4):
        found = sign_ins.standings({mine, *invented})
    assert found.pop(mine) is SignInStanding.GOOD
    assert set(found.values()) == {SignInStanding.CLOSED}


def test_messages_do_not_name_the_session_by_its_key(alice):
    _, sign_in = signed_in(alice)
    assert sign_in.session_key not in sign_in.session
