"""A file put into the folder of models is a model that people ask, and a file that cannot run stops nothing else."""

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.gguf import tiny_model
from tests.live import rows
from tests.live.person import signed_in
from tests.live.test_run import running_anew

NAME = "local_file/tiny"


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def key_of(admin) -> str:
    page = admin.post("/accounts/keys/", name="clients", scopes=["chat"], days="30")
    return re.findall(r'value="(langai_[^"]+)"', page.text)[0]


def answer(server, key) -> str:
    """What the model streams to a program."""
    question = {"model": NAME, "stream": True, "messages": [{"role": "user", "content": "Who are you?"}]}
    headers = {"Authorization": f"Bearer {key}"}
    url, text = f"{server.url}/v1/chat/completions", ""
    with httpx.stream("POST", url, json=question, headers=headers, timeout=60, trust_env=False) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                (choice,) = json.loads(line.removeprefix("data: "))["choices"]
                text += choice["delta"].get("content") or ""
    return text.strip()


@pytest.mark.needs("xllamacpp")
def test_a_model_from_a_file_answers_people_and_outlives_a_crash(start_langai, models):
    server = start_langai(
        LOCAL_MODEL=str(tiny_model(models / "tiny.gguf")), LOCAL_MODEL_CONTEXT="4096", LOCAL_MODEL_THREADS="1"
    )
    server.until_logged("The model tiny is loaded: context 4096, answers at once 2, threads 1")
    rows.until_connected(server)
    with signed_in(server) as admin:
        key = key_of(admin)
        assert answer(server, key) == "The file answers."
        page = admin.get("/admin/outbound/model/").text
        assert NAME in page
        assert "local_file" in page
        page = admin.get("/admin/outbound/connection/").text
        assert "Model from a file" in page
        assert "1 model switched on" in page
        # Only the model's own process loads llama.cpp.
        loaded = {name: "xllamacpp" in Path(f"/proc/{server.pid(name)}/maps").read_text() for name in ("web", "model")}
        assert loaded == {"web": False, "model": True}

        before = server.kill("model")
        server.until(lambda: running_anew(server, "model", before), "running the model again", 20)
        server.until_logged(r"(?s)is loaded.*is loaded")
        assert answer(server, key) == "The file answers."
    server.until_healthy()


def test_a_file_that_cannot_run_is_told_in_one_line_and_the_rest_starts(start_langai, models):
    path = models / "broken.gguf"
    path.write_bytes(b"GGUF")
    server = start_langai(has_handbook=False, LOCAL_MODEL=str(path))
    said = f"{path} is damaged, or of a version of GGUF that LangAI cannot read. Download it again."
    assert [line for line in server.lines if line.startswith("model")] == [f"model   | {said}"]
    with signed_in(server) as admin:
        assert said in admin.get("/admin/outbound/connection/").text
        assert "quotes" in admin.get("/").text
