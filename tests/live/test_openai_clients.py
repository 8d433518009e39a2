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

from tests.conftest import needs
from tests.live import rows
from tests.live.client_scripts import LANGCHAIN, LITELLM
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


def outcomes_of(script, server, key):
    """Run a client's script, and return what it prints last."""
    given = json.dumps([f"{server.url}/v1", key, HOSTED])
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-c", script, given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_litellm_asks_streams_and_pays_once(server, key, calls):
    outcomes = outcomes_of(LITELLM, server, key)
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


CALLS = [
    {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
]
CALLING = {"choices": [{"index": 0, "delta": {"tool_calls": CALLS}, "finish_reason": "tool_calls"}]}


def said(*texts):
    """Return the bytes of an answer in OpenAI's format."""
    chunks = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in texts]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in (*chunks, end))


def test_langchain_asks_streams_calls_tools_and_parses(server, key, upstream, calls):
    needs("langchain")
    calling = b"data: %s\n\n" % json.dumps(CALLING).encode()
    words, sunny = said("How many days?"), said("It is sunny.")
    asked = [words, said("How many ", "days?"), calling, sunny, calling, sunny, said('{"name": "Monday", "number": 1}')]
    for answer in asked:
        upstream.script_raw(answer)
    outcomes = outcomes_of(LANGCHAIN, server, key)
    with_tool = [[{"city": "Oslo"}], "It is sunny."]
    day = {"name": "Monday", "number": 1}
    words = "How many days?"
    assert outcomes == [words, [words, True], with_tool, with_tool, day, "OpenAIContextOverflowError"]
    # LangAI itself asks once more with less where a prompt is too long.
    assert calls() == len(asked) + 2


LLM_MODELS = """
- model_id: langai
  model_name: {model}
  api_base: {url}/v1
  api_key_name: langai
  headers: {{X-LangAI-Collections: none}}
  supports_schema: true
"""


def test_the_llm_tool_streams_and_asks_for_a_schema(server, key, upstream, tmp_path):
    needs("llm")
    (tmp_path / "extra-openai-models.yaml").write_text(LLM_MODELS.format(model=f"{HOSTED}echo", url=server.url))
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path), "NO_PROXY": "127.0.0.1"}

    def ask(*options):
        command = [sys.executable, "-m", "llm", "-m", "langai", "--key", key, *options, "How many days?"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True).stdout

    assert ask("-s", "Be brief.", "-o", "temperature", "0.3") == "How many days?\n"
    upstream.script('{"name": "Monday", "number": 1}')
    assert json.loads(ask("--schema", "name, number int", "--no-stream")) == {"name": "Monday", "number": 1}
    assert json.loads(upstream.requests(ASKED)[-1]["body"])["response_format"]["type"] == "json_schema"


def test_the_base_url_says_what_it_is(server):
    told = httpx.get(f"{server.url}/v1/", trust_env=False).json()
    assert told["name"] == "LangAI"
    missing = httpx.get(f"{server.url}/v1/nothing", trust_env=False)
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "invalid_request_error")
