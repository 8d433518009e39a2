"""Tool calls as servers really write them, under /v1: a program gets only calls that it can run."""

import json
from uuid import uuid4

import pytest

from langai_site.database.writer import in_database_thread
from tests.api.conftest import offer
from tests.api.openai_answers import ask, error_of, sent, streamed, text_of
from tests.api.tool_calls import WEATHER, chunk, sse, told

pytestmark = pytest.mark.usefixtures("upstream")
CLOCK = {"type": "function", "function": {"name": "clock"}}


def called(*calls, reason=None):
    return chunk({"tool_calls": list(calls)}, reason)


def piece(arguments="", index=0, **fields):
    """One fragment of a call, as a server sends it; `name` belongs to its function."""
    name = {"name": fields.pop("name")} if "name" in fields else {}
    return {"index": index, **fields, "function": {**name, "arguments": arguments}}


END = chunk({}, "tool_calls")
ONE = piece("{}", id="a", name="weather")
TWO = (called(ONE), called(piece('{"city": "Rome"}', 1, id="b", name="weather")), END)


async def answered(program, **fields):
    answer = await ask(program, **({"tools": [WEATHER, CLOCK]} | fields))
    assert answer.status_code == 200, answer.content
    (choice,) = answer.json()["choices"]
    return choice


def calls_of(choice):
    return [(one["function"]["name"], one["function"]["arguments"]) for one in choice["message"]["tool_calls"]]


WRITTEN = {
    "the name comes later": (
        [called({"index": 0, "id": "x"}), called(piece(name="weather")), called(piece("{}"))],
        [("weather", "{}")],
    ),
    "the name comes after its arguments": (
        [called(piece("{}", id="x")), called(piece(name="weather"))],
        [("weather", "{}")],
    ),
    "the name comes in pieces": (
        [called(piece(id="x", name="wea")), called(piece("{}", name="ther"))],
        [("weather", "{}")],
    ),
    "the name is repeated": (
        [called(piece('{"a":', id="x", name="weather")), called(piece("1}", id="x", name="weather"))],
        [("weather", '{"a":1}')],
    ),
    "two names at one place": (
        [called(piece('{"a":1}', name="weather")), called(piece("{}", name="clock"))],
        [("weather", '{"a":1}'), ("clock", "{}")],
    ),
    "two names at one place, without arguments": (
        [called(piece(name="weather")), called(piece(name="clock"))],
        [("weather", ""), ("clock", "")],
    ),
    "one name twice at one place": (
        [called(piece('{"a":1}', name="weather")), called(piece('{"a":2}', name="weather"))],
        [("weather", '{"a":1}'), ("weather", '{"a":2}')],
    ),
    "the first has no arguments": (
        [called(piece(id="x", name="clock")), called(piece("{}", 1, id="y", name="weather"))],
        [("clock", ""), ("weather", "{}")],
    ),
    "a blank one follows": ([called(ONE), called({})], [("weather", "{}")]),
}


@pytest.mark.parametrize("name", WRITTEN)
async def test_a_call_is_whole_however_its_fragments_come(program, echo, upstream, name):
    fragments, expected = WRITTEN[name]
    upstream.script_raw(sse(*fragments, END))
    choice = await answered(program)
    assert calls_of(choice) == expected
    ids = [call_id for call_id, _arguments in told(choice["message"])]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    upstream.script_raw(sse(*fragments, END))
    names = [
        call["function"]["name"]
        for one in (await streamed(program, tools=[WEATHER, CLOCK]))[:-1]
        for call in one["choices"][0]["delta"].get("tool_calls", ())
        if "id" in call
    ]
    assert names == [name for name, _arguments in expected]


async def test_an_id_that_comes_twice_is_replaced(program, echo, upstream):
    upstream.script_raw(sse(called(ONE, piece("{}", 1, id="a", name="weather")), END))
    (first, _), (second, _) = told((await answered(program))["message"])
    assert first == "a"
    assert second.startswith("call_")


@pytest.mark.parametrize(
    "calls",
    [
        [called({})],
        [called(piece(""))],
        [called(piece("{}", id="x"))],
        [called(piece("{}", id="x", name="rm_rf"))],
        [called(piece(id="x", name="rm_rf"))],
        [chunk({"content": "Let me look."}), called(piece("{}", id="x"))],
    ],
    ids=["blank", "empty", "unnamed", "unoffered", "unoffered, without arguments", "unnamed after a word"],
)
async def test_a_call_that_nobody_can_run_fails_the_answer(program, echo, upstream, calls):
    upstream.script_raw(sse(*calls, END))
    answer = await ask(program, tools=[WEATHER])
    status, error = error_of(answer)
    assert (status, error["code"]) == (503, "tool_call")


async def test_a_wrong_call_lets_the_next_model_answer(program, echo, upstream):
    await in_database_thread(offer, "second-echo")
    upstream.script_raw(sse(called(piece("{}", id="x", name="rm_rf")), END))
    upstream.script_raw(sse(*TWO))
    answer = (await ask(program, model="auto", tools=[WEATHER])).json()
    assert [call_id for call_id, _ in told(answer["choices"][0]["message"])] == ["a", "b"]
    assert len(upstream.requests()) == 2


async def test_calls_are_dropped_if_the_program_wants_none(program, echo, upstream):
    upstream.script_raw(sse(*TWO))
    status, error = error_of(await ask(program, tools=[WEATHER], tool_choice="none"))
    assert (status, error["code"]) == (503, "tool_call")
    upstream.script_raw(sse(chunk({"content": "Sunny."}), *TWO))
    choice = await answered(program, tool_choice="none")
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Sunny.", "stop")
    assert "tool_calls" not in choice["message"]


def allowed(mode, *names, under="allowed_tools"):
    fields = {"mode": mode, "tools": [{"type": "function", "function": {"name": name}} for name in names]}
    return {"type": "allowed_tools", **({under: fields} if under else fields)}


@pytest.mark.parametrize("under", ["allowed_tools", ""])
async def test_a_program_may_allow_only_some_of_its_tools(program, echo, upstream, under):
    other = {"type": "function", "function": {"name": "rm_rf"}}
    upstream.script_raw(sse(*TWO))
    answer = await ask(program, tools=[WEATHER, other], tool_choice=allowed("required", "weather", under=under))
    assert len(told(answer.json()["choices"][0]["message"])) == 2
    asked = sent(upstream)
    assert ([tool["function"]["name"] for tool in asked["tools"]], asked["tool_choice"]) == (["weather"], "required")


@pytest.mark.parametrize(
    "choice",
    [allowed("none", "weather"), allowed("auto", "rm_rf"), allowed("required"), allowed("auto") | {"allowed_tools": 1}],
)
async def test_allowed_tools_that_cannot_be(program, echo, choice):
    status, error = error_of(await ask(program, tools=[WEATHER], tool_choice=choice))
    assert (status, error["param"]) == (400, "tool_choice")


async def test_only_the_first_call_is_kept_if_the_program_wants_one(program, echo, upstream):
    upstream.script_raw(sse(*TWO))
    choice = await answered(program, parallel_tool_calls=False)
    assert [call_id for call_id, _ in told(choice["message"])] == ["a"]
    assert sent(upstream)["parallel_tool_calls"] is False


async def test_a_stop_text_cuts_no_call(program, echo, upstream):
    parts = (called(piece('{"city":', id="x", name="weather")), chunk({"content": "One. STOP Two."}))
    whole = sse(*parts, chunk({"content": "Three."}), called(piece('"Oslo"}')), END)
    upstream.script_raw(whole)
    choice = await answered(program, stop=["STOP"])
    assert calls_of(choice) == [("weather", '{"city":"Oslo"}')]
    assert choice["message"]["content"] == "One. "
    upstream.script_raw(whole)
    *chunks, _done = await streamed(program, tools=[WEATHER], stop=["STOP"])
    assert text_of(chunks) == "One. "
    upstream.script_raw(sse(chunk({"content": "One. STOP"}), *TWO))
    choice = await answered(program, stop=["STOP"])
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "One. ")


async def test_no_other_model_is_asked_once_a_call_was_handed_out(program, echo, upstream):
    """Also if a thought ended after it: the program may be running the tool already."""
    await in_database_thread(offer, "second-echo")
    failure = b"data: " + json.dumps({"error": {"message": uuid4().hex, "code": 500}}).encode() + b"\n\n"
    first = sse(chunk({"content": "Hm. "}), called(ONE), chunk({"content": "</think>"}))
    upstream.script_raw(first.removesuffix(b"data: [DONE]\n\n") + failure)
    status, _error = error_of(await ask(program, model="auto", tools=[WEATHER]))
    assert status >= 500
    assert len(upstream.requests()) == 1
