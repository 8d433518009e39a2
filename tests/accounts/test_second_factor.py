"""A password alone does not open an account with a second factor; a team may require one of its members."""

import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from langai_site.accounts import keys, second_factor, sign_ins, tokens
from langai_site.accounts.models import Team, User
from langai_site.accounts.proofs import Proof, ended_among
from langai_site.accounts.second_factor import SecondFactorDueError
from langai_site.accounts.sign_ins import SignInStanding
from tests.accounts.conftest import PASSWORD

SIGN_IN = reverse("account_login")


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


@pytest.fixture
def strict(bob):
    """A team that requires a second factor, with Bob in it."""
    team = Team.objects.create(name="Strict", second_factor_required=True)
    team.members.add(bob)
    bob.refresh_from_db()
    return team


def code_of(secret: str) -> str:
    """Return the code of this half minute, which also counts in the next one."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def enrolled(client: Client) -> str:
    """Set up an authenticator app as its page does; return its secret."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    return secret


def signs_in(client: Client, **extra: str):
    return client.post(SIGN_IN, {"login": "bob", "password": PASSWORD, **extra})


def test_a_code_or_a_recovery_code_is_needed_beside_the_password(client, bob):
    client.force_login(bob)
    secret = enrolled(client)
    recovery = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for code in (code_of(secret), recovery):
        cache.clear()
        visitor = Client()
        assert signs_in(visitor).url == reverse("mfa_authenticate")
        assert visitor.get("/accounts/").status_code == 302
        assert "not right" in visitor.post(reverse("mfa_authenticate"), {"code": "000000"}).text
        assert visitor.post(reverse("mfa_authenticate"), {"code": code}).url == "/"
        assert visitor.get("/accounts/").status_code == 200


def test_a_recovery_code_works_once_and_is_shown_once(client, bob):
    client.force_login(bob)
    enrolled(client)
    page = client.get(reverse("mfa_view_recovery_codes"))
    code = page.context["unused_codes"][0]
    assert f">{code}\n" in page.text
    assert code not in client.get(reverse("mfa_view_recovery_codes")).text
    answers = []
    for _ in range(2):
        visitor = Client()
        signs_in(visitor)
        answers.append(visitor.post(reverse("mfa_authenticate"), {"code": code}).status_code)
    assert answers == [302, 200]


def test_codes_cannot_be_guessed_without_end(client, bob):
    client.force_login(bob)
    secret = enrolled(client)
    visitor = Client()
    signs_in(visitor)
    pages = [visitor.post(reverse("mfa_authenticate"), {"code": "000000"}).text for _ in range(11)]
    assert "too many attempts" in pages[-1]
    assert "too many attempts" in visitor.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).text


def test_no_secret_stands_in_the_database(client, bob):
    client.force_login(bob)
    secret = enrolled(client)
    rows = {row.type: row for row in Authenticator.objects.all()}
    assert secret not in json.dumps(rows["totp"].data)
    assert second_factor.SecondFactorAdapter().decrypt(rows["totp"].data["secret"]) == secret
    assert second_factor.SecondFactorAdapter().decrypt(rows["recovery_codes"].data["seed"])


def test_secrets_outlive_a_new_secret_key(client, bob, settings, capsys):
    client.force_login(bob)
    secret = enrolled(client)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-" * 5
    call_command("rotate_keys")
    settings.SECRET_KEY_FALLBACKS = []
    visitor = Client()
    signs_in(visitor)
    assert visitor.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == 302


def test_a_secret_that_cannot_be_read_is_told_plainly(client, bob, settings):
    client.force_login(bob)
    secret = enrolled(client)
    visitor = Client()
    signs_in(visitor)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "another-secret-" * 5
    signs_in(visitor)
    answer = visitor.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert answer.status_code == 409
    assert "ask an admin to reset your second factor" in answer.text


OPEN_TO_THE_DUE = ["mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "accounts:sessions", "account_logout"]
CLOSED_TO_THE_DUE = ["chat:new", "accounts:account", "accounts:keys", "documents:library", "usage:mine", "chat:list"]


@pytest.mark.django_db(transaction=True)
def test_who_must_set_one_up_reaches_only_the_pages_for_that(client, bob, strict):
    client.force_login(bob)
    assert {name: client.get(reverse(name)).status_code for name in OPEN_TO_THE_DUE} == dict.fromkeys(
        OPEN_TO_THE_DUE, 200
    )
    for name in CLOSED_TO_THE_DUE:
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_index")), name
    assert client.post(reverse("chat:start"), {"text": "hello", "model": "quotes"}).status_code == 403
    assert "requires a second factor" in client.get(reverse("mfa_index")).text
    secret = enrolled(client)
    assert client.get(reverse("chat:new")).status_code == 200
    assert secret


@pytest.mark.django_db(transaction=True)
def test_keys_tokens_and_sessions_of_the_api_wait_for_it_too(client, bob, strict):
    client.force_login(bob)
    _, key = keys.make(user=bob, name="job", scopes=["chat"])
    shown = {"Authorization": f"Bearer {key}"}
    for headers in (shown, {}):
        answer = client.get("/api/conversations", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_due")
    body = {"username": "bob", "password": PASSWORD}
    token = client.post("/auth/token", body, content_type="application/json")
    assert (token.status_code, token.json()["error"]["code"]) == (403, "second_factor_due")
    enrolled(client)
    assert client.get("/api/conversations", headers=shown).status_code == 200


def test_answers_to_programs_end_when_a_team_begins_to_require_it(client, bob):
    client.force_login(bob)
    row, _ = keys.make(user=bob, name="job", scopes=["chat"])
    token = tokens.credential_of(tokens.first_tokens(bob).access).proof
    session = Proof(bob.pk, session=sign_ins.sign_in_of(bob, client.session.session_key))
    shown = [Proof(bob.pk, key=row.pk), token, session]
    assert ended_among(shown) == {}
    Team.objects.create(name="Later", second_factor_required=True).members.add(bob)
    assert set(ended_among(shown)) == set(shown)


def test_sockets_end_when_a_team_begins_to_require_it(bob):
    team = Team.objects.create(name="Later")
    team.members.add(bob)
    client = Client()
    client.force_login(bob)
    sign_in = sign_ins.sign_in_of(bob, client.session.session_key)
    sign_ins.require(sign_in)
    team.second_factor_required = True
    team.save()
    with pytest.raises(sign_ins.NotSignedInError):
        sign_ins.require(sign_in)
    assert sign_ins.standings([sign_in]) == {sign_in: SignInStanding.CLOSED}


def by_the_team(bob: User, team: Team) -> None:
    team.second_factor_required = False
    team.save()


def by_leaving(bob: User, team: Team) -> None:
    bob.teams.remove(team)


def by_being_left_out(bob: User, team: Team) -> None:
    team.members.remove(bob)


def by_clearing(bob: User, team: Team) -> None:
    team.members.clear()


def by_enrolling(bob: User, team: Team) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})


@pytest.mark.parametrize("change", [by_the_team, by_leaving, by_being_left_out, by_clearing, by_enrolling])
def test_it_is_due_no_more_after(bob, strict, change):
    assert bob.second_factor_due
    change(bob, strict)
    second_factor.refresh()
    bob.refresh_from_db()
    assert not bob.second_factor_due


def test_recovery_codes_alone_are_not_one(bob, strict):
    Authenticator.objects.create(user=bob, type=Authenticator.Type.RECOVERY_CODES, data={})
    bob.refresh_from_db()
    with pytest.raises(SecondFactorDueError):
        second_factor.require_set_up(bob)


def test_the_last_one_stays_while_a_team_requires_it(client, bob, strict):
    client.force_login(bob)
    enrolled(client)
    page = client.post(reverse("mfa_deactivate_totp"))
    assert "Set up another before" in page.text
    assert Authenticator.objects.filter(user=bob, type="totp").exists()


def test_an_admin_removes_what_somebody_lost(client, bob, admin):
    there = Client()
    there.force_login(bob)
    enrolled(there)
    client.force_login(admin)
    action = {"action": "reset_second_factor", "_selected_action": [bob.pk]}
    client.post(reverse("admin:accounts_user_changelist"), action)
    assert not Authenticator.objects.filter(user=bob).exists()
    assert signs_in(Client()).url == "/"


def test_staff_cannot_remove_that_of_a_superuser(client, admin, bob):
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={})
    bob.is_staff = True
    bob.save()
    from django.contrib.auth.models import Permission

    bob.user_permissions.add(*Permission.objects.filter(codename__in=("change_user", "view_user")))
    client.force_login(bob)
    action = {"action": "reset_second_factor", "_selected_action": [admin.pk]}
    page = client.post(reverse("admin:accounts_user_changelist"), action, follow=True)
    assert "has rights that you do not have" in page.text
    assert Authenticator.objects.filter(user=admin).exists()


@pytest.fixture
def strict_proof(settings):
    settings.REAUTHENTICATE_AFTER = 30


def test_after_a_while_a_new_key_needs_a_proof_and_the_form_is_kept(client, bob, strict_proof, monkeypatch):
    signs_in(client)
    form = {"name": "nightly", "scopes": ["chat"], "days": "90"}
    assert client.post(reverse("accounts:keys"), form | {"name": "at once"}).status_code == 200
    # Half an hour later.
    now = time.time()
    monkeypatch.setattr("langai_site.accounts.reauthentication.time.time", lambda: now + 31 * 60)
    monkeypatch.setattr("allauth.account.internal.flows.login.time.time", lambda: now + 31 * 60)
    answer = client.post(reverse("accounts:keys"), form)
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert bob.api_keys.count() == 1
    assert "is not your password" in client.post(answer.url, {"password": "a guess"}).text
    page = client.post(answer.url, {"password": PASSWORD, "next": reverse("accounts:keys")})
    assert "Copy it now" in page.text
    assert bob.api_keys.filter(name="nightly").exists()


@pytest.mark.django_db(transaction=True)
def test_all_of_a_persons_data_is_packed_only_after_a_proof(client, bob, strict_proof, monkeypatch):
    signs_in(client)
    now = time.time()
    monkeypatch.setattr("langai_site.accounts.reauthentication.time.time", lambda: now + 31 * 60)
    monkeypatch.setattr("allauth.account.internal.flows.login.time.time", lambda: now + 31 * 60)
    answer = client.post(reverse("chat:export-all"), {"everything": ""})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not bob.transfers.exists()
    client.post(answer.url, {"password": PASSWORD, "next": reverse("chat:export-all")})
    assert bob.transfers.get().options["everything"]


def test_rights_are_given_only_after_a_proof(client, admin, bob, strict_proof):
    client.force_login(admin)
    for name, args in [
        ("admin:accounts_user_change", [bob.pk]),
        ("admin:auth_group_add", []),
        ("admin:accounts_team_add", []),
        ("admin:outbound_connection_add", []),
    ]:
        assert client.get(reverse(name, args=args)).status_code == 200
        answer = client.post(reverse(name, args=args), {"name": "x"})
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_reauthenticate")), name
    export = client.get(reverse("usage:everybody-file", args=["days", "csv"]))
    assert (export.status_code, export.url.split("?")[0]) == (302, reverse("account_reauthenticate"))


def test_pages_name_no_script_that_a_policy_would_stop(client, bob):
    client.force_login(bob)
    for name in ("mfa_index", "mfa_add_webauthn", "mfa_activate_totp"):
        page = client.get(reverse(name))
        inline = re.findall(r"<script(?![^>]*\b(?:src|nonce)=)(?![^>]*application/json)[^>]*>", page.text)
        assert inline == [], name
