"""Anthropic's events, and calls in its format."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.anthropic_messages import Decoder, build
from langai_site.outbound.lanes.errors import UnreadableError
from langai_site.outbound.lanes.events import (
    ALIVE,
    Finished,
    FinishReason,
    ServerFailure,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageDelta,
)
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Request, Tool, WireMessage
from langai_site.outbound.parts import Image, Text, Thinking, ToolCall, ToolResult
from tests.outbound.lanes.reading import cuts, joined, json_with, of, read, text_of

ANSWER, STOP = TextDelta("The answer"), Finished(FinishReason.STOP)
USAGE = {"input_tokens": 10, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 90, "output_tokens": 1}
COUNTED = UsageDelta(1000, 20, 0, 900, 90)
START = {"type": "message_start", "message": {"role": "assistant", "content": [], "stop_reason": None, "usage": USAGE}}
STOPPED = {"type": "message_stop"}


def events(*values, end="\n", named=True):
    lines = [f"event: {value['type']}{end}" if named else "" for value in values]
    return "".join(f"{line}data: {json.dumps(v)}{end}{end}" for line, v in zip(lines, values, strict=True)).encode()


def block(index, content, *deltas):
    yield {"type": "content_block_start", "index": index, "content_block": content}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def text_block(index, *texts):
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": text} for text in texts))


def stopped(reason="end_turn", **usage):
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20} | usage}


PING = {"type": "ping"}
PLAIN = [START, PING, *text_block(0, "The ", "answer"), stopped(), STOPPED]
WHOLE = {"type": "message", "content": [{"type": "text", "text": "The answer"}], "stop_reason": "end_turn"}
STREAMS = {
    "plain": events(*PLAIN),
    "crlf": events(*PLAIN, end="\r\n"),
    "without names": events(*PLAIN, named=False),
    "whole": json.dumps(WHOLE | {"usage": USAGE | {"output_tokens": 20}}).encode(),
    "whole, pretty": json.dumps(WHOLE | {"usage": USAGE | {"output_tokens": 20}}, indent=1).encode(),
    "counts at the end": events(
        {"type": "message_start"}, *text_block(0, "The answer"), stopped(**USAGE | {"output_tokens": 20})
    ),
    "two blocks": events(START, *text_block(0, "The "), *text_block(1, "answer"), stopped(), STOPPED),
}


def answer(*values, at=()):
    return joined(read(Decoder(), events(*values), at))


@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
@given(at=cuts)
@settings(deadline=None, max_examples=15)
def test_every_framing_gives_the_same_answer_in_any_pieces(data, at):
    found = joined(read(Decoder(), data, at))
    assert text_of(found) == "The answer"
    assert of(UsageDelta, found)[-1] == COUNTED
    assert found[-1] == STOP


def test_signed_thinking_keeps_its_signature():
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "h"},
        {"type": "thinking_delta", "thinking": "m"},
        {"type": "signature_delta", "signature": "Eq"},
        {"type": "signature_delta", "signature": "=="},
    )
    secret = block(1, {"type": "redacted_thinking", "data": "xyz"})
    found = answer(*thinking, *secret, *text_block(2, "The answer"), stopped())
    assert found[:3] == [ThinkingDelta("hm", "anthropic:Eq=="), ThinkingDelta("", "anthropic-redacted:xyz"), ANSWER]


def test_tool_calls_come_in_fragments_or_at_once():
    call = {"type": "tool_use", "id": "c1", "name": "search", "input": {}}
    parts = [{"type": "input_json_delta", "partial_json": part} for part in ("", '{"q":', "1}")]
    found = answer(
        *text_block(0, "The answer"),
        *block(1, {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}, parts[1], parts[2]),
        *block(2, call, *parts),
        *block(3, call | {"id": "c2", "input": {"q": 2}}),
        stopped("tool_use"),
    )
    assert of(ToolCallDelta, found) == [
        ToolCallDelta(0, "c1", "search", '{"q":1}'),
        ToolCallDelta(1, "c2", "search", '{"q": 2}'),
    ]
    assert found[-1] == Finished(FinishReason.TOOL_CALLS)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("pause_turn", FinishReason.LENGTH),
        ("refusal", FinishReason.FILTERED),
        ("brand_new", FinishReason.STOP),
    ],
)
def test_reasons(word, reason):
    assert of(Finished, answer(START, *text_block(0, "The answer"), stopped(word), STOPPED)) == [Finished(reason)]


def test_an_answer_is_complete_at_its_stop_only():
    assert of(Finished, answer(START, *text_block(0, "The answer"), STOPPED)) == [STOP]
    assert of(Finished, answer(START, *text_block(0, "The answer"))) == []
    assert of(Finished, answer(START, *text_block(0, "The answer"), stopped(None))) == []


@pytest.mark.parametrize("usage", [None, [], {"input_tokens": -1}, {"output_tokens": 10**20}, {"input_tokens": "x"}])
def test_counts_that_cannot_be_are_left_out(usage):
    start = START | {"message": {"usage": usage}}
    assert of(UsageDelta, answer(start, *text_block(0, "a"), STOPPED)) == []


def test_an_error_in_mid_stream_and_as_the_whole_body():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    failure = ServerFailure(0, "overloaded_error", message="Overloaded")
    assert answer(*text_block(0, "The answer"), error, stopped()) == [ANSWER, failure]
    assert joined(read(Decoder(), json.dumps(error, indent=1).encode())) == [failure]


def test_pings_are_signs_of_life():
    assert Decoder().feed(events(PING)) == [ALIVE]


KEYS = ["type", "index", "delta", "content_block", "message", "content", "text", "thinking", "signature", "data", "id"]
KEYS += ["name", "input", "partial_json", "usage", "stop_reason", "error", "input_tokens", "output_tokens"]
TYPES = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message",
]
TYPES += [
    "text_delta",
    "thinking_delta",
    "signature_delta",
    "input_json_delta",
    "tool_use",
    "text",
    "thinking",
    "error",
]
TYPES += ["redacted_thinking"]
CHUNKS = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={key: json_with(KEYS, TYPES) for key in ("index", "delta", "content_block", "message", "usage", "error")},
)


@given(st.lists(CHUNKS, max_size=5), cuts)
@settings(deadline=None, max_examples=150)
def test_no_shape_raises_anything_else(values, at):
    outcomes = []
    for places in ((), at):
        try:
            outcomes.append(answer(*values, at=places))
        except UnreadableError:
            outcomes.append("unreadable")
    assert outcomes[0] == outcomes[1]


def said(role, *parts):
    return WireMessage(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def request(*messages, **more):
    more = {"model": "claude-sonnet-5-5", "max_tokens": 20_000} | more
    return Request(messages=messages or (said("user", "hi"),), **more)


def test_a_call():
    messages = said("system", "Be"), said("system", "brief"), said("user", "hi", Image("f1", "image/png"))
    built = build(request(*messages, temperature=1.5, stop=("x", " "), key="sk-1"), load=str.encode)
    assert (built.path, built.headers["x-api-key"]) == ("/v1/messages", "sk-1")
    assert built.headers["anthropic-version"] == "2023-06-01"
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(b"f1").decode()}
    assert built.body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 20_000,
        "system": "Be\n\nbrief",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image", "source": source}]}
        ],
        "stream": True,
        "stop_sequences": ["x"],
        "temperature": 1,
    }


def test_signed_thinking_is_sent_back_unchanged_and_other_thinking_is_not():
    call = ToolCall("call.1", "search", '{"q": 1}')
    thoughts = Thinking("hm", "anthropic:Eq=="), Thinking("", "anthropic-redacted:xyz")
    foreign = Thinking("hm", "gemini:abc"), Thinking("hm")
    result = ToolResult("call.1", (Text("found"),), error=True)
    messages = said("user", "hi"), said("assistant", *thoughts, *foreign, "Wait.", call), said("tool", result)
    built = build(request(*messages, said("user", "?"))).body["messages"]
    assert built[1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "Eq=="},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "call_1", "name": "search", "input": {"q": 1}},
    ]
    found = {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "found"}]}
    assert built[2] == {"role": "user", "content": [found | {"is_error": True}, {"type": "text", "text": "?"}]}


def test_roles_alternate_and_nothing_is_empty():
    messages = (
        said("assistant", "a"),
        said("user", ""),
        said("user", "b"),
        said("user", "c"),
        said("assistant", " d \n"),
    )
    built = build(request(*messages)).body["messages"]
    assert [message["role"] for message in built] == ["user", "assistant", "user", "assistant"]
    assert all(inner["text"].strip() for message in built for inner in message["content"])
    assert built[-1]["content"][0]["text"] == " d"


def test_tools_formats_and_thinking():
    tool = Tool("search", "Searches.", {"type": "object"})
    body = build(request(tools=(tool,), tool_choice="auto", thinking="high", temperature=0.5)).body
    assert body["tools"] == [{"name": "search", "description": "Searches.", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "auto"}
    assert build(request(tools=(tool,), tool_choice="required")).body["tool_choice"] == {"type": "any"}
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "high"}
    assert "temperature" not in body
    assert build(request(tools=(tool,), tool_choice=ForcedTool("search"))).body["tool_choice"]["name"] == "search"
    schema = build(request(response_format=JsonFormat({"type": "object"}))).body["output_config"]["format"]
    assert schema == {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
    off = build(request(thinking="off", temperature=0.5)).body
    assert (off["thinking"], off["temperature"]) == ({"type": "disabled"}, 0.5)


@pytest.mark.parametrize("model", ["claude-3-7-sonnet-20250219", "claude-sonnet-4-20250514", "claude-opus-4-5"])
def test_older_models_are_told_how_many_tokens_they_may_think(model):
    assert build(request(model=model, thinking="low")).body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert build(request(model=model, thinking="high")).body["thinking"]["budget_tokens"] == 10_000
    assert "thinking" not in build(request(model=model, thinking="high", max_tokens=1500)).body


def test_quirks():
    built = build(request(stream=True, temperature=0.5), Quirks(stream=False, temperature=False, max_tokens_ceiling=50))
    assert built.body.keys() == {"model", "max_tokens", "messages"}
    assert built.body["max_tokens"] == 50
