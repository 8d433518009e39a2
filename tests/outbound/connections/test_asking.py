"""Models of connections are asked at the address and with the key that the row has at the moment of sending."""

import asyncio
import json
import socket
from contextlib import suppress
from dataclasses import replace

import pytest

from langai_site.database.writer import in_database_thread
from langai_site.errors import AboveCeilingError
from langai_site.outbound import catalogue, endpoints
from langai_site.outbound.connections import known, reading, sealing
from langai_site.outbound.models import Connection, Model
from langai_site.outbound.types import Present, ProviderError
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import ask, call_of, prompts
from tests.outbound.connections.conftest import KEY, connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("connections")]


async def connected(*args, **values):
    return await in_database_thread(connect, *args, **values)


def update(**values):
    """Update as another process does, which does not tell this one."""
    Connection.objects.filter(slug="office").update(**values)


@pytest.mark.parametrize(
    ("kind", "path", "header"),
    [
        ("compatible", "/v1/chat/completions", f"Authorization: Bearer {KEY}"),
        ("openai", "/v1/chat/completions", f"Authorization: Bearer {KEY}"),
        ("anthropic", "/v1/messages", f"x-api-key: {KEY}"),
        ("ollama", "/api/chat", f"Authorization: Bearer {KEY}"),
        ("azure", "/openai/v1/chat/completions", f"api-key: {KEY}"),
    ],
)
async def test_each_kind_is_asked_in_its_own_format(upstream, kind, path, header):
    address = upstream.openai_url if kind in ("compatible", "openai") else upstream.url
    await connected(address, kind=kind, extra_headers={"X-Title": "LangAI"})
    answer = await ask(call_of("office/t3"))
    assert (answer.text, answer.error) == ("word1 word2 end.", None)
    (request,) = prompts(upstream)
    assert request["path"] == path
    assert header.casefold() in request["raw"].casefold()
    assert "x-title: langai" in request["raw"].casefold()
    assert answer.entry.provider == "office"


async def test_a_key_that_its_server_quotes_is_in_no_log_and_no_detail(upstream, caplog):
    key = "pass-word"
    await connected(upstream.openai_url, sealed_key=sealing.seal(key), extra_headers={"X-Team": "gate-way-secret"})
    said = {"error": {"message": f"The key {key} of gate-way-secret is wrong", "code": "invalid_api_key"}}
    upstream.script_raw(json.dumps(said).encode(), status=401)
    answer = await ask(call_of("office/raw"))
    assert answer.error.code == "unauthorized"
    told = answer.error.detail + answer.error.message + caplog.text
    assert "is wrong" in told
    assert key not in told
    assert "gate-way-secret" not in told


async def test_an_older_azure_has_the_deployment_and_the_version_in_its_address(upstream):
    await connected(f"{upstream.url}?api-version=2024-10-21", kind="azure")
    answer = await ask(call_of("office/t3"))
    assert answer.error is None
    assert "POST /openai/deployments/t3/chat/completions?api-version=2024-10-21" in prompts(upstream)[0]["raw"]


async def test_gemini_is_asked_below_the_bare_address():
    await connected("", kind="gemini")
    endpoint = endpoints.endpoint_of("office/gemini-3")
    assert (endpoint.url, endpoint.provider) == ("https://generativelanguage.googleapis.com", "gemini")
    assert not endpoint.direct


async def test_where_it_runs_follows_from_the_address_at_every_call(settings):
    await connected("http://gpu.office.example:8000/v1")
    assert endpoints.is_hosted("office/x")
    settings.LOCAL_HOSTS = ["gpu.office.example"]
    assert not endpoints.is_hosted("office/x")


async def test_the_variables_keep_their_names_beside_connections(settings, upstream):
    settings.OPENAI_BASE_URL = upstream.openai_url
    await connected("http://127.0.0.1:1/v1")
    assert (await ask(call_of("hosted_vllm/t3"))).error is None


class Server:
    """A server that accepts a connection and sends nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"
        self.connection = None

    def accept(self):
        if self.connection is None:
            self.connection, _ = self.socket.accept()
            self.connection.setblocking(False)

    def received(self):
        with suppress(BlockingIOError):
            return self.connection.recv(1000)
        return b""


@pytest.fixture
def server():
    server = Server()
    yield server
    server.socket.close()
    if server.connection:
        server.connection.close()


async def asked_while(server, change, *, label=Sensitivity.PUBLIC, local_only=False):
    """Ask `office/t3` at `server`, and make `change` when the connection to it is open."""
    await connected(server.url)
    call = replace(call_of("office/t3", label=label), local_only=local_only)

    def read_present():
        server.accept()
        change()
        return Present(label, call.model)

    return await ask(replace(call, read_present=read_present))


async def test_an_address_that_becomes_hosted_at_the_gate_gets_nothing_above_public(server, upstream, settings):
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    moved = upstream.openai_url.replace("127.0.0.1", "localhost")
    answer = await asked_while(server, lambda: update(address=moved), label=Sensitivity.INTERNAL)
    assert isinstance(answer.error, AboveCeilingError)
    assert (server.received(), upstream.requests(), answer.entries) == (b"", [], [])


async def test_an_address_that_becomes_hosted_at_the_gate_gets_nothing_that_has_to_stay(server, upstream, settings):
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    moved = upstream.openai_url.replace("127.0.0.1", "localhost")
    answer = await asked_while(server, lambda: update(address=moved), local_only=True)
    assert isinstance(answer.error, AboveCeilingError)
    assert (server.received(), upstream.requests(), answer.entries) == (b"", [], [])


async def test_an_address_that_changes_at_the_gate_is_asked_instead(server, upstream):
    answer = await asked_while(server, lambda: update(address=upstream.openai_url), label=Sensitivity.CONFIDENTIAL)
    assert (answer.text, server.received()) == ("word1 word2 end.", b"")
    assert len(answer.entries) == 1


async def test_the_key_of_that_moment_is_sent(upstream):
    await connected(upstream.openai_url)
    call = call_of("office/t3")

    def read_present():
        update(sealed_key=sealing.seal("sk-newer"))
        return Present(call.label, call.model)

    await ask(replace(call, read_present=read_present))
    # Encrypted differently each time, but the same key: it is asked once more.
    (request,) = prompts(upstream)
    assert "bearer sk-newer" in request["raw"].casefold()
    assert KEY not in request["raw"]


@pytest.mark.parametrize(
    "change", [lambda: update(enabled=False), lambda: Connection.objects.all().delete()], ids=["disabled", "deleted"]
)
async def test_a_connection_that_is_gone_at_the_gate_gets_nothing(server, change):
    answer = await asked_while(server, change)
    assert isinstance(answer.error, ProviderError)
    assert answer.error.code == "not_found"
    assert (server.received(), answer.entries) == (b"", [])


async def test_one_that_was_deleted_before_the_gate_gets_nothing_either(server):
    """This process knows already that it is gone, although the call began with its address."""

    def change():
        Connection.objects.all().delete()
        reading.read()

    answer = await asked_while(server, change)
    assert answer.error.code == "not_found"
    assert server.received() == b""


async def test_this_process_sees_what_another_one_saved_within_a_second(monkeypatch):
    await connected("http://127.0.0.1:1/v1")
    monkeypatch.setattr(reading, "SECONDS", 0.05)
    polling = asyncio.create_task(reading.keep_fresh())
    try:
        await in_database_thread(update, address="http://127.0.0.1:2/v1", enabled=False)
        for _ in range(100):
            if not known.find("office").enabled:
                break
            await asyncio.sleep(0.02)
        assert known.find("office").address == "http://127.0.0.1:2/v1"
        assert "office" not in known.usable()
    finally:
        polling.cancel()


async def test_the_loop_asks_no_database(upstream):
    """`endpoint_of` reads a copy: Django itself refuses database work in an event loop."""
    await connected(upstream.openai_url)
    assert endpoints.endpoint_of("office/x").url == upstream.openai_url


async def test_its_models_can_be_chosen_while_it_can_be_asked():
    def of_people():
        return [info.name for info in catalogue.models()]

    await connected("http://127.0.0.1:1/v1")
    row = {"name": "office/x", "display_name": "X", "provider": "office", "available": True}
    await in_database_thread(lambda: Model.objects.create(**row))
    assert await in_database_thread(of_people) == ["office/x"]
    await in_database_thread(update, enabled=False)
    await in_database_thread(reading.read)
    assert await in_database_thread(of_people) == []


async def test_litellm_asks_every_other_provider_by_its_own_name_for_it(upstream):
    await connected(upstream.url + "/v1", kind="other", provider="deepseek")
    answer = await ask(call_of("office/t3"))
    assert (answer.text, answer.error) == ("word1 word2 end.", None)
    (request,) = prompts(upstream)
    assert '"model":"t3"' in request["body"].replace(" ", "")
