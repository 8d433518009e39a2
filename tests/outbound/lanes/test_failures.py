"""Errors of providers, in every shape, and the kind of each."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.failures import classify, read_error, retry_after
from langai_site.outbound.lanes.named_windows import window_of
from tests.outbound.lanes.reading import json_with

NOW = datetime(2026, 11, 29, 16, 15, 1, tzinfo=UTC)


def read(status, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_error(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, NOW)


def kind(status, message, **more):
    return classify(ServerFailure(status, message=message, **more))


SHAPES = [
    {"error": {"message": "too much", "type": "t", "code": "c", "param": "p"}},
    {"error": {"message": "too much", "type": "t", "code": "c", "param": "p"}, "status": 400},
    {"message": "too much", "type": "t", "code": "c", "param": "p"},
    {"object": "error", "message": "too much", "type": "t", "code": "c", "param": "p"},
    {"error": {"error": {"message": "too much", "type": "t", "code": "c", "param": "p"}}},
    {"errors": [{"message": "too much", "type": "t", "code": "c", "param": "p"}]},
    [{"error": {"message": "too much", "type": "t", "code": "c", "param": "p"}}],
    {"error": json.dumps({"message": "too much", "type": "t", "code": "c", "param": "p"})},
    {"detail": {"message": "too much", "type": "t", "code": "c", "param": "p"}},
]


@pytest.mark.parametrize("body", SHAPES)
def test_the_error_is_found_wherever_it_stands(body):
    assert read(400, body) == ServerFailure(400, "t", "c", "p", "too much")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "too much"}, "too much"),
        ({"error": ["too much"]}, "too much"),
        ({"detail": "too much"}, "too much"),
        ({"detail": [{"loc": ["body", "n"], "msg": "too much", "type": "t"}]}, "n: too much"),
        ({"message": {"detail": [{"loc": ["body", "n"], "msg": "too much"}]}}, "n: too much"),
        ("too much", "too much"),
        (b"too much", "too much"),
        (b"\xef\xbb\xbf too much \xff", "too much \ufffd"),
        (b'data: {"error": {"message": "too much"}}\n\n', "too much"),
        (b'event: error\ndata: {"error": "too much"}\n\n', "too much"),
        (b"<html><head><title>502 Bad Gateway</title></head><body>secret</body></html>", "502 Bad Gateway"),
        (b"<html>secret", ""),
        (b"", ""),
        (b"{broken", "{broken"),
        ([], ""),
        ({}, ""),
        (None, ""),
        (5, ""),
        ({"error": None}, ""),
        ({"error": {}}, ""),
        ({"error": {"message": None, "code": None}}, ""),
        ({"error": True}, ""),
    ],
)
def test_the_message_is_found_whatever_the_body_is(body, message):
    assert read(400, body).message == message


def test_an_inner_error_is_kept_beside_the_outer_one():
    raw = json.dumps({"error": {"message": "too much", "code": "context_length_exceeded"}})
    error = {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw, "provider_name": "x"}}
    failure = read(400, {"error": error})
    assert failure.message == "Provider returned error | too much"
    assert classify(failure) == "too_long"


@pytest.mark.parametrize(
    ("code", "status", "kept"), [(429, 429, "429"), ("429", 429, "429"), (3051, 0, "3051"), ("1302", 0, "1302")]
)
def test_codes_may_be_numbers(code, status, kept):
    failure = read(0, {"error": {"code": code}})
    assert (failure.status, failure.code) == (status, kept)


def test_messages_and_names_are_cut():
    failure = read(400, {"error": {"message": "x" * 10_000, "code": "y" * 10_000, "param": "\ud83d"}})
    assert (len(failure.message), len(failure.code), failure.param) == (2000, 200, "\ufffd")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "Sun, 29 Nov 2026 16:16:01 GMT"}, 60),
        ({"Retry-After": "Sun, 29 Nov 2026 16:16:01"}, 60),
        ({"Retry-After": "Sun, 29 Nov 2026 16:16:01 +0100"}, 0),
        ({"Retry-After": "Sun, 29 Mar 2025 16:16:01 GMT"}, 0),
        ({"Retry-After": "Sun Nov 29 16:16:01 2026"}, 60),
        ({"Retry-After": "20 seconds"}, 20),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"Retry-After": "6m0s"}, 360),
        ({"Retry-After": "999999999999"}, 3600),
        *[({"Retry-After": value}, 0) for value in ("", "soon", "-5", "Sun, 99 Xyz", "9" * 500, "nan", "٣", ",")],
    ],
)
def test_how_long_to_wait_by_headers(headers, seconds):
    assert read_error(429, headers, b"", NOW).retry_after == seconds


def test_a_date_needs_the_time():
    assert retry_after({"retry-after": "Sun, 29 Nov 2026 16:16:01 GMT"}) == 0


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"message": "Rate limit reached. Please try again in 6m0s. Visit x."}}, 360),
        ({"error": {"message": "Please try again in 20ms."}}, 0.02),
        ({"error": {"message": "Please retry after 9 seconds."}}, 9),
        ({"error": {"message": "Please retry in 34.07s."}}, 34.07),
        ({"error": {"message": "Please try again in 1m3.5s."}}, 63.5),
        ({"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}, 34),
        ({"error": "Model x is currently loading", "estimated_time": 20.5}, 20.5),
        ({"error": {"message": "Please try again later."}}, 0),
        ({"error": {"message": "retry with 5 models"}}, 0),
        ({"error": {"details": [{"retryDelay": None}, {"retryDelay": True}]}}, 0),
    ],
)
def test_how_long_to_wait_by_the_body(body, seconds):
    assert read(429, body).retry_after == seconds


TOO_LONG = [
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
    "You passed 9001 input tokens and requested 4000 output tokens. However, the model's context length is only 8192.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "'max_tokens' is too large: 4000. This model's maximum context length is 8192 tokens.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    "request (20001 tokens) exceeds the available context size (8192 tokens), try increasing it",
    "Requested tokens (2285) exceed context window of 2048",
    "The number of tokens to keep from the initial prompt is greater than the context length.",
    "Trying to keep the first 5000 tokens when context the overflows.",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
    "prompt is too long: 201130 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "the input length exceeds the context length",
    "Prompt exceeds maximum context length",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
    "Invalid request: Your request exceeded model token limit: 8192",
    "Range of input length should be [1, 30720]",
    "Input is too long for requested model.",
    "too many tokens: size limit exceeded by 100 tokens",
    "Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 50000.",
    "Please reduce the length of the messages or completion.",
    "tokens in request more than max tokens allowed",
    "total message size 500000 exceeds limit 400000",
    "Invalid 'messages[0].content': string too long. Expected a string with maximum length 1048576.",
    "The total number of tokens exceeds the model's limit",
    "max context length is 8192, but you requested 9000",
    "Conversation too long",
    "Prompt exceeds max length",
    "The prompt (total length 5000) is too long to fit into the model (context length 4096).",
    "Input prompt (9000 tokens) is too long and exceeds limit of 8192",
    "Token limit exceeded: 9000 > 8192",
    "Input exceeds model capacity of 8192 tokens",
    "input_tokens (9000) + max_new_tokens (512) > max_seq_len 8192",
    "ValueError: input tokens 9000 > 8192 max input tokens",
    "unable to submit request because the input token count is 40000 but model only supports up to 32768.",
]


@pytest.mark.parametrize("message", TOO_LONG)
@pytest.mark.parametrize("status", [0, 400, 422, 500])
def test_what_is_too_long_is_known_by_its_wording(status, message):
    assert kind(status, message) == "too_long"
    assert kind(status, message.upper(), type="invalid_request_error") == "too_long"


# The window that each of the sentences above names, by a word in it; the others name none.
WINDOWS = {
    **dict.fromkeys(("requested 5000 tokens", "model length of 4096", "context length (4096", "be <= 4096"), 4096),
    **dict.fromkeys(("only 8192", "is too large: 4000", "size (8192", "limit: 8192", "length is 8192, but"), 8192),
    **dict.fromkeys(("limit of 8192", "exceeded: 9000", "capacity of 8192", "max_seq_len 8192", "> 8192 max"), 8192),
    **dict.fromkeys(("prompt length is 131072", "maximum context length is 131072"), 131_072),
    **dict.fromkeys(("window of 2048",), 2048),
    **dict.fromkeys(("(1048575)",), 1_048_575),
    **dict.fromkeys(("> 200000",), 200_000),
    **dict.fromkeys(("with 32768", "up to 32768"), 32_768),
    **dict.fromkeys(("[1, 30720]",), 30_720),
    "(context length 4096)": 4096,
}


@pytest.mark.parametrize("message", TOO_LONG)
def test_the_window_that_a_refusal_names(message):
    window = next((window for word, window in WINDOWS.items() if word in message), 0)
    assert window_of(ServerFailure(400, message=message)) == window


def test_an_absurd_window_is_none():
    assert window_of(ServerFailure(400, message="This model's maximum context length is 10 tokens.")) == 0


KINDS = [
    (400, "", {"code": "context_length_exceeded"}, "too_long"),
    (500, "", {"type": "exceed_context_size_error"}, "too_long"),
    (413, "", {}, "too_long"),
    (400, "", {"code": "3051"}, "too_long"),
    (429, "You exceeded your current quota, please check your plan and billing details.", {}, "quota"),
    (429, "", {"code": "insufficient_quota"}, "quota"),
    (402, "", {}, "quota"),
    (400, "Your credit balance is too low to access the Anthropic API.", {"type": "invalid_request_error"}, "quota"),
    (403, "This request requires more credits, or fewer max_tokens.", {}, "quota"),
    (403, "Your account balance is insufficient", {}, "quota"),
    (403, "Key limit exceeded (total limit).", {}, "quota"),
    (403, "This key has exceeded its budget", {}, "quota"),
    (429, "You have reached your monthly spend limit", {}, "quota"),
    (429, "Your prepaid credits are depleted", {}, "quota"),
    (429, "Monthly quota exhausted", {}, "quota"),
    (400, "You have reached your specified API usage limits. You will regain access in December.", {}, "quota"),
    (429, "Number of tokens exceeds the limit per minute", {}, "rate_limited"),
    (403, "This model is not allowed for your key", {}, "not_found"),
    (400, "Model is not loaded yet", {}, "loading"),
    (0, "Insufficient Balance", {"type": "unknown_error"}, "quota"),
    (429, "slow down", {}, "rate_limited"),
    (429, "", {"type": "rate_limit_error"}, "rate_limited"),
    (0, "", {"code": "rate_limit_exceeded"}, "rate_limited"),
    (0, "", {"type": "RESOURCE_EXHAUSTED"}, "rate_limited"),
    (
        429,
        "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: x",
        {"type": "RESOURCE_EXHAUSTED", "retry_after": 34},
        "rate_limited",
    ),
    (529, "Overloaded", {"type": "overloaded_error"}, "upstream_error"),
    (503, "The model is overloaded. Please try again later.", {"type": "UNAVAILABLE"}, "upstream_error"),
    (503, "The server is overloaded", {"type": "unavailable_error"}, "upstream_error"),
    (0, "Overloaded", {"type": "overloaded_error"}, "upstream_error"),
    (400, "", {"code": "content_filter"}, "filtered"),
    (
        400,
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        {},
        "filtered",
    ),
    (400, "", {"code": "ResponsibleAIPolicyViolation"}, "filtered"),
    (403, "Your input was flagged for moderation", {}, "filtered"),
    (0, "", {"type": "blocked_prompt", "code": "SAFETY"}, "filtered"),
    (404, "The model `x` does not exist or you do not have access to it.", {"code": "model_not_found"}, "not_found"),
    (404, "model 'x' not found, try pulling it first", {}, "not_found"),
    (400, "The model `x` does not exist", {"type": "invalid_request_error"}, "not_found"),
    (403, "", {"code": "model_not_found"}, "not_found"),
    (503, "Loading model", {"type": "unavailable_error", "code": "503"}, "loading"),
    (503, "Model bigscience/bloom is currently loading", {}, "loading"),
    (500, "llm server loading model", {}, "loading"),
    (401, "Incorrect API key provided: sk-x", {"code": "invalid_api_key"}, "unauthorized"),
    (403, "", {}, "unauthorized"),
    (400, "API key not valid. Please pass a valid API key.", {"type": "INVALID_ARGUMENT"}, "unauthorized"),
    (0, "", {"type": "authentication_error"}, "unauthorized"),
    (400, "Unsupported parameter: 'max_tokens'", {"code": "unsupported_parameter"}, "rejected"),
    (422, "Extra inputs are not permitted", {"type": "extra_forbidden"}, "rejected"),
    (
        500,
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        {"type": "server_error", "code": "500"},
        "rejected",
    ),
    (501, "audio input is not supported", {"type": "not_supported_error"}, "rejected"),
    (0, "image input is not supported", {}, "rejected"),
    (500, "this model is missing data required for image input", {}, "rejected"),
    (500, "tools param requires --jinja flag", {"type": "server_error"}, "rejected"),
    *[
        (status, message, {}, "quota")
        for status, message in (
            (403, "Your team has either used all available credits or reached its monthly spending limit"),
            (403, "Free tier of the model has been exhausted."),
            (429, "You have run out of credits"),
            (429, "No credits remaining"),
            (429, "Your subscription plan's quota has been consumed"),
            (401, "Your account is not active, please check your billing details on our website."),
            (429, "余额不足或无可用资源包,请充值。"),
        )
    ],
    (403, "Your input was flagged: violence. No credits were charged.", {}, "filtered"),
    (400, "Content Exists Risk", {}, "filtered"),
    (400, "Model unloaded.", {}, "loading"),
    (400, "gemma does not support tools", {}, "rejected"),
    (429, "Too many tokens, please wait before trying again.", {}, "rate_limited"),
    (0, "Too many tokens, please wait before trying again.", {}, "rate_limited"),
    (429, "Resource has been exhausted (e.g. check quota).", {}, "rate_limited"),
    (500, "", {}, "upstream_error"),
    (502, "Bad Gateway", {}, "upstream_error"),
    (408, "", {}, "upstream_error"),
    (0, "", {}, "upstream_error"),
    (500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)", {}, "upstream_error"),
]


@pytest.mark.parametrize(("status", "message", "more", "code"), KINDS)
def test_kinds(status, message, more, code):
    assert kind(status, message, **more) == code


ORDINARY = [
    "Invalid type for 'messages[0].content': expected a string, but got an object instead.",
    "The window is too small for the context of the picture.",
    "Failed to parse the prompt of the conversation.",
    "Unknown parameter: 'context_window'.",
    "Unknown parameter: 'rate_limit'.",
    "Unknown parameter: 'content_safety'.",
    "'filter' must be a list of tokens.",
    "The key of the loading dock and the model of the car.",
    "The value of 'top_k' exceeds the range.",
    "Invalid image: maximum size is 20 MB.",
    "Tool names must not be longer than 64 characters.",
    "The prompt needs at least one message.",
]


@pytest.mark.parametrize("message", ORDINARY)
def test_ordinary_sentences_are_no_kind(message):
    assert kind(400, message) == "rejected"
    assert kind(500, message) == "upstream_error"


def test_whole_bodies_of_providers():
    azure = {
        "error": {
            "message": "The response was filtered",
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"hate": {"filtered": True}},
            },
        }
    }
    assert classify(read(400, azure)) == "filtered"
    gemini = {
        "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
        }
    }
    failure = read(400, gemini)
    assert (failure.type, failure.code, classify(failure)) == ("INVALID_ARGUMENT", "API_KEY_INVALID", "unauthorized")
    assert (
        classify(read(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}))
        == "loading"
    )


KEYS = ["error", "errors", "message", "msg", "detail", "details", "type", "code", "status", "param", "loc", "raw"]
KEYS += ["metadata", "innererror", "retryDelay", "reason", "title"]


@given(st.integers(0, 600), json_with(KEYS, ["5s", "Retry in 5s", "{}", '{"error":"x"}']) | st.binary(max_size=50))
@settings(deadline=None, max_examples=150)
def test_no_body_raises(status, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    failure = read_error(status, {"Retry-After": str(body)}, data, NOW)
    assert 0 <= failure.retry_after <= 3600
    failure.message.encode()
    assert classify(failure)
