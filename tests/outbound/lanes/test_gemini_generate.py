"""Gemini's stream, and calls in its format."""

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
from langai_site.outbound.lanes.gemini_generate import Decoder, build
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Request, Tool, WireMessage
from langai_site.outbound.parts import Image, Text, Thinking, ToolCall, ToolResult
from tests.outbound.lanes.reading import cuts, joined, json_with, of, read, sse, text_of

ANSWER, STOP = TextDelta("The answer"), Finished(FinishReason.STOP)
USAGE = {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120}


def chunk(*parts, reason=None, usage=None):
    parts = [{"text": part} if isinstance(part, str) else part for part in parts]
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    value = {"candidates": [candidate | ({"finishReason": reason} if reason else {})], "modelVersion": "gemini"}
    return value | ({"usageMetadata": usage} if usage else {})


PLAIN = [chunk("The "), chunk("answer", reason="STOP", usage=USAGE)]
STREAMS = {
    "plain": sse(*PLAIN),
    "crlf": sse(*PLAIN, end="\r\n"),
    "a list": json.dumps(PLAIN).encode(),
    "a list, pretty": json.dumps(PLAIN, indent=2).encode(),
    "whole": json.dumps(chunk("The ", "answer", reason="STOP", usage=USAGE), indent=2).encode(),
    "lines": b"".join(json.dumps(value).encode() + b"\n" for value in PLAIN),
    "an early reason": sse(chunk("The ", reason="STOP"), chunk("answer"), {"usageMetadata": USAGE}),
    "nulls": sse({"candidates": None}, {"candidates": [{"content": None}]}, *PLAIN, {"candidates": []}),
}


def answer(*values, at=()):
    return joined(read(Decoder(), sse(*values), at))


@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
@given(at=cuts)
@settings(deadline=None, max_examples=15)
def test_every_framing_gives_the_same_answer_in_any_pieces(data, at):
    found = joined(read(Decoder(), data, at))
    assert text_of(found) == "The answer"
    assert (of(UsageDelta, found), found[-1]) == ([UsageDelta(100, 20)], STOP)


def test_thoughts_and_signatures():
    call = {"functionCall": {"name": "search", "args": {"q": 1}}, "thoughtSignature": "Eq=="}
    found = answer(
        chunk({"text": "hm", "thought": True}),
        chunk(call, {"functionCall": {"name": "search", "id": "c2"}}),
        chunk({"text": "", "thoughtSignature": "Fr=="}, reason="STOP"),
    )
    assert found == [
        ThinkingDelta("hm", "gemini:Eq=="),
        ToolCallDelta(0, "", "search", '{"q": 1}'),
        ToolCallDelta(1, "c2", "search", "{}"),
        ThinkingDelta("", "gemini:Fr=="),
        Finished(FinishReason.TOOL_CALLS),
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        *[
            (word, FinishReason.FILTERED)
            for word in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
        ],
        *[(word, FinishReason.ERROR) for word in ("MALFORMED_FUNCTION_CALL", "OTHER", "UNEXPECTED_TOOL_CALL")],
        ("BRAND_NEW", FinishReason.STOP),
    ],
)
def test_reasons(word, reason):
    assert answer(chunk("The answer", reason=word)) == [ANSWER, Finished(reason)]
    assert answer(chunk("The answer", reason=word), chunk(reason="STOP"))[-1] == Finished(reason)


@pytest.mark.parametrize("word", [None, "", "FINISH_REASON_UNSPECIFIED"])
def test_an_answer_without_a_reason_was_cut_off(word):
    assert answer(chunk("The answer", reason=word, usage=USAGE))[-1] == UsageDelta(100, 20)
    assert of(Finished, joined(read(Decoder(), sse(*PLAIN) + b'data: {"candidates": [{"con'))) == []


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (USAGE | {"thoughtsTokenCount": 500, "totalTokenCount": 620}, UsageDelta(100, 520, 500)),
        (USAGE | {"totalTokenCount": 620}, UsageDelta(100, 520, 500)),
        (USAGE | {"cachedContentTokenCount": 64}, UsageDelta(100, 20, 0, 64)),
        (USAGE | {"toolUsePromptTokenCount": 50, "totalTokenCount": 170}, UsageDelta(150, 20)),
        ({"promptTokenCount": 100.0, "candidatesTokenCount": "20"}, UsageDelta(100, 20)),
    ],
)
def test_counts(usage, counts):
    assert of(UsageDelta, answer(chunk("a", usage=usage))) == [counts]
    assert of(UsageDelta, answer(chunk("a", usage=usage | {"candidatesTokenCount": -1}))) == []


def test_a_blocked_question_is_a_failure():
    feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}}
    assert answer(feedback) == [UsageDelta(5, 0), ServerFailure(0, "blocked_prompt", "PROHIBITED_CONTENT")]
    assert answer(chunk("The answer", reason="STOP") | {"promptFeedback": {}}) == [ANSWER, STOP]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("is_list", [False, True])
def test_an_error_keeps_its_kind(indent, is_list):
    error = {"error": {"code": 503, "message": "Try later", "status": "UNAVAILABLE"}}
    failure = ServerFailure(503, "UNAVAILABLE", "503", message="Try later")
    value = [error] if is_list else error
    assert answer(chunk("The answer"), value) == [ANSWER, failure]
    assert joined(read(Decoder(), json.dumps(value, indent=indent).encode())) == [failure]


KEYS = ["candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall", "name", "args", "id"]
KEYS += ["finishReason", "index", "usageMetadata", "promptTokenCount", "promptFeedback", "blockReason", "error", "code"]
CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        "candidates": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "content": st.fixed_dictionaries({"parts": st.lists(json_with(KEYS, ["STOP"]), max_size=3)}),
                    "finishReason": json_with(KEYS, ["STOP"]),
                    "index": json_with(KEYS, ["0"]) | st.just(0),
                },
            ),
            max_size=2,
        ),
        **{key: json_with(KEYS, ["SAFETY"]) for key in ("usageMetadata", "promptFeedback", "error")},
    },
)


@given(st.lists(CHUNKS | json_with(KEYS, ["STOP"]), max_size=4), cuts)
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
    more = {"model": "gemini-3.8-flash", "max_tokens": 100} | more
    return Request(messages=messages or (said("user", "hi"),), **more)


def test_a_call():
    messages = said("system", "Be brief."), said("user", "hi", Image("f1", "image/png"))
    built = build(request(*messages, temperature=0.5, stop=tuple("abcdef"), key="k", thinking="high"), load=str.encode)
    assert built.path == "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    assert built.headers["x-goog-api-key"] == "k"
    inline = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"f1").decode()}}
    assert built.body == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}, inline]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "maxOutputTokens": 100,
            "temperature": 0.5,
            "stopSequences": list("abcde"),
            "thinkingConfig": {"thinkingLevel": "high", "includeThoughts": True},
        },
    }
    assert build(request(model="models/gemini-3.8-flash", stream=False)).path.endswith("flash:generateContent")
    assert build(request(model="a/b?c")).path.startswith("/v1beta/models/a%2Fb%3Fc:")
    budget = build(request(model="gemini-2.5-flash", thinking="off")).body["generationConfig"]["thinkingConfig"]
    assert budget == {"thinkingBudget": 0}


def test_calls_are_sent_back_with_their_signatures():
    calls = ToolCall("", "search", '{"q": 1}'), ToolCall("c2", "search", "")
    answered = said("assistant", Thinking("hm", "gemini:Eq=="), *calls, "Wait.", Thinking("", "gemini:Fr=="))
    results = ToolResult("", (Text("found"),)), ToolResult("c2", (), error=True)
    built = build(request(said("user", "hi"), answered, said("tool", *results))).body["contents"]
    assert built[1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "search", "args": {"q": 1}}, "thoughtSignature": "Eq=="},
                {"functionCall": {"id": "c2", "name": "search", "args": {}}},
                {"text": "Wait."},
                {"text": "", "thoughtSignature": "Fr=="},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "search", "response": {"result": "found"}}},
                {"functionResponse": {"id": "c2", "name": "search", "response": {"error": "The tool failed."}}},
            ],
        },
    ]


@pytest.mark.parametrize(("model", "is_marked"), [("gemini-3.8-flash", True), ("gemini-2.5-flash", False)])
def test_calls_of_other_models_are_marked_where_signatures_are_checked(model, is_marked):
    foreign = said("assistant", Thinking("hm", "anthropic:Eq"), ToolCall("c1", "search", "{}"))
    messages = said("user", "hi"), foreign, said("tool", ToolResult("c1", (Text("found"),)))
    built = build(request(*messages, model=model)).body["contents"][1]["parts"]
    assert len(built) == 1
    assert ("thoughtSignature" in built[0]) == is_marked


def test_tools_formats_and_quirks():
    tool = Tool("search", "Searches.", {"type": "object"})
    body = build(request(tools=(tool, Tool("now")), tool_choice="required")).body
    declared = {"name": "search", "description": "Searches.", "parametersJsonSchema": {"type": "object"}}
    assert body["tools"] == [{"functionDeclarations": [declared, {"name": "now", "description": "now"}]}]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    forced = build(request(tools=(tool,), tool_choice=ForcedTool("search"))).body["toolConfig"]
    assert forced == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["search"]}}
    config = build(request(response_format=JsonFormat({"type": "object"}))).body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == {"type": "object"}
    plain = build(request(temperature=0.5), Quirks(max_tokens_name=None, temperature=False)).body
    assert "generationConfig" not in plain
    system = build(request(said("system", "Be brief."), said("user", "hi")), Quirks(system_role="user")).body
    assert system["contents"] == [{"role": "user", "parts": [{"text": "Be brief."}, {"text": "hi"}]}]
