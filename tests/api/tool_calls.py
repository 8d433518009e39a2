"""Tools of a program, and the answers of a model that calls them."""

import json

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


WEATHER = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": CITY}}


CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def tool_with(parameters):
    return {"type": "function", "function": {"name": "a", "parameters": parameters}}


def deep(levels):
    return json.loads('{"a":' * levels + "{}" + "}" * levels)


def sse(*chunks):
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def chunk(delta, reason=None):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def fragment(index, arguments, **first):
    return {"index": index, **first, "function": {"arguments": arguments, **({"name": "weather"} if first else {})}}


CALLS = sse(
    chunk({"role": "assistant", "content": "Let me look."}),
    chunk({"tool_calls": [fragment(0, "", id="call_a", type="function")]}),
    chunk({"tool_calls": [fragment(0, '{"city": ')]}),
    chunk({"tool_calls": [fragment(0, '"Oslo"}')]}),
    chunk({"tool_calls": [fragment(1, '{"city": "Rome"}', id="call_b", type="function")]}),
    chunk({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 12}},
)


EXPECTED = [("call_a", '{"city": "Oslo"}'), ("call_b", '{"city": "Rome"}')]


def told(message):
    return [(call["id"], call["function"]["arguments"]) for call in message["tool_calls"]]
