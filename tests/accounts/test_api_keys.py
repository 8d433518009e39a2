"""A key lets a program in as its person, within its scopes, until it ends."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from langai_site.accounts import keys
from langai_site.accounts.keys import UnauthorizedError
from langai_site.accounts.models import ApiKey, User
from langai_site.errors import ConflictError, InvalidError, NotFoundError

ADDRESS = "/accounts/keys/"


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice")


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob")


def make(user, *scopes, name="nightly", **options):
    return keys.make(user=user, name=name, scopes=scopes or ["chat"], **options)


def refusal(key):
    with pytest.raises(UnauthorizedError) as refused:
        keys.credential_of(key)
    return refused.value.message


def test_a_key_is_its_persons_and_says_what_it_is_for(alice):
    _, key = make(alice, "search", "chat")
    credential = keys.credential_of(key)
    assert (credential.user, credential.scopes) == (alice, {"chat", "search"})


def test_nothing_that_is_kept_opens_anything(alice):
    row, key = make(alice)
    kept = [str(value) for value in ApiKey.objects.filter(pk=row.pk).values_list().get()]
    assert not any(key in value for value in kept)
    assert row.prefix == key[: len(row.prefix)]
    assert len(key) - len(row.prefix) > 30
    refusal(row.prefix)
    refusal(row.key_hash)


def test_an_unknown_key_opens_nothing(alice):
    make(alice)
    assert "not known here" in refusal("langai_guess")


def test_a_revoked_key_stops_at_once(alice):
    row, key = make(alice)
    keys.revoke(alice, row.pk)
    assert "is revoked" in refusal(key)


def test_an_expired_key_stops(alice):
    row, key = make(alice, days=1)
    assert keys.credential_of(key)
    ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "is expired" in refusal(key)


def test_the_key_of_a_closed_account_stops_at_once(alice):
    _, key = make(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "is closed" in refusal(key)


def test_nobody_revokes_anothers_key(alice, bob):
    row, key = make(alice)
    with pytest.raises(NotFoundError):
        keys.revoke(bob, row.pk)
    assert keys.credential_of(key)


def test_last_use_is_written_once_a_minute_at_most(alice):
    row, key = make(alice)
    keys.credential_of(key)
    row.refresh_from_db()
    first = row.last_used_at
    assert first
    keys.credential_of(key)
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiKey.objects.filter(pk=row.pk).update(last_used_at=first - timedelta(minutes=2))
    keys.credential_of(key)
    row.refresh_from_db()
    assert row.last_used_at > first - timedelta(minutes=1)


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["everything"]}, {"name": " "}, {"name": "x" * 101}, {"days": -1}]
)
def test_a_key_that_makes_no_sense_is_not_made(alice, wrong):
    with pytest.raises(InvalidError):
        keys.make(user=alice, **({"name": "nightly", "scopes": ["chat"]} | wrong))
    assert not ApiKey.objects.exists()


def test_two_open_keys_have_two_names_and_a_revoked_one_frees_its_own(alice, bob):
    row, _ = make(alice)
    make(bob)
    with pytest.raises(ConflictError):
        make(alice)
    keys.revoke(alice, row.pk)
    make(alice)


def test_the_page_shows_a_new_key_once_and_never_again(client, alice):
    client.force_login(alice)
    answer = client.post(ADDRESS, {"name": "nightly", "scopes": ["chat", "search"], "days": "90"})
    key = answer.context["key"]
    assert f'value="{key}"' in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert keys.credential_of(key).scopes == {"chat", "search"}
    again = client.get(ADDRESS).text
    assert key not in again
    assert "nightly" in again
    assert "last used" in again


def test_a_form_that_is_sent_twice_makes_one_key(client, alice):
    client.force_login(alice)
    form = {"name": "nightly", "scopes": ["chat"], "days": "0"}
    client.post(ADDRESS, form)
    again = client.post(ADDRESS, form)
    assert again.status_code == 409
    assert "There is a key named" in again.text
    assert ApiKey.objects.count() == 1


def test_the_page_revokes_a_key_of_ones_own_only(client, alice, bob):
    mine, _ = make(alice)
    theirs, _ = make(bob)
    client.force_login(alice)
    assert client.post(reverse("accounts:revoke-key", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("accounts:revoke-key", args=[mine.pk])).status_code == 302
    assert [key.state for key in ApiKey.objects.order_by("pk")] == ["revoked", "active"]
    assert "theirs" not in client.get(ADDRESS).text


def test_the_page_asks_who_is_signed_in(client, db):
    assert client.get(ADDRESS).status_code == 302


def test_admins_revoke_anybodys_key_and_see_none_of_it(client, alice):
    row, key = make(alice)
    client.force_login(User.objects.create_superuser("admin"))
    changelist = reverse("admin:accounts_apikey_changelist")
    assert row.prefix in client.get(changelist).text
    assert row.key_hash not in client.get(reverse("admin:accounts_apikey_change", args=[row.pk])).text
    client.post(changelist, {"action": "revoke", "_selected_action": [row.pk]})
    assert "is revoked" in refusal(key)


def test_the_command_prints_the_key_alone(alice):
    printed = StringIO()
    call_command("api_key", "alice", "--name", "cron", "--scope", "chat", "--scope", "usage", stdout=printed)
    assert keys.credential_of(printed.getvalue().strip()).scopes == {"chat", "usage"}
    assert printed.getvalue().count("\n") == 1


@pytest.mark.parametrize("arguments", [["nobody", "--name", "x"], ["alice", "--name", " "]])
def test_the_command_says_what_is_wrong(alice, arguments):
    with pytest.raises(CommandError, match=r"Nobody|Give the key a name"):
        call_command("api_key", *arguments, "--scope", "chat")
