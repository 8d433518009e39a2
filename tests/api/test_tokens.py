"""POST /auth/token and /auth/refresh: short-lived tokens for a password."""

import asyncio
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from allauth.mfa.models import Authenticator
from django.test import AsyncClient
from django.utils import timezone

from langai_site import registry
from langai_site.accounts import tokens
from langai_site.accounts.models import TokenFamily, User
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError
from tests.api.conftest import PASSWORD, Program, error_of

ROOT = Path(__file__).parent.parent.parent


# A LangAI with second factors, in a separate process: the list of apps is fixed at the start.
async def sign_in(username="alice", password=PASSWORD, program=None):
    return await (program or Program()).post("/auth/token", username=username, password=password)


def opens(token):
    try:
        return tokens.credential_of(token).user.username
    except tokens.UnauthorizedError:
        return ""


async def test_a_name_or_an_address_and_the_password_give_tokens(alice):
    for name in ("alice", "alice@example.org"):
        answer = await sign_in(name)
        assert answer.status_code == 200
        assert await in_database_thread(opens, answer.json()["access"]) == "alice"
        assert answer.json()["expires_in"] == 900


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("al\0ice\0", "wrong")])
async def test_a_wrong_name_or_password_gives_none_and_does_not_say_which(alice, name, password):
    answer = await sign_in(name, password)
    assert error_of(answer) == (401, "unauthorized")
    assert "name or password" in answer.json()["error"]["message"]


async def test_a_closed_account_gives_none(alice):
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
    assert error_of(await sign_in()) == (401, "unauthorized")


async def test_a_refresh_token_gives_new_ones_and_opens_nothing_itself(alice):
    given = (await sign_in()).json()
    assert await in_database_thread(opens, given["refresh"]) == ""
    renewed = await Program().post("/auth/refresh", refresh=given["refresh"])
    assert await in_database_thread(opens, renewed.json()["access"]) == "alice"
    assert error_of(await Program().post("/auth/refresh", refresh=given["access"])) == (401, "unauthorized")


async def test_a_change_of_the_password_ends_all_tokens(alice):
    given = (await sign_in()).json()
    alice.set_password("another one altogether")
    await alice.asave()
    assert await in_database_thread(opens, given["access"]) == ""
    assert error_of(await Program().post("/auth/refresh", refresh=given["refresh"])) == (401, "unauthorized")


async def refresh_with(token):
    return await Program().post("/auth/refresh", refresh=token)


async def test_a_refresh_token_works_once_and_a_second_use_ends_the_whole_family(alice):
    first, other = (await sign_in()).json(), (await sign_in()).json()
    second = (await refresh_with(first["refresh"])).json()
    third = (await refresh_with(second["refresh"])).json()
    refused = await refresh_with(first["refresh"])
    assert error_of(refused) == (401, "unauthorized")
    assert "was used before" in refused.json()["error"]["message"]
    assert error_of(await refresh_with(third["refresh"])) == (401, "unauthorized")
    assert [await in_database_thread(opens, given["access"]) for given in (first, second, third)] == ["", "", ""]
    assert await in_database_thread(opens, other["access"]) == "alice"
    assert (await refresh_with(other["refresh"])).status_code == 200


async def test_signing_out_ends_one_family(alice):
    first, other = (await sign_in()).json(), (await sign_in()).json()
    later = (await refresh_with(first["refresh"])).json()
    for token in (later["refresh"], later["refresh"], first["refresh"]):
        assert (await Program().post("/auth/sign-out", refresh=token)).status_code == 204
    assert error_of(await refresh_with(later["refresh"])) == (401, "unauthorized")
    assert await in_database_thread(opens, later["access"]) == ""
    assert await in_database_thread(opens, other["access"]) == "alice"


async def test_what_is_no_refresh_token_signs_nobody_out(alice):
    given = (await sign_in()).json()
    for token in (given["access"], "x", given["refresh"][:-3]):
        assert error_of(await Program().post("/auth/sign-out", refresh=token)) == (401, "unauthorized")
    assert await in_database_thread(opens, given["access"]) == "alice"


async def test_signing_out_on_a_page_ends_all_tokens_of_that_person(alice, bob):
    mine, theirs = (await sign_in()).json(), (await sign_in("bob")).json()
    page = AsyncClient()
    await page.aforce_login(alice)
    assert (await page.post("/accounts/logout/")).status_code == 302
    assert error_of(await refresh_with(mine["refresh"])) == (401, "unauthorized")
    assert await in_database_thread(opens, mine["access"]) == ""
    assert await in_database_thread(opens, theirs["access"]) == "bob"


async def test_of_two_refreshes_at_the_same_time_exactly_one_gets_new_tokens(alice):
    for _ in range(5):
        token = (await sign_in()).json()["refresh"]
        answers = await asyncio.gather(*(refresh_with(token) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_nothing_that_is_kept_refreshes_anything(alice):
    given = (await sign_in()).json()
    claims = jwt.decode(given["refresh"], options={"verify_signature": False})
    kept = str(await TokenFamily.objects.values_list().aget())
    assert claims["secret"] not in kept
    assert given["refresh"] not in kept


async def test_families_are_forgotten_once_their_last_token_has_expired(alice):
    old, new = (await sign_in()).json(), (await sign_in()).json()
    family = jwt.decode(old["refresh"], options={"verify_signature": False})["family"]
    await TokenFamily.objects.filter(pk=family).aupdate(expires_at=timezone.now() - timedelta(seconds=1))
    await in_database_thread(registry.nightly_jobs["expired tokens"])
    assert await TokenFamily.objects.acount() == 1
    assert await in_database_thread(opens, new["access"]) == "alice"


async def test_the_right_password_of_a_closed_account_is_answered_as_a_wrong_one_and_counts(alice):
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
    right, wrong = await sign_in(), await sign_in(password="wrong")
    messages = {answer.json()["error"]["message"] for answer in (right, wrong)}
    assert (right.status_code, wrong.status_code, len(messages)) == (401, 401, 1)
    assert [(await sign_in()).status_code for _ in range(4)] == [401] * 3 + [429]


async def test_a_closed_account_ends_all_tokens(alice):
    given = (await sign_in()).json()
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
    assert await in_database_thread(opens, given["access"]) == ""


async def test_a_token_ends_by_itself(alice, monkeypatch):
    monkeypatch.setitem(tokens.LIFETIMES, "access", -1)
    assert await in_database_thread(opens, (await sign_in()).json()["access"]) == ""


@pytest.mark.parametrize("key", ["", "x" * 32])
async def test_a_token_that_somebody_else_signed_opens_nothing(alice, key):
    claims = jwt.decode((await sign_in()).json()["access"], options={"verify_signature": False})
    forged = jwt.encode(claims, key, "HS256" if key else "none")
    assert await in_database_thread(opens, forged) == ""


async def test_failed_attempts_are_limited_as_on_the_page(alice):
    for _ in range(5):
        assert (await sign_in(password="wrong")).status_code == 401
    refused = await sign_in()
    assert error_of(refused) == (429, "too_many")
    assert int(refused["Retry-After"]) > 0
    page = await AsyncClient().post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert page.status_code == 429


@pytest.mark.parametrize("path", ["/auth/token", "/auth/refresh"])
async def test_requests_of_one_address_are_limited(alice, settings, path):
    settings.RATE_LIMIT_PER_MINUTE = "1/d"
    fields = {"username": "alice", "password": PASSWORD, "refresh": "x"}
    assert (await Program().post(path, fields)).status_code in (200, 401)
    assert error_of(await Program().post(path, fields)) == (429, "too_many")


async def test_what_is_not_understood_is_told_without_repeating_it(alice):
    answer = await Program().post("/auth/token", username="alice", password=["my secret"])
    assert error_of(answer) == (422, "unreadable")
    assert "password" in answer.json()["error"]["message"]
    assert "my secret" not in answer.text
    assert error_of(await Program().post("/auth/token", "[" * 100_000)) == (422, "unreadable")


async def test_only_json_is_read(alice):
    answer = await AsyncClient().post("/auth/token", {"username": "alice", "password": PASSWORD})
    assert error_of(answer) == (415, "wrong_type")
    broken = await AsyncClient().post("/auth/token", "{", content_type="application/json")
    assert error_of(broken) == (400, "invalid")


def test_a_second_factor_ends_tokens_and_keeps_others_from_being_made(alice, rf):
    request = rf.post("/auth/token")
    given = tokens.sign_in(request, "alice", PASSWORD)
    Authenticator.objects.create(user=alice, type="totp", data={})
    attempts = [
        lambda: tokens.sign_in(request, "alice", PASSWORD),
        lambda: tokens.credential_of(given.access),
        lambda: tokens.renewed(given.refresh),
    ]
    codes = []
    for attempt in attempts:
        with pytest.raises(LangAIError) as refused:
            attempt()
        codes.append(refused.value.code)
    assert codes == ["second_factor", "unauthorized", "unauthorized"]
