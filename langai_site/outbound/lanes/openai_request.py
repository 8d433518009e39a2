"""Pure: builds a request to OpenAI's chat completions."""

import base64
from typing import Any

from langai_site.outbound.lanes import openai_signatures
from langai_site.outbound.lanes.history import messages_of
from langai_site.outbound.lanes.pairing import result_text
from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.outbound.lanes.requests import (
    ForcedTool,
    JsonFormat,
    Load,
    Request,
    Tool,
    ToolChoice,
    WireMessage,
    WireRequest,
    finished,
    no_files,
)
from langai_site.outbound.parts import BETWEEN, Image, Part, Text, Thinking, ToolCall, ToolResult, joined_text

PATH = "/chat/completions"
EFFORTS = {"off": "none", "low": "low", "medium": "medium", "high": "high"}
Json = dict[str, Any]


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in OpenAI's format; the path goes after an address that ends in /v1 or similar.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    body: Json = {"model": request.model, "messages": built_messages(request, quirks, load)}
    if request.stream and quirks.stream:
        body["stream"] = True
        if quirks.stream_options:
            body["stream_options"] = {"include_usage": True}
    if quirks.limit_name is not None:
        body[quirks.limit_name] = quirks.max_tokens(request.max_tokens)
    if request.temperature is not None and quirks.temperature:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    body |= requirements(request)
    if request.thinking:
        body["reasoning_effort"] = EFFORTS[request.thinking]
    headers = {"Content-Type": "application/json"}
    if request.key:
        headers["Authorization"] = f"Bearer {request.key}"
    return finished(request, PATH, headers, body)


def requirements(request: Request) -> Json:
    """Return the fields for tools and for JSON answers, if they are needed."""
    fields: Json = {}
    if request.tools:
        fields["tools"] = [tool_of(tool) for tool in request.tools]
        if request.tool_choice:
            fields["tool_choice"] = _choice(request.tool_choice)
        if not request.parallel_tool_calls:
            fields["parallel_tool_calls"] = False
    if request.response_format is not None:
        fields["response_format"] = _format(request.response_format)
    return fields


def built_messages(request: Request, quirks: Quirks, load: Load) -> list[Json]:
    """Return the messages of `request` in OpenAI's format."""
    system, messages = messages_of(request, quirks)
    built: list[Json] = [{"role": quirks.system_role, "content": system}] if system else []
    for message in messages:
        built += _answer(message, quirks) if message.role == "assistant" else _question(message, load)
    return built


def _question(message: WireMessage, load: Load) -> list[Json]:
    """Return one message for each result of a tool, and one for the rest. Only the latter can have pictures."""
    built: list[Json] = []
    rest: list[Part] = []
    for part in message.parts:
        if not isinstance(part, ToolResult):
            rest.append(part)
            continue
        built.append({"role": "tool", "tool_call_id": part.call_id, "content": result_text(part)})
        rest += [inner for inner in part.parts if isinstance(inner, Image)]
    if any(isinstance(part, Image) for part in rest):
        built.append({"role": "user", "content": [_piece(part, load) for part in rest]})
    elif rest:
        built.append({"role": "user", "content": joined_text(rest)})
    return built


def _piece(part: Part, load: Load) -> Json:
    if isinstance(part, Image):
        encoded = base64.b64encode(load(part.file)).decode()
        detail = {"detail": part.detail} if part.detail else {}
        return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{encoded}", **detail}}
    return {"type": "text", "text": part.text if isinstance(part, Text) else ""}


def _answer(message: WireMessage, quirks: Quirks) -> list[Json]:
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    built: Json = {"role": "assistant", "content": joined_text(message.parts) or None}
    if calls:
        built["tool_calls"] = [_call(call) for call in calls]
        thoughts = [part for part in message.parts if isinstance(part, Thinking)]
        if quirks.reasoning_content:
            # A signed thought was not searched for control tokens.
            built["reasoning_content"] = BETWEEN.join(
                part.text for part in thoughts if part.text and not part.signature
            )
        built |= openai_signatures.sent_back(thoughts, built["tool_calls"])
    return [built]


def _call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def tool_of(tool: Tool) -> Json:
    """Return a tool in the form of OpenAI's format and its relatives."""
    function: Json = {"name": tool.name, "parameters": dict(tool.parameters) or {"type": "object", "properties": {}}}
    if tool.description:
        function["description"] = tool.description
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> str | Json:
    return {"type": "function", "function": {"name": choice.name}} if isinstance(choice, ForcedTool) else choice


def _format(format_: JsonFormat) -> Json:
    if format_.schema is None:
        return {"type": "json_object"}
    schema = {"name": format_.name, "schema": dict(format_.schema), "strict": format_.strict}
    return {"type": "json_schema", "json_schema": schema}
