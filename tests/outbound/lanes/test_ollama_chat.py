"""Ollama's lines, and calls in its format."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.errors import UnreadableError
from langai_site.outbound.lanes.events import (
    Finished,
    FinishReason,
    ServerFailure,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageDelta,
)
from langai_site.outbound.lanes.ollama_chat import Decoder, build
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Request, Tool, WireMessage
from langai_site.outbound.parts import Image, Text, Thinking, ToolCall, ToolResult
from tests.outbound.lanes.reading import cuts, joined, json_with, ndjson, of, read, sse, text_of

ANSWER, STOP, USAGE = TextDelta("The answer"), Finished(FinishReason.STOP), UsageDelta(30, 7)


def line(content="", **more):
    return {"model": "m", "message": {"role": "assistant", "content": content}, "done": False} | more


DONE = line(done=True, done_reason="stop", prompt_eval_count=30, eval_count=7)
OLD_DONE = {"model": "m", "done": True, "prompt_eval_count": 30, "eval_count": 7}
PLAIN = [line("The "), line("answer"), DONE]
STREAMS = {
    "plain": ndjson(*PLAIN),
    "without a message at the end": ndjson(*PLAIN[:2], OLD_DONE),
    "without a last line end": ndjson(*PLAIN)[:-1],
    "crlf and blank lines": ndjson(*PLAIN).replace(b"\n", b"\r\n\r\n"),
    "events": sse(*PLAIN, done=True),
    "data without blank lines": ndjson(*PLAIN).replace(b'{"model"', b'data: {"model"'),
    "whole": json.dumps(DONE | {"message": {"content": "The answer"}}).encode(),
    "whole, pretty": json.dumps(DONE | {"message": {"content": "The answer"}}, indent=1).encode(),
    "generate": ndjson({"response": "The ", "done": False}, OLD_DONE | {"response": "answer"}),
    "lists": ndjson(line([{"type": "text", "text": "The answer"}]), DONE),
    "floats and nulls": ndjson(line("The answer", done=None), line(None), DONE | {"eval_count": 7.0}),
}


def answer(*values, at=()):
    return joined(read(Decoder(), ndjson(*values), at))


@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
@given(at=cuts)
@settings(deadline=None, max_examples=15)
def test_every_framing_gives_the_same_answer_in_any_pieces(data, at):
    assert joined(read(Decoder(), data, at)) == [ANSWER, USAGE, STOP]


@pytest.mark.parametrize(
    "lines",
    [
        [line(message={"content": "", "thinking": "hm"}), line("The answer")],
        [line(message={"content": "The answer", "thinking": "hm"})],
        [line("<think>"), line("\n"), line("hm"), line("</think>"), line("\n\n"), line("The answer")],
        [{"thinking": "hm", "response": ""}, {"response": "The answer"}],
    ],
)
def test_thinking_is_never_text(lines):
    assert answer(*lines, DONE) == [ThinkingDelta("hm"), ANSWER, USAGE, STOP]


@pytest.mark.parametrize("lines", [[], [line("The answer")], [line("The answer", done_reason="stop")]])
def test_an_answer_without_done_was_cut_off(lines):
    assert of(Finished, answer(*lines)) == []


def test_a_line_that_breaks_off_is_not_complete():
    assert text_of(joined(read(Decoder(), ndjson(*PLAIN)[:-30]))) == "The answer"
    assert of(Finished, joined(read(Decoder(), ndjson(*PLAIN)[:-30]))) == []


@pytest.mark.parametrize(
    ("word", "reason"), [("length", FinishReason.LENGTH), ("load", FinishReason.LOADING), (None, FinishReason.STOP)]
)
def test_reasons(word, reason):
    assert of(Finished, answer(DONE | {"done_reason": word})) == [Finished(reason)]


def test_tool_calls_come_whole():
    calls = [{"function": {"name": "search", "arguments": {"q": 1}}}, {"function": {"name": "search", "arguments": {}}}]
    events = answer(line(message={"content": "", "tool_calls": calls}), DONE)
    assert events == [
        ToolCallDelta(0, "", "search", '{"q": 1}'),
        ToolCallDelta(1, "", "search", "{}"),
        USAGE,
        Finished(FinishReason.TOOL_CALLS),
    ]


@pytest.mark.parametrize("error", ["model runner has stopped", {"message": "model runner has stopped"}])
def test_an_error_in_mid_stream(error):
    assert answer(line("The answer"), {"error": error}) == [
        ANSWER,
        ServerFailure(0, message="model runner has stopped"),
    ]


def test_absurd_counts_are_left_out():
    assert answer(line("The answer"), DONE | {"eval_count": -1}) == [ANSWER, STOP]


@pytest.mark.parametrize("text", ["{broken}", "5", "<html>"])
def test_a_hole_in_the_answer_is_an_error(text):
    with pytest.raises(UnreadableError):
        read(Decoder(), ndjson(line("The answer")) + text.encode() + b"\n" + ndjson(DONE))


KEYS = ["message", "content", "thinking", "done", "done_reason", "error", "response", "tool_calls", "function", "name"]
KEYS += ["arguments", "prompt_eval_count", "eval_count", "type", "text", "detail"]


@given(st.lists(json_with(KEYS, ["stop", "<think>", "thinking"]), max_size=4), cuts)
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
    return Request(model=more.pop("model", "m"), messages=messages or (said("user", "hi"),), max_tokens=100, **more)


def test_a_call():
    messages = said("system", "Be brief."), said("user", "hi", Image("f1", "image/png"))
    built = build(request(*messages, temperature=0.5, stop=("x",), num_ctx=8192, thinking="high"), load=str.encode)
    assert built.path == "/api/chat"
    assert built.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hi", "images": [base64.b64encode(b"f1").decode()]},
        ],
        "stream": True,
        "options": {"num_predict": 100, "temperature": 0.5, "stop": ["x"], "num_ctx": 8192},
        "think": True,
    }


def test_quirks_and_formats():
    assert build(request(stream=False)).body["stream"] is False
    assert build(request(), Quirks(max_tokens_ceiling=50)).body["options"] == {"num_predict": 50}
    assert "options" not in build(request(), Quirks(max_tokens_name=None)).body
    assert build(request(model="gpt-oss:20b", thinking="low")).body["think"] == "low"
    assert build(request(model="gpt-oss:20b", thinking="off")).body["think"] is False
    assert build(request(response_format=JsonFormat())).body["format"] == "json"
    assert build(request(response_format=JsonFormat({"type": "object"}))).body["format"] == {"type": "object"}
    system = build(request(said("system", "Be brief."), said("user", "hi")), Quirks(system_role="user"))
    assert system.body["messages"] == [{"role": "user", "content": "Be brief.\n\nhi"}]


def test_tools_and_their_results():
    call, result = ToolCall("c1", "search", '{"q": 1}'), ToolResult("c1", (Text("found"),))
    messages = said("user", "hi"), said("assistant", Thinking("hm"), call), said("tool", result)
    built = build(request(*messages, tools=(Tool("search"),), key="sk-1"))
    assert built.headers["Authorization"] == "Bearer sk-1"
    assert built.body["tools"][0]["function"]["name"] == "search"
    assert built.body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "search", "arguments": {"q": 1}}, "id": "c1"}],
            "thinking": "hm",
        },
        {"role": "tool", "tool_name": "search", "content": "found"},
    ]
    assert "tools" not in build(request(tools=(Tool("search"),), tool_choice="none")).body


@pytest.mark.parametrize(
    ("choice", "offered", "told"),
    [
        ("", ["search", "weather"], None),
        ("auto", ["search", "weather"], None),
        ("required", ["search", "weather"], "Call one of the tools."),
        (ForcedTool("weather"), ["weather"], "Call the tool weather."),
        (ForcedTool("unknown"), [], None),
        ("none", [], None),
    ],
)
def test_a_tool_choice_is_put_into_words(choice, offered, told):
    built = build(request(tools=(Tool("search"), Tool("weather")), tool_choice=choice)).body
    assert [tool["function"]["name"] for tool in built.get("tools", [])] == offered
    system = [message["content"] for message in built["messages"] if message["role"] == "system"]
    assert system == ([told] if told else [])
    assert len(build(request(tool_choice="required")).body["messages"]) == 1


@pytest.mark.parametrize("arguments", ["", "{broken", "[]", "5", "[" * 100_000])
def test_arguments_that_are_not_an_object_are_sent_as_none(arguments):
    messages = said("user", "hi"), said("assistant", ToolCall("c1", "f", arguments)), said("tool", ToolResult("c1", ()))
    built = build(request(*messages)).body["messages"][1]
    assert built["tool_calls"][0]["function"]["arguments"] == {}
