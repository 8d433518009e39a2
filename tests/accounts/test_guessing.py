"""Guessing passwords is slowed down, locks nobody out, and tells nobody whether an account is switched off."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from allauth.core.internal import ratelimit
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from langai_site.accounts import devices
from langai_site.accounts.attempts import FROM_ADDRESS
from langai_site.accounts.models import User
from tests.accounts.conftest import PASSWORD
from tests.servers import Redis

pytestmark = pytest.mark.django_db
ELSEWHERE, OWN = "198.51.100.9", "203.0.113.7"
LENIENT = "langai_site.database.caches.LenientRedisCache"
# Of ten attempts in a minute from one address, in all spellings by turns: five by the name, three by the address.
FROM_ONE = 8
SPELLINGS = ["alice", "ALICE", "Alice", "alice@example.org", "Alice@Example.org", " alice "]


@pytest.fixture
def alice():
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


@pytest.fixture(autouse=True)
def fresh(settings):
    """No other limit than those on signing in."""
    cache.clear()
    settings.RATE_LIMIT_PER_MINUTE = ""


def attempt(login, password=PASSWORD, address=OWN, client=None):
    return (client or Client()).post(
        reverse("account_login"), {"login": login, "password": password}, REMOTE_ADDR=address
    )


def guesses(count, addresses=(ELSEWHERE,), client=None):
    """The statuses of wrong passwords for Alice, by turns from these addresses, in every spelling of her account."""
    return [
        attempt(SPELLINGS[n % len(SPELLINGS)], f"guess {n}", addresses[n % len(addresses)], client).status_code
        for n in range(count)
    ]


def known(address=OWN):
    """A browser on which Alice has signed in before."""
    client = Client()
    assert attempt("alice", address=address, client=client).status_code == 302
    client.post(reverse("account_logout"))
    return client


def test_a_hundred_guesses_from_elsewhere_stop_alice_neither_at_her_address_nor_on_her_device(alice):
    device = known()
    assert guesses(100).count(200) == FROM_ONE
    assert attempt("alice").status_code == 302
    assert attempt("alice@example.org", client=device).status_code == 302
    assert attempt("alice", address="192.0.2.1", client=device).status_code == 302


def test_all_spellings_of_a_login_are_one(alice, settings):
    settings.RATE_LIMIT_LOGIN = "100/m"
    for login in ("alice", "alice@example.org"):
        spellings = [spelling for spelling in SPELLINGS if ("@" in spelling) == ("@" in login)]
        answers = [attempt(spellings[n % len(spellings)], "a guess", ELSEWHERE).status_code for n in range(6)]
        assert answers == [200] * 5 + [429]


@pytest.mark.parametrize("first", ["name", "address"])
@pytest.mark.parametrize("addresses", [[ELSEWHERE], [f"198.51.100.{n}" for n in range(40)]], ids=["one", "many"])
def test_a_refusal_does_not_tell_that_an_address_belongs_to_a_name(alice, settings, first, addresses):
    """Whatever is tried, a name and an address that are one account's are answered as two that are nobody's."""
    settings.RATE_LIMIT_LOGIN = "1000/m"
    settings.RATE_LIMIT_LOGIN_ACCOUNT = "20/h"
    told = []
    for name in ("alice", "zoe"):
        logins = [name, f"{name}@example.org"][:: 1 if first == "name" else -1]
        tried = [login for login in logins for _ in range(12)]
        told.append(
            [attempt(login, "a guess", addresses[n % len(addresses)]).status_code for n, login in enumerate(tried)]
        )
    assert told[0] == told[1]
    assert 429 in told[0]


def test_guesses_from_many_addresses_are_slowed_for_unknown_devices_alone(alice, settings):
    settings.RATE_LIMIT_LOGIN_ACCOUNT = "20/h"
    device = known()
    assert guesses(100, [f"198.51.100.{n}" for n in range(100)]).count(200) == 20
    refused = attempt("alice")
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "Sign in on a device that you have used before" in refused.text
    assert attempt("alice", client=device).status_code == 302


def test_one_address_alone_cannot_use_up_what_an_account_allows(settings):
    pair, account = (ratelimit.parse_rate(f"{rate}/key") for rate in (FROM_ADDRESS, settings.RATE_LIMIT_LOGIN_ACCOUNT))
    assert pair.amount * account.duration / pair.duration < account.amount


def test_what_others_guess_at_the_same_address_does_not_stop_a_known_device(alice):
    device = known()
    guesses(50, [OWN])
    assert attempt("alice").status_code == 429
    assert attempt("alice", client=device).status_code == 302


def test_a_known_device_guesses_no_more_than_a_few_times(alice):
    device = known()
    answers = guesses(30, [f"192.0.2.{n}" for n in range(30)], client=device)
    assert answers.count(200) == 10
    assert attempt("alice").status_code == 302


def test_a_device_is_known_for_its_own_account_alone(alice):
    User.objects.create_user("bob", password=PASSWORD)
    device = Client()
    attempt("bob", client=device, address=ELSEWHERE)
    device.post(reverse("account_logout"))
    assert guesses(20, client=device).count(200) == FROM_ONE


def test_a_name_that_is_anothers_address_neither_opens_a_way_around_nor_locks_them_out(alice, settings):
    """Mallory called himself by Alice's address: signing in with it tries both accounts."""
    settings.RATE_LIMIT_LOGIN_ACCOUNT = "6/h"
    User.objects.create_user("alice@example.org", password="mallory's own")
    device, his = known(), Client()
    assert attempt("alice@example.org", "mallory's own", ELSEWHERE, his).status_code == 302
    his.post(reverse("account_logout"))
    addresses = [f"192.0.2.{n}" for n in range(30)]
    for n in range(30):
        attempt("alice@example.org", f"guess {n}", addresses[n], his)
    # Right, but past the limit: it is a wrong one to him.
    assert attempt("alice@example.org", PASSWORD, "192.0.2.99", his).status_code != 302
    assert attempt("alice@example.org", PASSWORD, "192.0.2.98", device).status_code == 302


def test_the_cookie_is_kept_from_scripts_and_ends_with_the_password(alice):
    device = known()
    cookie = device.cookies[devices.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    alice.set_password("another long one")
    alice.save()
    guesses(50, [OWN])
    assert attempt("alice", "another long one", client=device).status_code == 429


def test_a_change_of_ones_own_password_keeps_this_device_known(alice):
    client = Client()
    attempt("alice", client=client)
    new = "another long one"
    passwords = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), passwords).status_code == 302
    client.post(reverse("account_logout"))
    guesses(50, [OWN])
    assert attempt("alice", new, client=client).status_code == 302


@pytest.mark.parametrize("forged", ["", "x", "eyJhIjoxfQ:1tZ:abc", "x" * 5000])
def test_a_forged_cookie_is_no_known_device(alice, forged):
    client = Client()
    client.cookies[devices.COOKIE] = forged
    assert guesses(20, client=client).count(200) == FROM_ONE


def test_an_invited_person_is_known_on_their_device(client, link):
    form = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    client.post(link, form)
    assert client.cookies[devices.COOKIE].value


def test_a_browser_is_remembered_for_some_accounts_only(rf):
    people = [User.objects.create_user(f"person{n}") for n in range(devices.ACCOUNTS + 2)]
    client = Client()
    for person in people:
        client.force_login(person)
        request = rf.get("/", headers={"Cookie": client.cookies.output(header="", sep=";")})
        devices.remember(request, person)
        response = client.get("/health/live")
        devices.write_cookie(request, response)
        client.cookies[devices.COOKIE] = response.cookies[devices.COOKIE].value
    request = rf.get("/")
    request.COOKIES[devices.COOKIE] = client.cookies[devices.COOKIE].value
    device = devices.device_of(request)
    assert [device.knows(person) for person in people] == [False] * 2 + [True] * devices.ACCOUNTS


def test_a_name_of_nobody_is_limited_as_an_account_is(alice):
    real, invented = ([attempt(name, "a guess", ELSEWHERE).status_code for _ in range(7)] for name in ("alice", "zoe"))
    assert real[:6] == [200] * 5 + [429]
    cache.clear()
    assert [attempt("zoe", "a guess", ELSEWHERE).status_code for _ in range(7)] == real
    assert invented[-1] == 429


def test_a_very_long_name_is_a_wrong_one(alice):
    assert attempt("x" * 200_000, "a guess").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_are_all_counted(alice):
    def guess(n):
        try:
            return attempt("alice", f"guess {n}", ELSEWHERE).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(guess, range(40))).count(200) <= 5
    assert attempt("alice").status_code == 302


# Accounts that are switched off


@pytest.fixture
def closed(alice):
    alice.is_active = False
    alice.save()
    return alice


def errors(response):
    return response.status_code, re.findall(r"<li>([^<]*)</li>", response.text)


def test_the_right_password_of_an_account_that_is_switched_off_is_a_wrong_one(closed):
    for login in ("alice", "alice@example.org"):
        cache.clear()
        assert errors(attempt(login)) == errors(attempt(login, "a guess"))
        assert errors(attempt(login))[1]


def test_it_counts_as_a_failed_attempt(closed):
    assert [attempt("alice").status_code for _ in range(6)] == [200] * 5 + [429]


class CountingHasher(MD5PasswordHasher):
    """Hashing a password is all that takes time."""

    algorithm = "counting"
    hashed: ClassVar[list[str]] = []

    def encode(self, password, salt):
        self.hashed.append(password)
        return super().encode(password, salt)


def test_it_takes_as_long_as_a_wrong_one_and_is_not_even_compared(closed, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    closed.set_password(PASSWORD)
    closed.save()
    for login in ("alice", "alice@example.org", "nobody"):
        for password in (PASSWORD, "a guess"):
            CountingHasher.hashed.clear()
            attempt(login, password)
            assert len(CountingHasher.hashed) == 1
            assert login == "nobody" or PASSWORD not in CountingHasher.hashed


@pytest.mark.needs("redis")
def test_attempts_are_counted_in_redis_alike(alice, settings):
    server = Redis().start()
    try:
        settings.CACHES = {**settings.CACHES, "default": {"BACKEND": LENIENT, "LOCATION": server.url}}
        device = known()
        assert guesses(40).count(200) == FROM_ONE
        assert guesses(20, [OWN]).count(200) == FROM_ONE
        assert attempt("alice").status_code == 429
        assert attempt("alice", client=device).status_code == 302
    finally:
        server.stop()
