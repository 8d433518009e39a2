"""/v1's errors: OpenAI's clients do not repeat what cannot succeed, and all errors have OpenAI's shape."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chat.api import sse
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError, TooManyError
from langai_site.outbound import failures
from langai_site.outbound.models import Model
from langai_site.web import openai_errors
from tests.api.conftest import Program, offer
from tests.api.events import frames_of
from tests.api.openai_answers import CHAT, EMBED, USER, ask, error_of, problem, streamed, text_of

pytestmark = pytest.mark.usefixtures("upstream")
# The statuses after which OpenAI's SDK retries by itself.
# The model has answered, though with nothing that can be used.
PAID = ("silent", "thought_only", "tool_call")
REPEATED = {408, 409, 429, 500, 503}
FINAL = {
    "fail-toolong": (400, "context_length_exceeded"),
    "fail-unprocessable": (400, "rejected"),
    "fail-missing": (404, "model_not_found"),
    "silent-filter": (400, "content_filter"),
}


async def offered(name, **values):
    return await in_database_thread(lambda: offer(name, **values))


def calls(upstream):
    return len(upstream.requests(CHAT))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "told"), FINAL.items())
async def test_what_another_try_cannot_change_is_told_so_that_no_client_tries(program, upstream, name, told, stream):
    answer = await ask(program, model=await offered(name), stream=stream)
    status, kind, code = problem(answer)
    assert (status, code) == told
    assert kind == "invalid_request_error"
    assert "Retry-After" not in answer
    # LangAI itself asks once more with less if a prompt is too long.
    assert calls(upstream) == 1 + (name == "fail-toolong")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_that_refuses_langais_key_is_not_asked_again(program, stream):
    answer = await ask(program, model=await offered("fail-unauthorized"), stream=stream)
    assert problem(answer) == (503, "server_error", "unauthorized")
    assert answer["x-should-retry"] == "false"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "told", "seconds"),
    [
        ("fail-busy", (429, "rate_limit_error", "rate_limit_exceeded"), "7"),
        ("fail-broken", (503, "server_error", "upstream_error"), "2"),
        ("fail-empty", (503, "server_error", "upstream_error"), "2"),
    ],
)
async def test_what_may_be_over_in_a_moment_says_when_to_try_again(program, name, told, seconds, stream):
    answer = await ask(program, model=await offered(name), stream=stream)
    assert problem(answer) == told
    assert answer["Retry-After"] == seconds


@pytest.mark.parametrize(
    ("name", "code"),
    [("t60-r60-filter", "content_filter"), ("fail-cut-t60-r60", "cut"), ("fail-error-t60-r60", "upstream_error")],
)
async def test_a_failure_after_the_first_words_comes_as_openais_error_chunk(program, name, code):
    chunks = await streamed(program, model=await offered(name))
    assert text_of(chunks[:-1]).startswith("word1")
    assert set(chunks[-2]) == {"error"}
    assert set(chunks[-2]["error"]) == {"message", "type", "param", "code"}
    assert chunks[-2]["error"]["code"] == code
    assert chunks[-1] == "[DONE]"


async def test_a_failure_after_signs_of_life_comes_as_an_error_chunk_too(program, settings, monkeypatch):
    monkeypatch.setattr(sse, "PATIENCE", 0.05)
    monkeypatch.setattr(sse, "QUIET", 0.1)
    settings.ANSWER_START_TIMEOUT = 0.5
    answer = await ask(program, model=await offered("fail-hang"), stream=True)
    text = b"".join([part async for part in answer]).decode()
    assert ": keep-alive\n\n" in text
    *_, failed, done = [frame.data for frame in frames_of(text)]
    assert (failed["error"]["code"], done) == ("start_timeout", "[DONE]")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_label_is_no_reason_to_try_again(program, echo, settings, upstream, stream):
    settings.LOCAL_HOSTS = []
    answer = await ask(program, headers={"X-LangAI-Sensitivity": "confidential"}, stream=stream)
    assert problem(answer) == (403, "permission_error", "above_ceiling")
    assert upstream.requests() == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_prompt_without_room_in_any_model_is_told_as_openai_does(program, upstream, stream):
    small = await offered("t5", listed_window=200)
    for model in (small, "auto"):
        answer = await ask(program, model=model, stream=stream)
        status, error = error_of(answer)
        assert (status, error["code"], error["param"]) == (400, "context_length_exceeded", "messages")
    assert upstream.requests() == []


async def test_a_model_that_is_gone_is_not_found(program, echo):
    await Model.objects.aupdate(available=False)
    status, error = error_of(await ask(program, model=echo))
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")


@pytest.mark.parametrize("code", failures.FINAL)
def test_no_final_failure_of_a_provider_is_repeated(code):
    error = openai_errors.translated(failures.failure(code, "A model"))
    assert error.status not in REPEATED or error.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("code", PAID)
def test_no_answer_that_would_be_paid_again_is_repeated(code):
    """OpenAI's SDK repeats what was answered with 503, up to twice, unless the header says otherwise."""
    error = openai_errors.translated(failures.failure(code, "A model"))
    assert error.status not in REPEATED or error.headers["x-should-retry"] == "false"
    assert "Retry-After" not in error.headers


def test_an_answer_of_thoughts_only_is_the_requests_own_fault():
    assert openai_errors.translated(failures.failure("thought_only", "A model")).status == 400


@pytest.mark.parametrize("code", sorted({*failures.MESSAGES} - {*failures.FINAL, *PAID}))
def test_every_other_failure_of_a_provider_may_be_tried_again(code):
    error = openai_errors.translated(failures.failure(code, "A model"))
    assert error.status in (429, 503)
    assert int(error.headers["Retry-After"]) > 0


@pytest.mark.parametrize("code", failures.MESSAGES)
def test_an_error_is_translated_once(code):
    once = openai_errors.translated(failures.failure(code, "A model"))
    twice = openai_errors.translated(once)
    assert vars(once) == vars(twice)


def test_a_limit_keeps_its_own_time():
    error = openai_errors.translated(TooManyError("Too often.", retry_after=40))
    assert (error.status, error.headers["Retry-After"]) == (429, "40")


@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        (CHAT, {"messages": [USER]}, "model", "missing_required_parameter"),
        (CHAT, {"model": "auto"}, "messages", "missing_required_parameter"),
        (CHAT, {"model": "auto", "messages": "Hello"}, "messages", "invalid_type"),
        (CHAT, {"model": "auto", "messages": []}, "messages", "array_below_min_length"),
        (CHAT, {"model": "auto", "messages": ["Hello"]}, "messages[0]", "invalid_type"),
        (CHAT, {"model": "auto", "messages": [USER], "max_tokens": 0}, "max_tokens", "number_below_min_value"),
        (CHAT, {"model": "auto", "messages": [USER], "max_tokens": -1}, "max_tokens", "number_below_min_value"),
        (CHAT, {"model": "auto", "messages": [USER], "max_tokens": "many"}, "max_tokens", "invalid_type"),
        (CHAT, {"model": "auto", "messages": [USER], "temperature": 3}, "temperature", "number_above_max_value"),
        (CHAT, {"model": "auto", "messages": [USER], "stream": "maybe"}, "stream", "invalid_type"),
        (CHAT, {"model": "auto", "messages": [USER], "metadata": "x"}, "metadata", "invalid_type"),
        (EMBED, {"model": "all-minilm-l6-v2"}, "input", "missing_required_parameter"),
        (EMBED, {"model": "all-minilm-l6-v2", "input": ["a", 1]}, "input[1]", "invalid_type"),
        (EMBED, {"model": "all-minilm-l6-v2", "input": []}, "input", "invalid"),
        (EMBED, {"model": "other", "input": "x"}, "model", "model_not_found"),
    ],
    ids=str,
)
async def test_what_is_wrong_in_a_body_is_named(program, path, body, param, code):
    status, error = error_of(await program.post(path, body))
    assert status == (404 if code == "model_not_found" else 400)
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("body", ["", "{", "[1]", '"x"', "null", "[" * 5_000, '{"model": "auto", "messages": [}'])
async def test_a_body_that_cannot_be_read_is_told_in_the_same_shape(program, body):
    answer = await program.client.post(CHAT, body, content_type="application/json", headers=program.headers)
    assert error_of(answer)[0] == 400


async def test_a_form_is_not_what_is_read(program):
    answer = await program.client.post(CHAT, {"model": "auto"}, headers=program.headers)
    assert error_of(answer)[0] == 415


def test_what_was_sent_is_never_repeated():
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(list[int]).validate_python(["my secret"])
    errors = [{**error, "loc": ("body", "body", "numbers", *error["loc"])} for error in raised.value.errors()]
    error = openai_errors.invalid(errors)
    assert (error.param, error.code) == ("numbers[0]", "invalid_type")
    assert "secret" not in error.message


@pytest.mark.parametrize("path", ["/v1/engines", "/v1/chat", "/v1/response", "/v1/models/", "/v1/chat/completions/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_that_there_is_not_is_told_in_the_same_shape(transactional_db, path, method):
    answer = await Program().client.generic(method, path, "{}", content_type="application/json")
    status, error = error_of(answer)
    assert (status, error["type"], error["code"]) == (404, "invalid_request_error", "not_found")
    assert "/v1/chat/completions" in error["message"]


async def test_a_wrong_method_is_told_in_the_same_shape(program):
    answer = await program.get(CHAT)
    status, error = error_of(answer)
    assert (status, error["code"], answer["Allow"]) == (405, "method_not_allowed", "POST")
    assert "POST" in error["message"]


async def test_other_addresses_keep_their_own_shape(program, alice):
    answer = await program.post("/chat", message="How?", model=await offered("fail-toolong"))
    assert answer.status_code == 503
    assert set(answer.json()["error"]) == {"code", "message", "request_id"}


def test_an_error_can_name_what_is_wrong():
    assert LangAIError("Wrong.", param="stop").param == "stop"
