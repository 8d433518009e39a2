"""What is tried instead after a server refused a parameter."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.failures import read_error
from langai_site.outbound.lanes.openai_chat import build
from langai_site.outbound.lanes.quirks import USUAL, Quirks, quirks_learnt
from langai_site.outbound.lanes.requests import Request, WireMessage
from langai_site.outbound.parts import Text

MESSAGES = (WireMessage("system", (Text("Be brief."),)), WireMessage("user", (Text("hi"),)))
REQUEST = Request(model="m", messages=MESSAGES, max_tokens=4000, temperature=0.5)
COMPLETION = Quirks(max_tokens_name="max_completion_tokens")


def learnt(status, body, quirks=USUAL, request=REQUEST):
    return quirks_learnt(read_error(status, {}, json.dumps(body).encode()), request, quirks)


def openai(message, param=None, code=None):
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def forbidden(name):
    return {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": 1}


USE = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."
LEARNT = [
    (400, openai(USE, "max_tokens", "unsupported_parameter"), COMPLETION),
    (400, openai(USE), COMPLETION),
    (400, openai("Unsupported parameter", "max_tokens", "unsupported_parameter"), COMPLETION),
    (422, {"detail": [forbidden("stream_options")]}, Quirks(stream_options=False)),
    (422, {"object": "error", "message": {"detail": [forbidden("stream_options")]}}, Quirks(stream_options=False)),
    (
        400,
        {"object": "error", "message": str([forbidden("stream_options") | {"loc": ("body", "stream_options")}])},
        Quirks(stream_options=False),
    ),
    (422, {"detail": [forbidden("stream_options"), forbidden("max_tokens")]}, Quirks("max_completion_tokens", False)),
    (400, openai("Unknown parameter: 'stream_options.include_usage'."), Quirks(stream_options=False)),
    (400, openai("System role not supported"), Quirks(system_role="user")),
    (500, openai(f"Jinja Exception: {ALTERNATE}"), Quirks(system_role="user")),
    (400, openai(ALTERNATE), Quirks(system_role="user")),
    (
        400,
        {"error": 'Error rendering prompt: "Only user and assistant roles are supported!"'},
        Quirks(system_role="user"),
    ),
    (400, openai("'messages[0].role' does not support 'system' with this model."), Quirks(system_role="user")),
    (400, openai("Developer instruction is not enabled for models/gemma"), Quirks(system_role="user")),
    (400, openai("role 'system' is not allowed"), Quirks(system_role="user")),
    (400, openai("'system' is not one of ['user', 'assistant'] - 'messages.0.role'"), Quirks(system_role="user")),
    (
        422,
        {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}]},
        Quirks(system_role="user"),
    ),
    (400, openai("parameter temperature is invalid"), Quirks(temperature=False)),
    (400, openai("streaming mode is disabled"), Quirks(stream=False)),
    (400, openai("'temperature' does not support 0.5 with this model.", "temperature"), Quirks(temperature=False)),
    (400, openai("`temperature` is deprecated for this model."), Quirks(temperature=False)),
    (400, openai("Your organization must be verified to stream this model.", "stream"), Quirks(stream=False)),
    (400, openai("Streaming is not supported for this model."), Quirks(stream=False)),
    *[
        (400, openai(message), quirks)
        for quirks, messages in {
            COMPLETION: (
                "Please use max_completion_tokens instead of max_tokens",
                "The parameter `max_tokens` specified in the request is not valid",
                "Field max_tokens was not expected",
            ),
            Quirks(stream_options=False): (
                "Additional properties are not allowed ('stream_options' was unexpected)",
                "The following parameters are not accepted: stream_options",
            ),
            Quirks(temperature=False): ("Parameter temperature is fixed at 1.0",),
            Quirks(system_role="user"): (
                "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
                "The first message must have role user",
                "role must be one of: user, assistant",
                "'system' role is not supported for this model",
                "System prompts are disabled for this model",
            ),
            Quirks(stream=False): (
                "Streaming is currently unavailable for this deployment",
                "streaming has been disabled by your administrator",
                "Only stream=false is supported",
                "Cannot stream responses from this model",
                "Streaming generation not implemented",
            ),
        }.items()
        for message in messages
    ],
    (400, openai("The `reasoning_content` must be passed back to the API."), Quirks(reasoning_content=True)),
]


@pytest.mark.parametrize(("status", "body", "quirks"), LEARNT)
def test_what_is_refused_is_learnt(status, body, quirks):
    assert learnt(status, body) == quirks
    assert learnt(status, body, quirks) != quirks


@pytest.mark.parametrize(
    "body",
    [
        openai(
            "max_tokens is too large: 4000. This model supports at most 2048 completion tokens, you gave 4000.",
            "max_tokens",
        ),
        openai("Param Incorrect", "max_tokens is too large: 4000. This model supports at most 2048 completion tokens."),
        openai("max_tokens: 4000 > 2048, which is the maximum allowed number of output tokens for claude-x"),
        openai(
            "`max_tokens` must be less than or equal to `2,048`, the maximum value is less than the `context_window`"
        ),
        openai("The maximum value for max_tokens is 2048"),
        openai("max_tokens cannot be greater than 2048"),
        openai("max_tokens limit is 2,048"),
        openai("Expected max_tokens to be at most 2048, got 4000"),
        openai("Invalid max_tokens value, the valid range of max_tokens is [1, 2048]"),
        openai("max_tokens must be less than 2049"),
        {
            "detail": [
                {
                    "type": "less_than_equal",
                    "loc": ["body", "max_tokens"],
                    "msg": "Input should be less than or equal to 2048",
                }
            ]
        },
        openai(
            "It has a maxOutputTokens value of 4000 but the supported range is from 1 (inclusive) to 2049 (exclusive)."
        ),
    ],
)
def test_a_limit_is_learnt(body):
    assert learnt(400, body) == Quirks(max_tokens_ceiling=2048)


def test_a_limit_that_is_not_named_is_looked_for():
    body = openai("max_tokens is too large", "max_tokens")
    assert learnt(400, body) == Quirks(max_tokens_ceiling=2000)
    assert learnt(400, body, Quirks(max_tokens_ceiling=256)) is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 8192 tokens, however you requested 9000."),
        (400, "'max_tokens' is too large: 4000. This model's maximum context length is 8192 tokens."),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs`"),
        (400, "Something about the stream of water and its temperature"),
        (400, "Invalid image"),
        (429, "Unsupported parameter: 'max_tokens'"),
        (500, "Unsupported parameter: 'max_tokens'"),
        (400, ""),
    ],
)
def test_nothing_is_learnt_from_other_failures(status, message):
    assert learnt(status, openai(message)) is None


def test_nothing_is_learnt_of_what_was_not_sent():
    plain = Request(model="m", messages=MESSAGES[1:], max_tokens=100, stream=False)
    for _, body, _ in LEARNT[8:14]:
        assert learnt(400, body, request=plain) is None
    assert learnt(400, openai("x", "temperature"), request=plain) is None
    assert learnt(400, openai("x", "stream"), request=plain) is None


def test_roles_and_limits_are_given_up_step_by_step():
    refusal = openai("Invalid role: 'developer' is not one of ['system', 'user']")
    assert learnt(400, refusal, Quirks(system_role="developer")) == Quirks(system_role="system")
    assert learnt(400, openai("x", "max_completion_tokens"), COMPLETION) == Quirks(max_tokens_name=None)


STRICT = {
    "max_tokens": lambda body: "max_tokens" in body and openai("Unsupported", "max_tokens", "unsupported_parameter"),
    "stream_options": lambda body: "stream_options" in body and {"detail": [forbidden("stream_options")]},
    "system": lambda body: body["messages"][0]["role"] == "system" and openai("System role not supported"),
    "temperature": lambda body: "temperature" in body and openai("no", "temperature", "unsupported_value"),
    "stream": lambda body: "stream" in body and openai("no", "stream"),
    "limit": lambda body: body.get("max_tokens", 0) > 2048 and openai("max_tokens is too large", "max_tokens"),
}


@pytest.mark.parametrize(
    "refused", [[name] for name in STRICT] + [["max_tokens", "stream_options", "system", "temperature"]]
)
def test_a_strict_server_answers_in_the_end(refused):
    quirks = USUAL
    for attempt in range(len(refused) + 1):
        body = build(REQUEST, quirks).body
        errors = [error for name in refused if (error := STRICT[name](body))]
        if not errors:
            assert attempt
            return
        quirks = learnt(400, errors[0], quirks)
    pytest.fail("the server still refuses")


@given(st.text(max_size=60), st.text(max_size=20), st.sampled_from([0, 400, 422, 500]))
@settings(deadline=None)
def test_no_message_raises(message, param, status):
    assert quirks_learnt(ServerFailure(status, message=message, param=param), REQUEST, USUAL) != USUAL
