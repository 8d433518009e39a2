"""Calls of tools and their results, whatever order they come in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.anthropic_messages import build as anthropic
from langai_site.outbound.lanes.gemini_generate import build as gemini
from langai_site.outbound.lanes.history import tidy
from langai_site.outbound.lanes.requests import Request, WireMessage
from langai_site.outbound.parts import Image, Text, Thinking, ToolCall, ToolResult, all_texts

CALL = ToolCall("c1", "search", "{}")
NOTHING = ToolResult("c1", ())


def said(role, *parts):
    return WireMessage(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def found(text, call_id="c1"):
    return ToolResult(call_id, (Text(text),))


def tidied(*messages):
    return [(message.role, *message.parts) for message in tidy([said("user", "hi"), *messages])][1:]


def test_a_late_result_becomes_text_of_the_user():
    late = found("42"), Image("f1", "image/png")
    messages = said("assistant", CALL), said("user", "?"), said("assistant", "Wait."), said("tool", *late)
    assert tidied(*messages) == [
        ("assistant", CALL),
        ("user", NOTHING, Text("?")),
        ("assistant", Text("Wait.")),
        ("user", Text("[Result of search]\n42"), late[1]),
    ]


def test_a_result_before_its_call_becomes_text_too():
    first, *rest = tidy([said("tool", found("42")), said("assistant", CALL), said("user", "?")])
    assert first.parts == (Text("[Result of search]\n42"),)
    assert [message.parts for message in rest] == [(CALL,), (NOTHING, Text("?"))]
    assert tidied(said("tool", found("7", "c9"))) == []
    assert tidy([said("tool", found("7", "c9"))])[0].parts == (Text("[Result of a tool]\n7"),)


def test_a_request_never_ends_with_a_call():
    assert tidied(said("assistant", "a", CALL)) == [("assistant", Text("a"), CALL), ("user", NOTHING)]
    ended = tidied(said("assistant", CALL), said("tool", found("1")), said("assistant", "a"), said("tool", NOTHING))
    assert ended[-1] == ("user", Text("[Result of search]\n(no result)"))


def test_an_extra_result_is_kept_as_text():
    called = said("assistant", CALL), said("tool", found("1"), found("2"))
    assert tidied(*called)[1] == ("user", found("1"), Text("[Result of search]\n2"))


def test_calls_of_one_message_with_one_id_are_told_apart():
    called = said("assistant", CALL, ToolCall("c1", "weather", "{}")), said("tool", found("1"), found("2"))
    (_, first, second), (_, *results) = tidied(*called)
    assert first == CALL
    assert (second.name, len(second.id)) == ("weather", 9)
    assert results == [found("1"), found("2", second.id)]
    # Servers that keep a prompt recognise it again.
    assert tidied(*called, said("assistant", "a"))[0][2] == second


def test_an_id_of_two_turns_names_the_right_tool():
    calls = CALL, ToolCall("c1", "weather", "{}")
    messages = [part for call in calls for part in (said("assistant", call), said("tool", found(call.name)))]
    request = Request(model="gemini-2.5-pro", messages=(said("user", "hi"), *messages), max_tokens=9)
    responses = [content["parts"][0].get("functionResponse") for content in gemini(request).body["contents"]]
    assert [response["name"] for response in responses if response] == ["search", "weather"]
    used = [content["content"][0].get("id") for content in anthropic(request).body["messages"]]
    assert len({identity for identity in used if identity}) == 2


def texts_of_results(parts):
    return [text for part in parts if isinstance(part, ToolResult) for text in all_texts(part.parts)]


IDS = st.sampled_from(["", "c1", "c2"])
PARTS = {
    "user": st.builds(Text, st.sampled_from(["x", "y", " "])) | st.builds(found, st.sampled_from("12"), IDS),
    "assistant": st.builds(Text, st.sampled_from(["x", " "]))
    | st.builds(ToolCall, IDS, st.sampled_from(["search", "weather"]), st.just("{}"))
    | st.just(Thinking("hm", "gemini:abc")),
}
PARTS["tool"] = PARTS["user"]
MESSAGES = st.sampled_from(sorted(PARTS)).flatmap(
    lambda role: st.builds(WireMessage, st.just(role), st.lists(PARTS[role], max_size=3).map(tuple))
)


@given(st.lists(MESSAGES, max_size=6))
@settings(deadline=None, max_examples=300)
def test_every_order_is_one_that_providers_accept(messages):
    kept = tidy(messages)
    assert [message.role for message in kept] == [("user", "assistant")[at % 2] for at in range(len(kept))]
    calls = [[part.id for part in message.parts if isinstance(part, ToolCall)] for message in kept]
    results = [[part.call_id for part in message.parts if isinstance(part, ToolResult)] for message in kept]
    assert [[], *calls] == [*results, []]
    identities = [identity for found in calls for identity in found]
    assert len(set(identities)) == len(identities)
    before, after = ([part for message in of for part in message.parts] for of in (messages, kept))
    written = [part.text.split("\n")[1] for part in after if isinstance(part, Text) and part.text.startswith("[Result")]
    assert sorted([*texts_of_results(after), *written]) == sorted(texts_of_results(before))
