"""What OpenAI's clients send besides messages: it is honoured, ignored if that is harmless, or refused."""

import json

import pytest

from chat.api.openai_parameters import STOP_MAX_CHARS, STOPS_MAX
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.usage.models import Reservation
from tests.api.conftest import offer
from tests.api.openai_answers import CHAT, USER, ask, error_of, sent, streamed, text_of

pytestmark = pytest.mark.usefixtures("upstream")
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
# Each is sent by some client, and changes nothing that the client could see.
HARMLESS = [
    {"n": 1},
    {"n": None},
    {"user": "alice"},
    {"seed": 7},
    {"seed": -1},
    {"seed": 2**63},
    {"logprobs": False},
    {"logprobs": False, "top_logprobs": None},
    {"top_logprobs": 0},
    {"presence_penalty": 0.5, "frequency_penalty": -0.5},
    {"top_p": 0.9},
    {"top_k": 40, "min_p": 0.1, "repetition_penalty": 1.1},
    {"parallel_tool_calls": True},
    {"store": True},
    {"metadata": {"case": "1"}},
    {"metadata": None},
    {"service_tier": "auto"},
    {"stream_options": {"include_usage": True}},
    {"stream_options": None},
    {"stream": None},
    {"reasoning_effort": "low"},
    {"verbosity": "low"},
    {"logit_bias": {}},
    {"logit_bias": None},
    {"response_format": {"type": "text"}},
    {"response_format": None},
    {"modalities": ["text"]},
    {"modalities": None},
    {"audio": None},
    {"prediction": None},
    {"prediction": {"type": "content", "content": "Twenty-eight."}},
    {"tools": []},
    {"tools": None},
    {"tools": [], "tool_choice": "none"},
    {"tool_choice": "auto"},
    {"functions": [], "function_call": "none"},
    {"stop": None},
    {"stop": []},
    {"stop": ""},
    {"stop": ["", "\n\nUser:"]},
    {"safety_identifier": "x", "prompt_cache_key": "y"},
    {"max_tokens": None, "max_completion_tokens": None, "temperature": None},
    {"extra_headers": {}, "timeout": 600},
]
# Each would change the answer.
UNSUPPORTED = [
    ("n", {"n": 2}),
    ("functions", {"functions": [TOOL["function"]]}),
    ("function_call", {"function_call": {"name": "weather"}}),
    ("logprobs", {"logprobs": True}),
    ("top_logprobs", {"top_logprobs": 3}),
    ("logit_bias", {"logit_bias": {"50256": -100}}),
    ("modalities", {"modalities": ["text", "audio"]}),
    ("modalities", {"modalities": ["audio"]}),
    ("audio", {"audio": {"voice": "alloy", "format": "wav"}}),
    ("web_search_options", {"web_search_options": {}}),
]


@pytest.mark.parametrize("fields", HARMLESS, ids=str)
async def test_what_changes_nothing_is_accepted(program, echo, fields):
    answer = await ask(program, **fields)
    assert answer.status_code == 200, answer.content
    assert answer.json()["choices"][0]["message"]["content"] == "How many days?"


@pytest.mark.parametrize(("param", "fields"), UNSUPPORTED, ids=str)
async def test_what_would_change_the_answer_is_refused_by_its_name(program, echo, upstream, param, fields):
    status, error = error_of(await ask(program, **fields))
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert (error["code"], error["param"]) == ("unsupported_parameter", param)
    assert f"'{param}'" in error["message"]
    assert upstream.requests() == []
    assert not await Reservation.objects.aexists()


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_an_answer_longer_than_allowed_is_lowered(program, echo, upstream, settings, name):
    for wanted in (settings.ANSWER_MAX_TOKENS + 1, 128_000, 10**30):
        assert (await ask(program, **{name: wanted})).status_code == 200
        assert sent(upstream)["max_tokens"] == settings.ANSWER_MAX_TOKENS
    await ask(program, **{name: 77})
    assert sent(upstream)["max_tokens"] == 77


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("number", [0, -1])
async def test_an_answer_of_no_length_is_refused(program, echo, name, number):
    status, error = error_of(await ask(program, **{name: number}))
    assert (status, error["param"]) == (400, name)
    assert "greater than or equal to 1" in error["message"]


async def test_what_tunes_reaches_the_model(program, echo, upstream):
    tuning = {"top_p": 0.9, "presence_penalty": 0.5, "frequency_penalty": -0.5, "seed": 7}
    await ask(program, **tuning)
    assert {name: sent(upstream)[name] for name in tuning} == tuning


async def test_what_does_not_tune_is_left_out(program, echo, upstream):
    await ask(program, top_p=1, presence_penalty=0, frequency_penalty=0.0, reasoning_effort="low", user="alice")
    assert not {"top_p", "presence_penalty", "frequency_penalty", "reasoning_effort", "user", "seed"} & set(
        sent(upstream)
    )


async def test_a_program_tunes_before_an_admin_who_tunes_what_it_leaves_out(program, echo, upstream):
    await Model.objects.aupdate(parameters={"top_p": 0.1, "seed": 3})
    await ask(program, top_p=0.9)
    assert (sent(upstream)["top_p"], sent(upstream)["seed"]) == (0.9, 3)


async def test_answers_with_other_seeds_are_other_answers(program, echo, upstream):
    for seed in (1, 2, 2):
        await ask(program, seed=seed)
    assert len(upstream.requests(CHAT)) == 2


@pytest.mark.parametrize("count", [1, 4, 5, STOPS_MAX])
async def test_an_answer_ends_before_the_first_of_many_stops(program, transactional_db, count):
    model = await in_database_thread(offer, "t3000-r100")
    stops = [*(f"stop{number}" for number in range(count - 1)), "word5 "]
    assert text_of(await streamed(program, model=model, stop=stops)) == "word1 word2 word3 word4 "


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        ([f"stop{number}" for number in range(STOPS_MAX + 1)], "array_above_max_length"),
        (["x" * (STOP_MAX_CHARS + 1)], "string_above_max_length"),
        ([1], "invalid_type"),
        ({"a": 1}, "invalid_type"),
    ],
    ids=str,
)
async def test_more_stops_than_are_taken_are_refused(program, echo, stop, code):
    status, error = error_of(await ask(program, stop=stop))
    assert (status, error["code"], error["param"][:4]) == (400, code, "stop")


async def test_the_same_stop_twice_is_one(program, echo):
    assert (await ask(program, stop=["a1", "", "a1"] * 10)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"max_tokens": 4096}, 200),
        ({"stop": ["a1", "b1", "c1", "d1", "e1"]}, 200),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, 200),
        ({"messages": [{"role": "user", "content": " ".join(f"word{number}" for number in range(2400))}]}, 200),
    ],
    ids=["max-tokens-4096", "stop-5", "tools", "user-12000-chars"],
)
async def test_requests_that_real_clients_sent(program, echo, fields, status):
    answer = await program.post(CHAT, {"model": "auto", "messages": [USER]} | fields)
    assert answer.status_code == status, answer.content
    if status != 200:
        assert json.loads(answer.content)["error"]["message"]
