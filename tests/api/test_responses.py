"""/v1/responses: OpenAI's Responses API, whole and streamed, read by OpenAI's own types."""

import json

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from chat.models import Conversation
from langai_site.database.writer import in_database_thread
from langai_site.usage.models import UsageEntry
from tests.api.conftest import offer
from tests.api.events import frames_of
from tests.api.openai_answers import error_of, sent
from tests.api.test_openai_pictures import SEEN
from tests.api.tool_calls import CALLS, CITY, EXPECTED, deep

pytestmark = pytest.mark.usefixtures("upstream")
PATH = "/v1/responses"
WEATHER = {"type": "function", "name": "weather", "description": "The weather.", "parameters": CITY, "strict": True}
USER = {"role": "user", "content": "x"}
CALLED = {"type": "function_call", "call_id": "a", "name": "weather", "arguments": "{}"}
EVENT = TypeAdapter(ResponseStreamEvent)


async def respond(program, asked="How many days?", **fields):
    return await program.post(PATH, {"model": "hosted_vllm/echo", "input": asked} | fields)


async def response_of(answer):
    """The response, as the SDK reads it. It must hold in every field."""
    assert answer.status_code == 200, answer.content
    return Response.model_validate(answer.json(), strict=False)


async def events(program, asked="How many days?", **fields):
    answer = await respond(program, asked, stream=True, **fields)
    assert answer["Content-Type"].startswith("text/event-stream"), answer.content
    frames = frames_of(b"".join([part async for part in answer]).decode())
    assert all(frame.event == frame.data["type"] for frame in frames)
    assert [frame.data["sequence_number"] for frame in frames] == [*range(len(frames))]
    return [EVENT.validate_python(frame.data) for frame in frames]


async def test_a_text_is_answered_and_nothing_is_kept_but_the_ledgers_entry(program, echo):
    response = await response_of(await respond(program))
    assert (response.status, response.output_text) == ("completed", "How many days?")
    assert response.id.startswith("resp_")
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    assert not await Conversation.objects.aexists()
    assert (await UsageEntry.objects.aget()).source == "api"


async def test_messages_instructions_and_parameters_reach_the_model(program, echo, upstream):
    said = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "One?"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "1"}]},
        {"role": "user", "content": "Two?"},
    ]
    schema = {"format": {"type": "json_schema", "name": "city", "schema": CITY, "strict": True}}
    await respond(
        program, said, instructions="Speak Dutch.", max_output_tokens=77, temperature=0.5, top_p=0.9, text=schema
    )
    body = sent(upstream)
    system, *rest = body["messages"]
    assert system["content"].endswith("Speak Dutch.\n\nBe brief.")
    assert [(message["role"], message["content"]) for message in rest] == [
        ("user", "One?"),
        ("assistant", "1"),
        ("user", "Two?"),
    ]
    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (77, 0.5, 0.9)
    assert body["response_format"]["json_schema"] == {"name": "city", "schema": CITY, "strict": True}


async def test_a_picture_goes_along(program, echo, upstream):
    parts = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": SEEN, "detail": "auto"}]
    response = await response_of(await respond(program, [{"role": "user", "content": parts}]))
    assert response.status == "completed"
    assert sent(upstream)["messages"][-1]["content"][1]["image_url"] == {"url": SEEN, "detail": "auto"}


async def test_calls_are_items_and_their_outputs_go_back(program, echo, upstream):
    upstream.script_raw(CALLS)
    response = await response_of(await respond(program, tools=[WEATHER], tool_choice="auto"))
    message, *calls = response.output
    assert message.content[0].text == "Let me look."
    assert [(call.call_id, call.arguments) for call in calls] == EXPECTED
    assert sent(upstream)["tools"][0]["function"]["name"] == "weather"
    returned = [item.model_dump(mode="json") for item in response.output]
    outputs = [{"type": "function_call_output", "call_id": call_id, "output": "Sunny."} for call_id, _ in EXPECTED]
    asked = [{"role": "user", "content": "How is it?"}, *returned, *outputs]
    assert (await respond(program, asked, tools=[WEATHER])).status_code == 200
    _system, question, answer, *results = sent(upstream)["messages"]
    assert question["content"] == "How is it?"
    assert [(call["id"], call["function"]["arguments"]) for call in answer["tool_calls"]] == EXPECTED
    assert [(result["role"], result["tool_call_id"]) for result in results] == [("tool", "call_a"), ("tool", "call_b")]


async def test_a_stream_builds_the_same_items(program, echo, upstream):
    upstream.script_raw(CALLS)
    found = await events(program, tools=[WEATHER])
    assert [event.type for event in found[:4]] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    response = found[-1].response
    assert (found[-1].type, response.status) == ("response.completed", "completed")
    done = {event.output_index: event.item for event in found if event.type == "response.output_item.done"}
    assert [done[number] for number in sorted(done)] == response.output
    text = "".join(event.delta for event in found if event.type == "response.output_text.delta")
    assert text == response.output_text == "Let me look."
    arguments = {}
    for event in found:
        if event.type == "response.function_call_arguments.delta":
            arguments[event.item_id] = arguments.get(event.item_id, "") + event.delta
    assert [*arguments.values()] == [argument for _, argument in EXPECTED]


async def test_thoughts_come_as_reasoning(program, upstream, transactional_db):
    model = await in_database_thread(offer, "t3-h4")
    found = await events(program, model=model)
    reasoning, message = found[-1].response.output
    assert (reasoning.type, message.type) == ("reasoning", "message")
    assert reasoning.summary[0].text.startswith("**Hm1**")


async def test_signed_reasoning_goes_back_unchanged(program, echo, upstream):
    detail = {"type": "reasoning.text", "text": "Hm.", "signature": "abc", "index": 0, "format": "anthropic-v1"}
    delta = {"index": 0, "delta": {"reasoning_details": [detail]}, "finish_reason": None}
    call = {"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": "{}"}}
    end = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}
    frames = b"".join(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n" for choice in (delta, end))
    upstream.script_raw(frames + b"data: [DONE]\n\n")
    response = await response_of(await respond(program, tools=[WEATHER]))
    returned = [item.model_dump(mode="json") for item in response.output]
    assert returned[0]["encrypted_content"]
    output = {"type": "function_call_output", "call_id": "call_a", "output": "Sunny."}
    await respond(program, [{"role": "user", "content": "How?"}, *returned, output], tools=[WEATHER])
    assert sent(upstream)["messages"][2]["reasoning_details"] == [detail]


async def test_an_answer_that_is_too_long_is_incomplete(program, upstream, transactional_db):
    response = await response_of(await respond(program, model=await in_database_thread(offer, "length-t5")))
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    last = (await events(program, model="hosted_vllm/length-t5"))[-1]
    assert last.type == "response.incomplete"


async def test_an_early_failure_has_a_status_and_a_later_one_an_event(program, upstream, transactional_db):
    status, error = error_of(await respond(program, model=await in_database_thread(offer, "fail-toolong"), stream=True))
    assert (status, error["code"]) == (400, "context_length_exceeded")
    last = (await events(program, model=await in_database_thread(offer, "fail-cut-t20")))[-1]
    assert (last.type, last.response.status) == ("response.failed", "failed")
    assert last.response.error.message


async def test_a_card_number_in_an_output_keeps_it_here(program, echo, upstream, settings):
    settings.LOCAL_HOSTS = []
    call = {"type": "function_call", "call_id": "1", "name": "weather", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "1", "output": "Card 4111 1111 1111 1111"}
    status, error = error_of(await respond(program, [{"role": "user", "content": "Pay."}, call, output]))
    assert (status, error["code"]) == (403, "above_ceiling")
    assert upstream.requests() == []


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id", "unsupported_parameter"),
        ({"conversation": "conv_1"}, "conversation", "unsupported_parameter"),
        ({"background": True}, "background", "unsupported_parameter"),
        ({"asked": []}, "input", "invalid_value"),
        ({"asked": ""}, "input[0].content", "invalid_value"),
        ({"asked": [5]}, "input[0]", "invalid_value"),
        ({"asked": [{"type": "item_reference", "id": "1"}]}, "input[0]", "invalid_value"),
        ({"asked": [{"role": "robot", "content": "x"}]}, "input[0].role", "invalid_value"),
        ({"asked": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content", "invalid_value"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_value"),
        ({"asked": [{"role": "user", "content": "x"}] * 1001}, "input", "array_above_max_length"),
        ({"asked": [USER, {"type": "reasoning", "summary": 5}]}, "input[1].summary", "invalid_type"),
        ({"asked": [USER, {**CALLED, "name": None}]}, "input[1].name", "invalid_value"),
        ({"asked": [USER, CALLED, {**CALLED, "call_id": None}]}, "input[2].call_id", "invalid_value"),
        ({"asked": [USER, {**CALLED, "arguments": 5}]}, "input[1].arguments", "invalid_type"),
        ({"stream": True, "tools": [{**WEATHER, "parameters": deep(130)}]}, "tools[0]", "invalid_value"),
        ({"stream": True, "text": {"format": {"type": "text", "x": deep(130)}}}, "text", "invalid_value"),
        ({"stream": True, "tool_choice": deep(130)}, "tool_choice", "invalid_value"),
        ({"stream": True, "metadata": {"x": float("nan")}}, "metadata", "invalid_value"),
        ({"max_output_tokens": 0}, "max_output_tokens", "number_below_min_value"),
    ],
    ids=str,
)
async def test_what_cannot_be_done_is_refused_by_its_place(program, echo, upstream, fields, param, code):
    status, error = error_of(await respond(program, **fields))
    assert (status, error["param"], error["code"]) == (400, param, code)
    assert upstream.requests() == []
