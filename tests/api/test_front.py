"""The addresses that need no key: the start page, health, the API's schema, and other sites' pages."""

import re
import tomllib
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import AsyncClient

from langai_site import VERSION
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.web import probes
from tests.api.conftest import error_of, program_of

ORIGIN = "https://tools.example.org"
ROOT = Path(__file__).parent.parent.parent


def test_the_version_is_that_of_the_package():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


async def test_a_program_that_asks_for_json_is_told_where_to_go_on(transactional_db):
    answer = await AsyncClient().get("/", headers={"Accept": "application/json"})
    assert answer.json() == {"message": "This is LangAI.", "version": VERSION, "docs": "/docs"}
    assert "Accept" in answer["Vary"]


@pytest.mark.parametrize("path", ["/v1", "/v1/"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Accept": "text/html"}])
async def test_the_base_url_of_clients_of_openai_says_what_it_is_and_no_more(transactional_db, path, headers):
    answer = await AsyncClient().get(path, headers=headers)
    assert answer.status_code == 200
    told = answer.json()
    assert told["name"] == "LangAI"
    for name in ("docs", "models", "chat_completions", "embeddings"):
        assert (await AsyncClient().get(told[name])).status_code in (200, 401, 405), name
    # Nothing that differs between two LangAIs: neither a version nor a model.
    assert VERSION not in answer.text
    assert "quotes" not in answer.text


@pytest.mark.parametrize("path", ["/v1", "/v1/"])
async def test_the_base_url_takes_no_posts(transactional_db, path):
    answer = await AsyncClient().post(path)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (405, "invalid_request_error", "method_not_allowed")


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", ""])
async def test_who_opens_it_in_a_browser_gets_the_page(alice, accept):
    stranger = await AsyncClient().get("/", headers={"Accept": accept})
    assert (stranger.status_code, stranger["Location"]) == (302, "/accounts/login/")
    browser = AsyncClient()
    await browser.aforce_login(alice)
    page = await browser.get("/", headers={"Accept": accept})
    assert page["Content-Type"].startswith("text/html")
    assert "Accept" in page["Vary"]


async def test_the_process_lives_whatever_its_database_does(db):
    answer = await AsyncClient().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_it_is_not_ready_while_migrations_are_pending(transactional_db, monkeypatch):
    monkeypatch.setattr(probes, "_migrated", False)
    last = (await in_database_thread(lambda: MigrationLoader(connection).graph.leaf_nodes("accounts")))[0]
    await in_database_thread(lambda: MigrationRecorder(connection).record_unapplied(*last))
    try:
        pending = await AsyncClient().get("/health/ready")
        assert (pending.status_code, pending.json()["reason"]) == (503, "migrations are pending")
    finally:
        await in_database_thread(lambda: MigrationRecorder(connection).record_applied(*last))
    ready = await AsyncClient().get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert "no-store" in ready["Cache-Control"]


@pytest.mark.parametrize("path", ["/docs", "/v1/docs"])
def test_the_description_is_drawn_from_local_files_without_inline_scripts(client, db, path):
    page = client.get(path)
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(address.startswith("/") for address in addresses)
    files = [address.removeprefix("/static/") for address in addresses if address.startswith("/static/")]
    assert len(files) >= 5
    assert all(finders.find(file) for file in files)
    assert not re.search(r"<script(?![^>]*(src=|application/json))|<style|style=", page.text)


@pytest.mark.parametrize(("path", "shape"), [("/openapi.json", "ErrorBody"), ("/v1/openapi.json", "OpenAIErrorBody")])
def test_every_operation_says_how_it_fails_and_who_may_ask(client, db, path, shape):
    schema = client.get(path).json()
    operations = [operation for of in schema["paths"].values() for operation in of.values()]
    assert len(operations) >= 4
    for operation in operations:
        assert operation["summary"]
        for status in ("401", "400" if path.startswith("/v1") else "422", "429", "503"):
            told = operation["responses"][status]["content"]["application/json"]["schema"]
            assert told["$ref"].endswith(shape)
        assert "security" in operation or operation["tags"] == ["Tokens"]
    assert set(schema["components"]["securitySchemes"]) == {"ApiKeyOrToken", "SignedIn"}


async def preflight(path="/chat"):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return await AsyncClient().options(path, headers={"Origin": ORIGIN} | asked)


async def test_pages_of_other_sites_get_nothing_unless_their_site_is_named(alice, settings):
    assert "Access-Control-Allow-Origin" not in await preflight()
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    allowed = await preflight()
    assert allowed["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    program = await program_of(alice, Scope.USAGE)
    program.headers["Origin"] = ORIGIN
    answer = await program.get("/api/usage")
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()


async def test_pages_of_other_sites_never_get_what_is_for_a_session(transactional_db, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    for path in ("/", "/accounts/keys/", "/admin/", "/search/", "/conversations/"):
        assert "Access-Control-Allow-Origin" not in await preflight(path), path


async def test_an_address_that_there_is_not_is_told_in_json_to_who_asks_for_it(transactional_db):
    for path, accept in (("/api/nothing", "*/*"), ("/nothing", "application/json")):
        answer = await AsyncClient().get(path, headers={"Accept": accept})
        assert error_of(answer) == (404, "not_found")
    openai = (await AsyncClient().get("/v1/engines")).json()["error"]
    assert (openai["type"], openai["code"]) == ("invalid_request_error", "not_found")
    page = await AsyncClient().get("/nothing", headers={"Accept": "text/html"})
    assert (page.status_code, page["Content-Type"][:9]) == (404, "text/html")


async def test_a_wrong_method_is_told_in_json(alice):
    program = await program_of(alice)
    answer = await program.get("/chat")
    assert error_of(answer) == (405, "method_not_allowed")
    assert answer["Allow"] == "POST"
