"""Calls of tools through each lane: those that were asked for come in fragments, and others fail the answer."""

import json
from dataclasses import replace

from langai_site.outbound import trial
from langai_site.outbound.abilities import Ability
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.lanes.requests import Tool
from langai_site.outbound.requirements import Requirements
from langai_site.usage.types import Caller
from tests.outbound.conftest import ask, call_of, through_either_lane

CLOCK = Requirements(tools=(Tool("clock", "The time.", {"type": "object", "properties": {}}),))


def offered(requirements=CLOCK):
    return replace(call_of("hosted_vllm/echo"), requirements=requirements)


def sse(*chunks):
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def chunk(delta, reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def call(arguments, **first):
    return {
        "tool_calls": [
            {"index": 0, **first, "function": {"arguments": arguments, **({"name": "clock"} if first else {})}}
        ]
    }


CALLED = sse(
    chunk({"role": "assistant", "content": None, **call("", id="call_1", type="function")}),
    chunk(call('{"zone":')),
    chunk(call(' "UTC"}')),
    chunk({}, "tool_calls"),
)


@through_either_lane
async def test_a_call_that_was_asked_for_comes_in_fragments(upstream, lane):
    upstream.script_raw(CALLED)
    answer = await ask(offered())
    fragments = [output for output in answer.outputs if isinstance(output, ToolCallDelta)]
    assert (fragments[0].id, fragments[0].name) == ("call_1", "clock")
    assert "".join(fragment.arguments for fragment in fragments) == '{"zone": "UTC"}'
    assert (answer.error, answer.entry.status) == (None, "complete")
    assert answer.entry.usage.output_tokens > 0
    assert json.loads(upstream.requests("/v1/chat")[-1]["body"])["tools"][0]["function"]["name"] == "clock"


@through_either_lane
async def test_a_call_that_nobody_asked_for_fails_the_answer(upstream, lane):
    upstream.script_raw(CALLED)
    answer = await ask(call_of("hosted_vllm/echo"))
    assert (answer.error.code, answer.outputs) == ("tool_call", [])


@through_either_lane
async def test_a_call_of_another_tool_fails_the_answer(upstream, lane):
    upstream.script_raw(CALLED.replace(b'"clock"', b'"format_disk"'))
    answer = await ask(offered())
    assert (answer.error.code, answer.outputs) == ("tool_call", [])


@through_either_lane
async def test_an_answer_without_anything_is_not_complete(upstream, lane):
    upstream.script_raw(sse(chunk({"role": "assistant", "content": ""}), chunk({}, "stop")))
    assert (await ask(offered())).error.code == "silent"


async def test_tools_count_as_text_that_was_sent(upstream):
    upstream.script_raw(CALLED)
    with_tools, without = (await ask(offered())).entry, (await ask(call_of("hosted_vllm/echo"))).entry
    assert with_tools.bytes_sent > without.bytes_sent
    assert with_tools.usage.input_tokens > 0


async def test_the_test_of_a_model_offers_a_tool_if_it_can_call_one(upstream):
    for able in (True, False):
        model = call_of("hosted_vllm/echo", abilities={Ability.TOOLS: able}).model
        assert (await trial.attempted(model, Caller())).ok
        assert ("tools" in json.loads(upstream.requests("/v1/chat")[-1]["body"])) is able
