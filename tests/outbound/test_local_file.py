"""The model from a file is a local model like others, as soon as its server listens."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from langai_site import local_model
from langai_site.database.writer import in_database_thread
from langai_site.local_model import NONE, LocalModel
from langai_site.outbound import catalogue, diagnosis, endpoints, listings
from langai_site.outbound.connections import kinds
from langai_site.outbound.connections.admin import _of_settings
from langai_site.outbound.models import Model
from langai_site.outbound.types import ModelRole
from langai_site.registry import DoctorFinding
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import ask, call_of
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "generated-at-start"
NAME = "local_file/echo"


@pytest.fixture(autouse=True)
def _nothing_else(settings, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL"):
        setattr(settings, name, "")
    monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)


@pytest.fixture
def server(settings, upstream_process, connections):
    """A server where the model from a file would be."""
    upstream_process.reset()
    settings.LOCAL_MODEL_SERVER = LocalModel(upstream_process.openai_url, KEY, "echo", 6000, "1.7B")
    return upstream_process


@pytest.fixture
def loading(settings):
    """A server that is loading its model, as llama.cpp's says it."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b'{"error":{"message":"Loading model","type":"unavailable_error","code":503}}'
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.LOCAL_MODEL_SERVER = LocalModel(f"http://127.0.0.1:{server.server_port}/v1", KEY, "echo", 6000)
        yield
        server.shutdown()


async def refreshed():
    await catalogue.refresh()
    return await in_database_thread(catalogue.models)


async def test_it_is_in_the_catalogue_as_a_local_model(server):
    (info,) = await refreshed()
    assert (info.name, info.display_name, info.hosted, info.context_window) == (NAME, "echo", False, 6000)
    assert (info.ceiling, info.roles) == (Sensitivity.CONFIDENTIAL, frozenset({ModelRole.SIMPLE}))
    assert await catalogue.health() == "ok"
    row = await Model.objects.aget(name=NAME)
    assert catalogue.state(row) == catalogue.READY


async def test_it_is_asked_with_the_key_that_was_made_for_it(server):
    server.script("From the file.")
    answer = await ask(call_of(NAME, label=Sensitivity.CONFIDENTIAL))
    assert (answer.text, answer.error, answer.entry.hosted) == ("From the file.", None, False)
    (asked,) = [request for request in server.requests() if request["path"].endswith("/chat/completions")]
    assert f"Bearer {KEY}" in asked["raw"]


async def test_it_is_local_whatever_else_counts_as_local(server, settings):
    settings.LOCAL_HOSTS = ["10.0.0.0/8"]
    endpoint = endpoints.endpoint_of(NAME)
    assert endpoint.direct
    assert not endpoints.is_local(server.url)
    assert not endpoints.is_local(f"{endpoint.url}.example.org/v1")
    (info,) = await refreshed()
    assert not info.hosted


async def test_while_it_is_being_loaded_it_is_offered_and_a_question_is_told_so(loading, connections):
    (info,) = await refreshed()
    assert info.name == NAME
    assert catalogue.state(await Model.objects.aget(name=NAME)) == "its server is loading it"
    answer = await ask(call_of(NAME))
    assert answer.error.code == "loading"
    assert "is being loaded" in str(answer.error)


async def test_one_whose_server_is_away_is_not_offered_and_comes_back(server, settings):
    assert await refreshed()
    here = settings.LOCAL_MODEL_SERVER
    settings.LOCAL_MODEL_SERVER = LocalModel(f"http://127.0.0.1:{free_port()}/v1", KEY, "echo", 6000)
    assert await refreshed() == []
    assert catalogue.state(await Model.objects.aget(name=NAME)) == "its server does not answer"
    settings.LOCAL_MODEL_SERVER = here
    assert [info.name for info in await refreshed()] == [NAME]


async def test_without_a_file_its_row_says_what_to_set(server, settings):
    await refreshed()
    settings.LOCAL_MODEL_SERVER = NONE
    assert await refreshed() == []
    assert catalogue.state(await Model.objects.aget(name=NAME)) == "no file: set LOCAL_MODEL"
    assert listings.configured() == []


def test_admins_see_it_among_the_connections_of_the_environment(server):
    (row,) = _of_settings()
    assert (row.name, row.settings, row.address, row.where) == (
        "model from a file",
        "LOCAL_MODEL",
        server.openai_url,
        "local",
    )


def test_admins_and_doctor_are_told_why_it_does_not_run(settings):
    settings.LOCAL_MODEL_SERVER = LocalModel(problem="a.gguf is empty. Download it again.")
    (row,) = _of_settings()
    assert (row.state, row.where) == ("a.gguf is empty. Download it again.", "local")
    expected = DoctorFinding("fail", "it is not running", "a.gguf is empty. Download it again.")
    assert diagnosis.listed(local_model.PREFIX) == expected
    assert catalogue.state(Model(name=NAME, provider=local_model.PREFIX)) == "not running: Connections says why"


def test_doctor_asks_it(server):
    server.list_models("echo")
    assert diagnosis.listed(local_model.PREFIX).status == "ok"


def test_no_connection_takes_its_prefix():
    assert local_model.PREFIX in kinds.RESERVED


def test_what_one_process_writes_the_others_of_this_machine_read(tmp_path):
    path = tmp_path / "local_model.json"
    model = LocalModel("http://127.0.0.1:1/v1", KEY, "echo", 6000, "1B")
    local_model.write(path, model)
    assert local_model.read(path) == model
    assert path.stat().st_mode & 0o077 == 0
    assert KEY not in repr(model)
    path.write_text(path.read_text().replace('{"host": "', '{"host": "another-'))
    assert local_model.read(path) == NONE


@pytest.mark.parametrize("text", ["", "[]", "{", '{"host": 1}', '{"host": "x", "more": 1}'])
def test_a_file_that_says_something_else_says_nothing(tmp_path, text):
    path = tmp_path / "local_model.json"
    path.write_text(text)
    assert local_model.read(path) == local_model.read(tmp_path / "missing") == NONE
