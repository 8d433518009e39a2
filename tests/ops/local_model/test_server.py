"""llama.cpp's real server runs a real model, tiny as it is, and our own lane asks it."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from langai_site import local_model
from langai_site.database.writer import in_database_thread
from langai_site.outbound import catalogue, door
from langai_site.processes import ports
from langai_site.processes.local_model import child as local_child
from langai_site.processes.local_model.server import CANNOT_LOAD, TASK
from tests.gguf import tiny_model
from tests.ops.test_supervisor import Running, lives
from tests.outbound.conftest import ask, call_of

NAME = "local_file/tiny"
TEXT = "The file answers."


@pytest.fixture
def folder(settings, tmp_path):
    """A data folder, in which a test puts its models."""
    settings.LOCAL_MODEL, settings.MODELS_DIR = "", tmp_path / "models"
    settings.RUNNING_LOCAL_MODEL = tmp_path / "local_model.json"
    settings.LOCAL_MODEL_CONTEXT, settings.LOCAL_MODEL_THREADS = 2048, 1
    settings.MODELS_DIR.mkdir()
    return settings.MODELS_DIR


@pytest.fixture
async def connections():
    yield
    await door.close()


def started(report=lambda *_: None):
    """What `manage.py run` would start."""
    return local_child.child(report)


@asynccontextmanager
async def running(settings, *, loaded=True):
    """The model's process, looked after as `manage.py run` does it."""
    async with Running(started()) as processes:
        settings.LOCAL_MODEL_SERVER = local_model.read(settings.RUNNING_LOCAL_MODEL)
        if loaded:
            await processes.until("model", "is loaded")
        yield processes


def status(settings, path, key=None, content=None):
    """What the server answers to anybody who shows this key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = settings.LOCAL_MODEL_SERVER.url.removesuffix("/v1") + path
    method = "GET" if content is None else "POST"
    return httpx.request(method, url, headers=headers, content=content, trust_env=False, timeout=20).status_code


def of_process(pid, *names):
    """What Linux says of a process."""
    return "\n".join(Path(f"/proc/{pid}/{name}").read_text() for name in names)


@pytest.mark.needs("xllamacpp")
@pytest.mark.django_db(transaction=True)
async def test_it_answers_through_our_own_lane_word_by_word(settings, folder, connections):
    tiny_model(folder / "tiny.gguf")
    async with running(settings):
        await catalogue.refresh()
        (info,) = [info for info in await in_database_thread(catalogue.models) if info.name == NAME]
        assert (info.hosted, info.context_window) == (False, 2048)
        answer = await ask(call_of(NAME, text="Who are you?"))
    assert (answer.error, answer.text.strip()) == (None, TEXT)
    # Words that arrive together are joined.
    assert next(delta.text for delta in answer.deltas if delta.text).startswith(" The")
    # The server counts: the three words and the end.
    assert (answer.entry.usage.output_tokens, answer.entry.usage.estimated) == (4, False)


@pytest.mark.needs("xllamacpp")
async def test_several_are_answered_at_the_same_time(settings, folder, connections):
    settings.LOCAL_MODEL_PARALLEL = 2
    tiny_model(folder / "tiny.gguf", endless=True)
    async with running(settings):
        answers = await asyncio.gather(*(ask(call_of(NAME, max_tokens=1500)) for _ in range(2)))
    first, second = (answer.entry for answer in answers)
    # Each began before the other was done.
    assert first.first_token_ms < second.duration_ms
    assert second.first_token_ms < first.duration_ms
    assert [answer.error for answer in answers] == [None, None]


@pytest.mark.needs("xllamacpp")
async def test_nobody_uses_it_without_its_key_and_nobody_reaches_it_from_elsewhere(settings, folder):
    tiny_model(folder / "tiny.gguf")
    async with running(settings) as processes:
        key = settings.LOCAL_MODEL_SERVER.key
        assert len(key) > 30
        assert [status(settings, "/v1/models", shown) for shown in (None, "wrong", key)] == [401, 401, 200]
        assert status(settings, "/v1/chat/completions", content=b"{}") == 401
        # What others ask is shown to nobody.
        assert status(settings, "/slots", key) == 501
        pid = processes.pid("model")
        assert key not in of_process(pid, "cmdline")
        port = httpx.URL(settings.LOCAL_MODEL_SERVER.url).port
        rows = [row.split() for row in of_process(pid, "net/tcp", "net/tcp6").splitlines()]
        listening = {row[1] for row in rows if row and row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert listening == {f"0100007F:{port:04X}"}


def test_where_llama_cpp_cannot_be_loaded_the_package_is_told(tmp_path):
    task = {"path": str(tiny_model(tmp_path / "tiny.gguf")), "port": ports.free()}
    # Without the packages that are installed beside Python.
    command = [sys.executable, "-I", "-S", str(local_child.PROGRAM)]
    done = subprocess.run(command, env={TASK: json.dumps(task)}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (CANNOT_LOAD, "")
    assert done.stdout == (
        "The model cannot run, because llama.cpp cannot be loaded (No module named 'xllamacpp'). "
        "If libgomp is missing, install the system's package libgomp1, and start LangAI again.\n"
    )


@pytest.mark.needs("xllamacpp")
async def test_if_memory_runs_out_it_is_ended_before_the_pages(settings, folder):
    tiny_model(folder / "tiny.gguf")
    async with running(settings) as processes:
        assert of_process(processes.pid("model"), "oom_score_adj").strip() == "500"


@pytest.mark.needs("xllamacpp")
async def test_its_process_holds_nothing_of_langais_settings(settings, folder, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    tiny_model(folder / "tiny.gguf")
    async with running(settings) as processes:
        assert "sk-of-somebody" not in of_process(processes.pid("model"), "environ")


@pytest.mark.needs("xllamacpp")
@pytest.mark.django_db(transaction=True)
async def test_its_log_holds_nothing_that_people_wrote(settings, folder, connections):
    tiny_model(folder / "tiny.gguf")
    async with running(settings) as processes:
        assert (await ask(call_of(NAME, text="Thistledown " * 2000))).error.code == "too_long"
        assert (await ask(call_of(NAME, text="Thistledown"))).error is None
        broken = b'{"messages": [{"content": "Thistledown" broken'
        assert status(settings, "/v1/chat/completions", settings.LOCAL_MODEL_SERVER.key, broken) == 400
        os.kill(processes.pid("model"), 9)
        # Its last lines follow when it ends.
        await processes.until("run", "starting it again")
        assert "Thistledown" not in str(processes.lines)


@pytest.mark.needs("xllamacpp")
async def test_one_that_crashes_is_started_again_at_the_same_address_with_the_same_key(settings, folder, connections):
    tiny_model(folder / "tiny.gguf")
    async with running(settings) as processes:
        os.kill(processes.pid("model"), 9)
        await processes.until("model", "is loaded", times=2)
        assert ("run", "model ended (killed by SIGKILL); starting it again in 1 s") in processes.lines
        assert (await ask(call_of(NAME))).text.strip() == TEXT
        pid = processes.pid("model")
    assert not lives(pid)


@pytest.mark.needs("xllamacpp")
@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [(b"llama", b"lxxma", "unknown model architecture: 'lxxma'"), (b"ffn_gate", b"ffn_goat", "ffn_gate.weight")],
)
async def test_a_file_that_cannot_be_loaded_is_told_once_and_left_alone(settings, folder, good, bad, reason):
    path = tiny_model(folder / "tiny.gguf")
    path.write_bytes(path.read_bytes().replace(good, bad))
    async with running(settings, loaded=False) as processes:
        await processes.until("model", "cannot be loaded")
        await asyncio.wait_for(processes.supervisor.processes["model"].ended(), 20)
        await asyncio.sleep(1.5)
        ((_, line),) = processes.lines
        assert re.fullmatch(
            rf"The model {re.escape(str(path))} cannot be loaded \(.*{re.escape(reason)}.*\)\. .*", line
        )


@pytest.mark.needs("xllamacpp")
def test_a_port_that_is_taken_is_told(settings, folder):
    tiny_model(folder / "tiny.gguf")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings.LOCAL_MODEL_PORT, lines = taken.getsockname()[1], []
        assert started(lambda *line: lines.append(line)) is None
    said = f"The model's port {settings.LOCAL_MODEL_PORT} cannot be used. Set LOCAL_MODEL_PORT to another one."
    assert lines == [("model", said)]


@pytest.mark.needs("xllamacpp")
def test_the_port_is_the_one_that_is_set(settings, folder):
    tiny_model(folder / "tiny.gguf")
    settings.LOCAL_MODEL_PORT = ports.free()
    assert started()
    assert local_model.read(settings.RUNNING_LOCAL_MODEL).url == f"http://127.0.0.1:{settings.LOCAL_MODEL_PORT}/v1"


def test_why_there_is_no_model_is_told_and_kept_for_the_others(settings, folder):
    (folder / "a.gguf").touch()
    lines = []
    assert started(lambda *line: lines.append(line)) is None
    said = f"{folder / 'a.gguf'} is empty. Download it again."
    assert lines == [("model", said)]
    assert local_model.read(settings.RUNNING_LOCAL_MODEL).problem == said


def test_without_a_model_nothing_of_an_earlier_one_is_left(settings, folder):
    settings.RUNNING_LOCAL_MODEL.write_text("{}")
    assert started() is None
    assert not settings.RUNNING_LOCAL_MODEL.exists()
