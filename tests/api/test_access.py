"""Every operation of the API admits those it is for, and nobody else."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.test import AsyncClient
from django.utils import timezone

from chat.turns import storage
from documents import services as documents
from langai_site.accounts import keys, tokens
from langai_site.accounts.models import ApiKey, User
from langai_site.accounts.scopes import Scope
from langai_site.api import api, v1
from langai_site.database.writer import in_database_thread
from search.models import Collection
from tests.api.conftest import PASSWORD, Program, made_key

OPEN = {
    ("POST", "/auth/token"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/sign-out"),
    ("GET", "/search"),
    ("HEAD", "/search"),
}


def operations():
    """Return (method, path, scope) of every operation in the two APIs."""
    for prefix, instance in (("", api), ("/v1", v1)):
        for bound in instance._get_bound_routers():
            for path, view in bound.path_operations.items():
                for operation in view.operations:
                    for method in operation.methods:
                        full = f"{prefix}{bound.prefix}{path}".replace("//", "/")
                        scopes = {getattr(auth, "scope", None) for auth in operation.auth_callbacks}
                        yield method, full, scopes.pop() if scopes else None


OPERATIONS = sorted(operations(), key=str)
GUARDED = [found for found in OPERATIONS if found[:2] not in OPEN]
IDS = [f"{method} {path}" for method, path, _ in GUARDED]
guarded = pytest.mark.parametrize(("method", "path", "scope"), GUARDED, ids=IDS)


async def ask(client, method, path, headers=None):
    address = re.sub(r"\{[^}]+\}", str(uuid4()), path)
    return await client.generic(method, address, "{}", content_type="application/json", headers=headers)


def told(answer):
    """Return the error's code, in either shape."""
    return answer.status_code, answer.json()["error"]["code"]


def test_nothing_is_open_but_what_is_meant_to_be():
    assert {found[:2] for found in OPERATIONS if found[2] is None} == OPEN
    assert {scope for _, _, scope in GUARDED} == set(Scope)
    assert len(GUARDED) > 14


@guarded
async def test_nobody_is_let_in(transactional_db, method, path, scope):
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x.y.z"}):
        answer = await ask(AsyncClient(), method, path, headers)
        assert told(answer) == (401, "unauthorized")
        assert answer["WWW-Authenticate"] == "Bearer"


@guarded
async def test_a_key_for_something_else_is_not_enough(alice, method, path, scope):
    others = [other for other in Scope if other != scope]
    key = await in_database_thread(made_key, alice, *others)
    assert told(await ask(AsyncClient(), method, path, {"Authorization": f"Bearer {key}"})) == (403, "forbidden")


@guarded
async def test_what_has_ended_opens_nothing(alice, method, path, scope):
    key = await in_database_thread(made_key, alice)
    headers = {"Authorization": f"Bearer {key}"}
    for ended in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        await ApiKey.objects.aupdate(revoked_at=None, expires_at=None)
        assert (await ask(AsyncClient(), method, path, headers)).status_code != 401
        await ApiKey.objects.aupdate(**ended)
        assert told(await ask(AsyncClient(), method, path, headers)) == (401, "unauthorized")


@guarded
async def test_a_closed_account_has_no_door(alice, method, path, scope):
    key = await in_database_thread(made_key, alice)
    token = await in_database_thread(lambda: tokens.first_tokens(alice).access)
    browser = AsyncClient()
    await browser.aforce_login(alice)
    await User.objects.aupdate(is_active=False)
    for client, headers in ((AsyncClient(), {"Authorization": f"Bearer {key}"}), (browser, {})):
        assert told(await ask(client, method, path, headers)) == (401, "unauthorized")
    assert told(await ask(AsyncClient(), method, path, {"Authorization": f"Bearer {token}"})) == (401, "unauthorized")


@guarded
async def test_who_is_signed_in_needs_no_key_but_another_sites_form_does_not_get_in(alice, method, path, scope):
    browser = AsyncClient(enforce_csrf_checks=True)
    await browser.aforce_login(alice)
    answer = await ask(browser, method, path)
    if method in ("GET", "HEAD"):
        assert answer.status_code != 401
    else:
        assert told(answer) == (403, "forbidden")
        assert "X-CSRFToken" in answer.json()["error"]["message"]
    browser.cookies["csrftoken"] = "a" * 32
    assert (await ask(browser, method, path, {"X-CSRFToken": "a" * 32})).status_code != 401


@guarded
async def test_a_token_for_a_password_opens_what_its_person_may(alice, method, path, scope):
    token = (await Program().post("/auth/token", username="alice", password=PASSWORD)).json()["access"]
    assert (await ask(AsyncClient(), method, path, {"Authorization": f"Bearer {token}"})).status_code != 401


@pytest.fixture
def alices(alice, settings, tmp_path):
    """Return addresses of Alice's things, which Bob must not find."""
    settings.MEDIA_ROOT = tmp_path
    collection = Collection.objects.create(name="Hers")
    collection.users.add(alice)
    document = documents.upload(collection=collection, file=ContentFile(b"secret", "her.txt"), user=alice)
    conversation = storage.post(alice, None, "My secret question", "quotes").conversation
    base = f"/api/conversations/{conversation}"
    found = [("GET", base), ("GET", f"{base}/export"), ("GET", f"/api/documents/{document.pk}")]
    return [*found, ("GET", f"/api/documents?collection={collection.pk}"), ("DELETE", base), ("DELETE", found[2][1])]


async def test_bob_finds_nothing_of_alices(alices, alice, bob):
    superuser = await in_database_thread(lambda: User.objects.create_superuser("admin", password=PASSWORD))
    hers, his, admins = [await in_database_thread(made_key, person) for person in (alice, bob, superuser)]
    for key, expected in ((his, 404), (hers, 200)):
        for method, path in alices[:4]:
            answer = await AsyncClient().generic(method, path, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == expected, path
    for method, path in alices[4:]:
        assert (
            await AsyncClient().generic(method, path, headers={"Authorization": f"Bearer {his}"})
        ).status_code == 404
    for method, path in alices[:2]:
        answer = await AsyncClient().generic(method, path, headers={"Authorization": f"Bearer {admins}"})
        assert answer.status_code == 404
        assert "secret" not in answer.text


async def test_guessing_keys_is_limited_by_address(transactional_db, settings):
    settings.RATE_LIMIT_PER_MINUTE = "2/d"
    answers = [(await Program(f"{keys.PREFIX}guess{number}").get("/api/usage")).status_code for number in range(3)]
    assert answers == [401, 401, 429]


async def test_reading_by_a_program_is_limited_by_person(alice, bob, settings):
    settings.RATE_LIMIT_PER_MINUTE = "1/d"
    hers, his = [Program(await in_database_thread(made_key, person)) for person in (alice, bob)]
    assert [(await hers.get("/api/usage")).status_code for _ in range(2)] == [200, 429]
    assert (await his.get("/api/usage")).status_code == 200
