"""The items of /v1/responses: thoughts, text and calls are kept apart, whatever the models wrote before."""

import json

import pytest
from django.core.cache import caches

from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from tests.api.conftest import offer
from tests.api.test_responses import WEATHER, events, respond, response_of
from tests.api.tool_calls import chunk, sse

pytestmark = pytest.mark.usefixtures("upstream")
DONE = b"data: [DONE]\n\n"
THOUGHT_FIRST = (chunk({"content": "I should think. "}), chunk({"content": "So.</think>"}))


def kinds(response):
    return [item.type for item in response.output]


async def both(program, upstream, raw, **fields):
    """Return the response of an answer that is not streamed, and the last of one that is, with its events."""
    upstream.script_raw(raw)
    whole = await response_of(await respond(program, **fields))
    await Model.objects.aupdate(learnt={}, quirks={})
    upstream.script_raw(raw)
    found = await events(program, "And again?", **fields)
    return whole, found[-1].response, found


async def test_text_that_was_a_thought_is_reasoning(program, echo, upstream):
    raw = sse(*THOUGHT_FIRST, chunk({"content": "The answer."}, "stop"))
    whole, last, found = await both(program, upstream, raw)
    for response in (whole, last):
        assert response.output_text == "The answer."
        assert kinds(response) == ["reasoning", "message"]
        assert response.output[0].summary[0].text.startswith("I should think.")
    done = [event.item for event in found if event.type == "response.output_item.done"]
    added = [event.item for event in found if event.type == "response.output_item.added"]
    assert len(added) == len(done)
    assert done[-1].content[0].text == "The answer."


async def test_json_after_a_thought_is_only_the_json(program, echo, upstream):
    raw = sse(*THOUGHT_FIRST, chunk({"content": '{"a":1}'}, "stop"))
    whole, last, _found = await both(program, upstream, raw, text={"format": {"type": "json_object"}})
    assert json.loads(whole.output_text) == json.loads(last.output_text) == {"a": 1}


async def test_an_invented_citation_is_removed(program, echo, upstream):
    raw = sse(chunk({"content": "Days [7] "}), chunk({"content": "given."}, "stop"))
    whole, last, found = await both(program, upstream, raw)
    assert "[7]" not in whole.output_text
    assert last.output_text == whole.output_text
    assert [event.item for event in found if event.type == "response.output_item.done"] == last.output


def thought(text, signature=None):
    detail = {"type": "reasoning.text", "text": text, **({"signature": signature} if signature else {})}
    return chunk({"reasoning_details": [detail]})


async def test_thoughts_of_a_model_that_failed_stay_apart(program, echo, upstream):
    await in_database_thread(offer, "second-echo")
    failing = sse(thought("Thought of A. "), {"error": {"message": "boom", "code": 500}}).removesuffix(DONE)
    call = {"index": 0, "id": "b", "function": {"name": "weather", "arguments": "{}"}}
    answering = sse(thought("Thought of B.", "sigB"), chunk({"tool_calls": [call]}, "tool_calls"))
    for stream in (False, True):
        upstream.script_raw(failing)
        upstream.script_raw(answering)
        fields = {"model": "auto", "tools": [WEATHER]}
        if stream:
            found = await events(program, **fields)
            response = found[-1].response
            done = [event.item.type for event in found if event.type == "response.output_item.done"]
            assert done == ["reasoning", "reasoning", "function_call"]
        else:
            response = await response_of(await respond(program, **fields))
        assert kinds(response) == ["reasoning", "function_call"]
        assert [part.text for part in response.output[0].summary] == ["Thought of B."]
        assert response.output[0].encrypted_content
        for name in ("resting", "default"):
            caches[name].clear()


CUT = {
    "call": (
        sse(
            chunk({"content": "Let me look."}),
            chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "weather", "arguments": '{"c'}}]}),
            chunk({}, "length"),
        ),
        ["completed", "incomplete"],
    ),
    "text": (sse(chunk({"content": "One, two"}, "length")), ["incomplete"]),
}


@pytest.mark.parametrize("name", CUT)
async def test_what_was_cut_is_incomplete(program, echo, upstream, name):
    raw, expected = CUT[name]
    whole, last, found = await both(program, upstream, raw, tools=[WEATHER])
    for response in (whole, last):
        assert response.status == "incomplete"
        assert [item.status for item in response.output] == expected
    assert [event.item.status for event in found if event.type == "response.output_item.done"] == expected
