"""The API of a running LangAI, as programs use it: curl's way, and by OpenAI's own client."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from tests.api.events import frames_of, text_of, told
from tests.live import rows
from tests.live.person import HOSTED

SCOPES = ["chat", "search", "documents", "usage"]


@pytest.fixture(scope="module")
def key(alice):
    page = alice.post("/accounts/keys/", name="live", scopes=SCOPES, days="30")
    return re.findall(r'value="(langai_[^"]+)"', page.text)[0]


@pytest.fixture
def client(langai, key):
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=langai.url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def sdk(langai, key):
    with openai.OpenAI(
        base_url=f"{langai.url}/v1", api_key=key, max_retries=0, http_client=httpx.Client(trust_env=False)
    ) as sdk:
        yield sdk


def said(text):
    return [{"role": "user", "content": text}]


def test_a_stream_comes_while_it_is_written_and_goes_on_where_it_broke(client):
    body = {"message": "How?", "model": f"{HOSTED}t60-r30"}
    with client.stream("POST", "/chat/stream", json=body) as answer:
        assert answer.headers["x-accel-buffering"] == "no"
        first = ""
        for piece in answer.iter_text():
            first += piece
            if first.count("event: content") >= 3:
                break
    frames = frames_of(first[: first.rindex("\n\n") + 2])
    rest = frames_of(client.post("/chat/stream", json=body, headers={"Last-Event-ID": frames[-1].id}).text)
    (usage,) = told(rest, "usage")
    assert text_of(frames) + text_of(rest) == usage["message"]
    assert usage["message"].endswith(" end.")


def test_closing_the_connection_stops_the_model_where_that_was_asked(client, langai):
    body = {"message": "How?", "model": f"{HOSTED}t3000-r30", "stop_on_disconnect": True}
    with client.stream("POST", "/chat/stream", json=body) as answer:
        seen = ""
        for piece in answer.iter_text():
            seen += piece
            if "event: content" in seen:
                break
    reply = told(frames_of(seen[: seen.rindex("\n\n") + 2]), "model")[0]["reply_id"]
    langai.until(lambda: rows.status_of(langai, reply) == "stopped", "stopping the answer", 10)


def test_openais_client_lists_asks_and_streams(sdk):
    listed = [model.id for model in sdk.models.list()]
    assert {"auto", f"{HOSTED}echo"} <= set(listed)
    assert sdk.models.retrieve(f"{HOSTED}echo").id == f"{HOSTED}echo"
    plain = {"X-LangAI-Collections": "none"}
    answer = sdk.chat.completions.create(
        model=f"{HOSTED}echo", messages=said("Say this."), temperature=0.1, extra_headers=plain
    )
    assert answer.choices[0].message.content == "Say this."
    assert answer.usage.total_tokens > 0
    stream = sdk.chat.completions.create(
        model=f"{HOSTED}t60-r30", messages=said("How?"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("word1 word2")
    assert text.endswith(" end.")
    assert chunks[-1].usage.completion_tokens == 60
    assert len(chunks) > 20


def test_openais_client_reads_failures_as_its_own(sdk):
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.chat.completions.create(model="gpt-5", messages=said("How?"))
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.InternalServerError):
        sdk.chat.completions.create(model=f"{HOSTED}fail-broken-echo", messages=said("How?"))
    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong").models.list()
    stream = sdk.chat.completions.create(
        model=f"{HOSTED}fail-cut-echo-r50", messages=said("One two three."), stream=True
    )
    with pytest.raises(openai.APIError):
        list(stream)


def test_openais_client_embeds(sdk):
    answer = sdk.embeddings.create(model="all-minilm-l6-v2", input=["vacation", "days off", "a steam engine"])
    vacation, days_off, engine = (row.embedding for row in answer.data)
    assert len(vacation) == 384
    assert dot(vacation, days_off) > dot(vacation, engine)


def dot(one, other):
    return sum(left * right for left, right in zip(one, other, strict=True))


def test_openais_client_stops_what_it_no_longer_reads(sdk, langai):
    sql = "SELECT COUNT(*) FROM usage_usageentry WHERE source = 'api' AND conversation IS NULL AND status = 'stopped'"
    before = rows.one(langai, sql)
    stream = sdk.chat.completions.create(model=f"{HOSTED}t3000-r30", messages=said("How?"), stream=True)
    next(stream)
    stream.close()
    langai.until(lambda: rows.one(langai, sql) == before + 1, "stopping the model", 10)


def test_many_at_once_get_their_own_answers(client):
    def ask(number):
        body = {"message": f"Say {number}.", "model": f"{HOSTED}echo", "collections": []}
        return client.post("/chat", json=body).json()["message"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(24))) == [f"Say {number}." for number in range(24)]


def test_an_upload_that_is_too_large_is_refused_while_it_arrives(langai, key):
    with socket.create_connection(("127.0.0.1", langai.port), timeout=10) as connection:
        head = f"POST /chat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 99000000\r\n\r\n".encode())
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["code"] == "too_large"
