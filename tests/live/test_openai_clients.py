"""Clients of OpenAI as they are installed, with their own retries, against a running LangAI: what a request costs."""

import json
import os
import re
import subprocess
import sys

import httpx
import openai
import pytest
from pydantic import BaseModel

from tests.live import rows
from tests.live.person import HOSTED, signed_in
from tests.upstream.process import running_upstream

ASKED = "/v1/chat/completions"
# What each model's server does, and what the SDK must make of it. The names are read by tests/upstream/plans.py.
FINAL = {
    "fail-toolong": (openai.BadRequestError, "context_length_exceeded"),
    "fail-unprocessable": (openai.BadRequestError, "rejected"),
    "silent-filter": (openai.BadRequestError, "content_filter"),
    "fail-missing": (openai.NotFoundError, "model_not_found"),
    "fail-unauthorized": (openai.InternalServerError, "unauthorized"),
}
MIDWAY = {"t60-r60-filter": "content_filter", "fail-cut-t60-r60": "cut", "fail-error-t60-r60": "upstream_error"}
QUESTION = [{"role": "user", "content": "How many days?"}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def models():
    return ["echo", "t60-r30", *FINAL, *MIDWAY, "fail-broken-echo"]


@pytest.fixture(scope="module")
def upstream():
    """A model server of its own: it lists other models than those of the tests that share one."""
    with running_upstream() as own:
        yield own


@pytest.fixture(scope="module")
def server(start_langai, upstream, models):
    """A server of its own: its models fail, and those of other tests must not rest because of that."""
    upstream.list_models(*models)
    server = start_langai(
        OPENAI_BASE_URL=upstream.openai_url, RATE_LIMIT_CHAT="0", RATE_LIMIT_STREAM="0", CACHE_TTL="0"
    )
    rows.until_connected(server)
    return server


@pytest.fixture(scope="module")
def key(server):
    with signed_in(server) as admin:
        page = admin.post("/accounts/keys/", name="clients", scopes=["chat", "search"], days="30")
        return re.findall(r'value="(langai_[^"]+)"', page.text)[0]


@pytest.fixture
def sdk(server, key):
    """With the retries that the SDK has by default."""
    http = httpx.Client(trust_env=False)
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, http_client=http) as sdk:
        assert sdk.max_retries == 2
        yield sdk


@pytest.fixture
def calls(upstream):
    """How often a model was asked since the test began."""
    before = len(upstream.requests(ASKED))
    return lambda: len(upstream.requests(ASKED)) - before


def ask(sdk, model, **fields):
    return sdk.chat.completions.create(model=HOSTED + model, messages=fields.pop("messages", QUESTION), **fields)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "told"), FINAL.items(), ids=FINAL)
def test_the_sdk_pays_once_for_what_another_try_cannot_change(sdk, calls, model, told, stream):
    with pytest.raises(told[0]) as failed:
        ask(sdk, model, stream=stream)
    assert failed.value.code == told[1]
    # LangAI itself asks once more with less where a prompt is too long.
    assert calls() == 1 + (model == "fail-toolong")


@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_tries_again_where_that_may_help(sdk, calls, stream):
    with pytest.raises(openai.InternalServerError):
        ask(sdk, "fail-broken-echo", stream=stream)
    assert calls() == 3


@pytest.mark.parametrize(("model", "code"), MIDWAY.items(), ids=MIDWAY)
def test_the_sdk_reads_a_failure_in_mid_answer_and_does_not_repeat_it(sdk, calls, model, code):
    with pytest.raises(openai.APIError) as failed:
        list(ask(sdk, model, stream=True))
    assert failed.value.code == code
    assert calls() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"stop": [f"stop{number}" for number in range(17)]},
        {"max_tokens": 0},
        {"messages": [{"role": "user", "content": "x" * 200_001}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_the_sdk_asks_once_for_what_langai_refuses(sdk, calls, fields):
    with pytest.raises(openai.BadRequestError) as failed:
        ask(sdk, "echo", **fields)
    assert failed.value.param.startswith(next(iter(fields)))
    assert calls() == 0


class Day(BaseModel):
    name: str
    number: int


def test_the_sdk_runs_a_tool_and_gets_the_answer(sdk, upstream):
    calls = [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]
    choice = {"index": 0, "delta": {"tool_calls": calls}, "finish_reason": "tool_calls"}
    upstream.script_raw(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n")
    with sdk.chat.completions.stream(model=HOSTED + "echo", messages=QUESTION, tools=[TOOL]) as stream:
        first = stream.get_final_completion()
    (call,) = first.choices[0].message.tool_calls
    assert (first.choices[0].finish_reason, call.function.name) == ("tool_calls", "weather")
    said = [
        *QUESTION,
        first.choices[0].message.to_dict(),
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny."},
    ]
    upstream.script("It is sunny.")
    second = ask(sdk, "echo", messages=said, tools=[TOOL])
    assert second.choices[0].message.content == "It is sunny."
    sent = json.loads(upstream.requests(ASKED)[-1]["body"])["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]


def test_the_sdk_parses_an_answer_into_its_schema(sdk, upstream):
    upstream.script('{"name": "Monday", "number": 1}')
    answer = sdk.chat.completions.parse(model=HOSTED + "echo", messages=QUESTION, response_format=Day)
    assert answer.choices[0].message.parsed == Day(name="Monday", number=1)
    assert json.loads(upstream.requests(ASKED)[-1]["body"])["response_format"]["json_schema"]["strict"]


def test_the_sdk_streams_a_response(sdk):
    alone = {"X-LangAI-Collections": "none"}
    with sdk.responses.stream(model=HOSTED + "echo", input="How many days?", extra_headers=alone) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        response = stream.get_final_response()
    assert deltas == response.output_text == "How many days?"
    whole = sdk.responses.create(model=HOSTED + "echo", input="How long?", extra_headers=alone)
    assert whole.output_text == "How long?"


def test_the_sdk_sends_much_and_gets_an_answer(sdk, calls):
    said = [{"role": "user", "content": "A line of a file.\n" * 11_000}] * 4
    answer = ask(
        sdk,
        "echo",
        messages=[
            {"role": "developer", "content": "Be brief."},
            *said,
            {"role": "assistant", "content": "Yes?"},
            *QUESTION,
        ],
        max_completion_tokens=100_000,
        stop=["a1", "b1", "c1", "d1", "e1"],
        top_p=0.9,
        seed=7,
        user="alice",
        reasoning_effort="low",
        parallel_tool_calls=False,
        metadata={"case": "1", "collections": "none"},
    )
    assert answer.choices[0].message.content == "How many days?"
    assert calls() == 1


# In a process of its own: the one of the tests has LiteLLM as LangAI prepares it, which calls nobody by itself.
LITELLM = """
import json, sys
import litellm

def outcome(**fields):
    try:
        answer = litellm.completion(messages=[{"role": "user", "content": "How many days?"}], **common, **fields)
        if not fields.get("stream"):
            return answer.choices[0].message.content
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    except Exception as error:
        return type(error).__name__

url, key, model = json.loads(sys.argv[1])
common = {"api_base": url, "api_key": key, "extra_headers": {"X-LangAI-Collections": "none"}}
echo = f"openai/{model}echo"
print(json.dumps([
    outcome(model=echo, max_tokens=9000, temperature=0.1, top_p=0.9),
    outcome(model=echo, stream=True, stream_options={"include_usage": True}),
    outcome(model=f"openai/{model}fail-toolong"),
    outcome(model=f"openai/{model}silent-filter"),
    outcome(model=echo, response_format={"type": "json_object"}),
]))
"""


def test_litellm_asks_streams_and_pays_once(server, key, calls):
    given = json.dumps([f"{server.url}/v1", key, HOSTED])
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-c", LITELLM, given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    outcomes = json.loads(done.stdout.strip().splitlines()[-1])
    words = "How many days?"
    assert outcomes == [
        words,
        words,
        "ContextWindowExceededError",
        "ContentPolicyViolationError",
        words,
    ]
    # Two for the prompt that is too long: LangAI itself asks once more with less.
    assert calls() == 6


def test_the_base_url_says_what_it_is(server):
    told = httpx.get(f"{server.url}/v1/", trust_env=False).json()
    assert told["name"] == "LangAI"
    missing = httpx.get(f"{server.url}/v1/nothing", trust_env=False)
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "invalid_request_error")
