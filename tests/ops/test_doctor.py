"""`manage.py doctor` says of each part whether it is well, and of what is not, why and what to do."""

import json
import socketserver
import threading
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.utils import timezone

from langai_site import registry
from langai_site.management.commands.doctor import table
from langai_site.models import Heartbeat
from langai_site.outbound import diagnosis as outbound
from langai_site.registry import DoctorCheck, DoctorFinding
from langai_site.telemetry.doctor import examine, stores
from search import diagnosis as search
from tests.ops.test_settings import manage
from tests.servers import Redis, free_port
from tests.upstream import running_upstream

MARKER = "marker-of-a-secret-93c1"


def check(run, seconds: float = 5) -> DoctorCheck:
    return DoctorCheck(run, "Do this.", seconds)


def raising(error: Exception):
    def run() -> DoctorFinding:
        raise error

    return run


# The examination


def test_a_check_that_fails_tells_the_reason_and_what_to_do():
    (row,) = examine({"part": check(raising(ConnectionError("refused by 10.1.2.3\nand more")))})
    assert (row.status, row.found, row.advice) == ("fail", "ConnectionError: refused by 10.1.2.3", "Do this.")


def test_a_check_that_hangs_holds_up_nothing():
    released = threading.Event()

    def hang() -> DoctorFinding:
        released.wait(60)
        return DoctorFinding("ok", "at last")

    rows = examine({"hung": check(hang, seconds=0.2), "well": check(lambda: DoctorFinding("ok", "well"))})
    released.set()
    assert [(row.part, row.status, row.found) for row in rows] == [
        ("hung", "fail", "no answer within 0.2 s"),
        ("well", "ok", "well"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", MARKER),
        ("EMAIL_HOST_PASSWORD", MARKER),
        ("REDIS_URL", f"redis://user:{MARKER}@127.0.0.1/0"),
        ("OLLAMA_BASE_URL", f"http://user:{MARKER}@127.0.0.1"),
        ("DATABASE", {"PASSWORD": MARKER}),
    ],
)
def test_what_a_library_says_of_a_secret_is_blotted_out(settings, name, value):
    setattr(settings, name, value)
    (row,) = examine({"part": check(raising(ValueError(f"wrong password {MARKER} for user")))})
    assert row.found == "ValueError: wrong password *** for user"


def test_a_table_has_a_line_a_part_and_below_it_what_to_do():
    rows = examine(
        {
            "good": check(lambda: DoctorFinding("ok", "fine")),
            "longer": check(lambda: DoctorFinding("warn", "old", "Renew it.")),
        }
    )
    assert table(rows).splitlines() == [
        "ok    good    fine",
        "warn  longer  old",
        "              -> Renew it.",
    ]


def test_every_room_adds_its_parts():
    assert {"database", "cache", "channel layer", "worker", "folders", "secrets", "settings", "mail", "clock"} | {
        *("OpenAI", "Anthropic", "Ollama", "vector store", "embedder", "scanned pages")
    } <= set(registry.doctor_checks)


def test_the_exit_code_tells_a_program_what_the_list_has_in_full(tmp_path):
    done = manage("doctor", "--json", DATA_DIR=str(tmp_path))
    assert done.returncode == 1, done.stderr
    found = {row["part"]: row for row in json.loads(done.stdout)}
    assert found["database"]["status"] == "fail"
    assert "migrations are pending" in found["database"]["found"]
    assert found["database"]["advice"] == "Run manage.py setup."
    assert found["cache"]["status"] == "ok"


def test_it_ends_well_when_nothing_fails(monkeypatch, capsys):
    monkeypatch.setattr(registry, "doctor_checks", {"part": check(lambda: DoctorFinding("warn", "so-so", "Look."))})
    call_command("doctor")
    assert "so-so" in capsys.readouterr().out


# Stores


@pytest.mark.django_db
def test_a_database_with_all_tables_is_well():
    found = stores.database()
    assert (found.status, found.advice) == ("ok", "")
    assert found.found.split()[0] in ("SQLite", "PostgreSQL")
    assert stores.clock().status == "ok"


def test_a_database_that_is_away_is_told_without_its_password(tmp_path):
    url = f"postgresql://langai:{MARKER}@127.0.0.1:{free_port()}/langai"
    done = manage("doctor", "--json", DATA_DIR=str(tmp_path), DATABASE_URL=url)
    found = {row["part"]: row for row in json.loads(done.stdout)}
    assert found["database"]["status"] == "fail"
    assert "connection" in found["database"]["found"].lower()
    assert "DATABASE_URL" in found["database"]["advice"]
    assert MARKER not in done.stdout + done.stderr


@pytest.mark.django_db
def test_a_worker_is_well_as_long_as_it_beats():
    assert stores.worker().status == "fail"
    Heartbeat.objects.create(worker="here:1")
    assert (stores.worker().status, stores.worker().found) == ("ok", "1 at work")
    Heartbeat.objects.update(beat_at=timezone.now() - 3 * stores.HEARTBEAT_FRESH)
    assert stores.worker().status == "fail"


def test_the_memory_of_one_process_keeps_and_passes_on():
    assert stores.cache().status == stores.channel_layer().status == "ok"


@pytest.mark.needs("redis")
def test_redis_keeps_and_passes_on_and_is_missed_when_away(tmp_path):
    redis = Redis().start()
    try:
        well = doctor(tmp_path, REDIS_URL=redis.url)
    finally:
        redis.stop()
    assert (well["cache"]["status"], well["cache"]["found"]) == ("ok", "Redis wrote, read and deleted an entry")
    assert well["channel layer"]["status"] == "ok"
    away = doctor(tmp_path, REDIS_URL=redis.url)
    assert (away["cache"]["status"], away["channel layer"]["status"]) == ("fail", "fail")
    assert "REDIS_URL" in away["cache"]["advice"]


def doctor(folder, **values) -> dict[str, dict[str, str]]:
    done = manage("doctor", "--json", DATA_DIR=str(folder), **values)
    return {row["part"]: row for row in json.loads(done.stdout)}


@pytest.mark.needs("chroma")
def test_a_vector_store_is_written_read_and_left_as_it_was(settings, chroma_server):
    settings.CHROMA_URL = chroma_server.url
    before = search.get_store().names("")
    assert search.vector_store().status == "ok"
    assert search.get_store().names("") == before


def test_a_vector_store_that_is_away_fails(settings, tmp_path):
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    (row,) = examine({"vector store": registry.doctor_checks["vector store"]})
    assert row.status == "fail"
    assert "not reachable" in row.found
    settings.CHROMA_URL, settings.RUNNING_CHROMA = "", tmp_path / "none"
    assert "manage.py run" in search.vector_store().advice


# Models


@pytest.fixture(scope="module")
def upstream():
    with running_upstream() as upstream:
        yield upstream


def test_servers_are_asked_for_their_models_and_for_no_answer(settings, upstream):
    settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = upstream.openai_url, upstream.url
    settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = MARKER, upstream.url
    upstream.reset()
    upstream.list_models("echo", "t20")
    for provider in ("hosted_vllm", "ollama_chat", "anthropic"):
        found = outbound.listed(provider)
        assert (found.status, found.found) == ("ok", f"127.0.0.1:{upstream.port} lists 2 models"), provider
    assert {request["path"].partition("?")[0] for request in upstream.requests()} <= {"/v1/models", "/api/tags"}
    (asked,) = [request for request in upstream.requests() if MARKER in request["raw"]]
    assert asked["path"] == "/v1/models"


def test_a_provider_without_a_key_is_off_and_one_that_is_away_fails(settings):
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    assert outbound.listed("openai") == DoctorFinding("off", "key missing: set OPENAI_API_KEY")
    settings.OLLAMA_BASE_URL = f"http://127.0.0.1:{free_port()}"
    (row,) = examine({"Ollama": registry.doctor_checks["Ollama"]})
    assert row.status == "fail"
    assert "OLLAMA_BASE_URL" in row.advice


class Answering(socketserver.StreamRequestHandler):
    """Answers each connection with the server's own bytes."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(self.server.answer)


@contextmanager
def answering(answer: bytes):
    with socketserver.TCPServer(("127.0.0.1", 0), Answering) as server:
        server.answer = answer
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "fail", "refuses the key"),
        (b"HTTP/1.1 302 There\r\nLocation: http://10.9.9.9/\r\nContent-Length: 0\r\n\r\n", "fail", "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>", "fail", "does not answer in JSON"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"data": []}', "warn", "lists no model"),
    ],
)
def test_what_a_server_answers_is_told(settings, answer, status, told):
    with answering(answer) as port:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{port}/v1"
        found = outbound.listed("hosted_vllm")
    assert found.status == status
    assert told in found.found
    assert found.advice


def test_each_local_embedder_embeds_a_word(settings, both_models, model_dir):
    settings.EMBEDDER, settings.MODEL_DIR = "local", both_models
    found = search.embedder()
    assert (found.status, found.found.count("384 numbers")) == ("ok", 2)
    settings.MODEL_DIR = model_dir
    found = search.embedder()
    assert (found.status, found.found.count("384 numbers")) == ("warn", 1)
    settings.EMBEDDER = "local-en"
    assert search.embedder().status == "ok"


def test_weights_that_are_not_the_published_ones_are_told(settings, model_dir, tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"does not answer in JSON")
    monkeypatch.setattr(search.local, "weights_folder", lambda: tmp_path)
    settings.EMBEDDER, settings.MODEL_DIR = "local", model_dir
    assert (search.embedder().status, "SHA-256" in search.embedder().found) == ("fail", True)


@pytest.mark.django_db
def test_an_embedder_that_is_missing_or_was_never_reached_fails(settings, tmp_path):
    settings.EMBEDDER, settings.MODEL_DIR = "local", tmp_path
    assert "setup" in search.embedder().advice
    settings.EMBEDDER = "ollama/never-found"
    assert "never reached" in search.embedder().found
