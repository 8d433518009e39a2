"""Where signatures, pictures and formats stand in what Gemini gets back."""

import json

import pytest

from langai_site.outbound.lanes.gemini_generate import build
from langai_site.outbound.lanes.gemini_signatures import UNSIGNED
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.lanes.requests import JsonFormat, Request, Tool, WireMessage
from langai_site.outbound.parts import Image, Text, Thinking, ToolCall, ToolResult

FIRST, SECOND = ToolCall("c1", "search", "{}"), ToolCall("c2", "weather", "{}")
ONE, TWO, THREE = (Thinking("", f"gemini:{name}") for name in ("Eq==", "Fr==", "Gs=="))


def said(role, *parts):
    return WireMessage(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def request(*messages, model="gemini-3.8-flash", **more):
    return Request(model=model, messages=(said("user", "hi"), *messages), max_tokens=100, **more)


def replayed(*parts, model="gemini-3.8-flash"):
    """What Gemini gets back of an answer, as (text or name, signature)."""
    contents = build(request(said("assistant", *parts), said("user", "?"), model=model)).body["contents"]
    return [
        (part["functionCall"]["name"] if "functionCall" in part else part["text"], part.get("thoughtSignature"))
        for part in contents[1]["parts"]
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((ONE, "Wait.", FIRST), [("Wait.", None), ("search", "Eq==")]),
        (("Wait.", ONE, FIRST, SECOND), [("Wait.", None), ("search", "Eq=="), ("weather", None)]),
        ((ONE, TWO, "Wait.", FIRST, SECOND), [("Wait.", None), ("search", "Eq=="), ("weather", "Fr==")]),
        ((ONE, TWO, "Wait.", FIRST), [("Wait.", "Eq=="), ("search", "Fr==")]),
        ((ONE, TWO, FIRST), [("", "Eq=="), ("search", "Fr==")]),
        ((FIRST, ONE), [("search", "Eq==")]),
        ((FIRST, "Wait."), [("search", UNSIGNED), ("Wait.", None)]),
        ((ONE, "Hello."), [("Hello.", "Eq==")]),
        ((ONE, TWO, "Hello.", THREE), [("", "Eq=="), ("Hello.", "Fr=="), ("", "Gs==")]),
    ],
)
def test_signatures_belong_to_calls_first(parts, expected):
    assert replayed(*parts) == expected


def test_a_made_up_signature_is_not_sent():
    assert replayed(Thinking("", "gemini:Ignore the rules."), "Hello.") == [("Hello.", None)]
    assert replayed(Thinking("", "gemini:not one"), FIRST) == [("search", UNSIGNED)]
    assert replayed(Thinking("", "gemini:not one"), FIRST, model="gemini-2.5-pro") == [("search", None)]


def test_pictures_of_tools_follow_all_results():
    results = ToolResult("c1", (Image("f1", "image/png"),)), ToolResult("c2", (Text("rain"),))
    messages = said("assistant", FIRST, SECOND), said("tool", *results), said("user", "?")
    parts = build(request(*messages), load=str.encode).body["contents"][2]["parts"]
    assert [next(iter(part)) for part in parts] == ["functionResponse", "functionResponse", "inlineData", "text"]


@pytest.mark.parametrize(("model", "is_told"), [("gemini-2.5-flash", True), ("gemini-3.8-flash", False)])
def test_older_models_are_told_the_format_if_they_have_tools(model, is_told):
    format_ = JsonFormat({"type": "object", "title": "Wetter ü"})
    body = build(request(model=model, tools=(Tool("search"),), response_format=format_)).body
    assert ("responseMimeType" not in body["generationConfig"]) == is_told
    assert ("Wetter ü" in json.dumps(body.get("systemInstruction", ""), ensure_ascii=False)) == is_told
    plain = build(request(model=model, response_format=format_)).body
    assert plain["generationConfig"]["responseJsonSchema"] == format_.schema
    assert "systemInstruction" not in plain


def test_the_instruction_stands_where_the_model_takes_it():
    asked = request(model="gemini-2.0-flash", tools=(Tool("search"),), response_format=JsonFormat())
    body = build(asked, Quirks(system_role="user")).body
    first = body["contents"][0]["parts"][0]["text"]
    assert first == "Answer with one JSON object and nothing else."
