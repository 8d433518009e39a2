"""Pure: builds a request to Anthropic's messages.

Shapes: platform.claude.com/docs/en/api/messages.
"""

import base64
import re
from typing import Any

from langai_site.outbound.lanes import signatures
from langai_site.outbound.lanes.anthropic_schema import closed
from langai_site.outbound.lanes.history import arguments_of, messages_of
from langai_site.outbound.lanes.instructions import ANY_OBJECT
from langai_site.outbound.lanes.pairing import result_text
from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.outbound.lanes.requests import (
    ForcedTool,
    Load,
    Request,
    Tool,
    ToolChoice,
    WireMessage,
    WireRequest,
    finished,
    no_files,
)
from langai_site.outbound.parts import Image, Part, Text, Thinking, ToolCall, ToolResult

PATH = "/v1/messages"
VERSION = "2023-06-01"
# Prefixes of this format's signatures, and of thoughts that the provider keeps secret.
SIGNED, REDACTED = "anthropic:", "anthropic-redacted:"
CHOICES = {"auto": "auto", "none": "none", "required": "any"}
# Models that are told how many tokens they may think; newer ones decide that, and are told an effort.
WITH_BUDGET = re.compile(r"claude-(?:3|[a-z]+-4(?:-[0-5]\b|-\d{8}|$))")
BUDGETS = {"low": 2048, "medium": 8192, "high": 24_576}
LEAST_BUDGET = 1024
NOT_IN_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")
Json = dict[str, Any]


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in Anthropic's format; the path goes after the server's address.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    format_ = request.response_format
    # Anthropic can demand JSON of a schema only.
    is_told = format_ is not None and format_.schema is None
    system, messages = messages_of(request, quirks, ANY_OBJECT if is_told else "")
    body: Json = {"model": request.model, "max_tokens": quirks.max_tokens(request.max_tokens)}
    if system:
        body["system"] = system
    body["messages"] = _messages(messages, load)
    if request.stream and quirks.stream:
        body["stream"] = True
    if stop := [text for text in request.stop if text.strip()]:
        body["stop_sequences"] = stop
    body |= _tools(request)
    if format_ is not None and format_.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": closed(format_.schema)}}
    _think(request, body)
    # A model that thinks accepts no temperature.
    if request.temperature is not None and quirks.temperature and body.get("thinking", OFF) == OFF:
        body["temperature"] = min(request.temperature, 1)
    headers = {"Content-Type": "application/json", "anthropic-version": VERSION}
    if request.key:
        headers["x-api-key"] = request.key
    return finished(request, PATH, headers, body)


OFF = {"type": "disabled"}


def _think(request: Request, body: Json) -> None:
    """Add how the model thinks to `body`. Where Anthropic refuses that, it is left out."""
    must_call = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if request.thinking == "off":
        body["thinking"] = OFF
    elif request.thinking and WITH_BUDGET.search(request.model):
        budget = min(BUDGETS[request.thinking], body["max_tokens"] // 2)
        if budget >= LEAST_BUDGET and not must_call and not _lost_thought(body["messages"]):
            body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    elif request.thinking:
        if not must_call:
            # Without `display`, newer models do not show their thoughts.
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
        body["output_config"] = body.get("output_config", {}) | {"effort": request.thinking}


def _lost_thought(messages: list[Json]) -> bool:
    """Return whether the messages end in calls and results without the thought from which they came.

    Another model made the calls, or a program did not send the thought back.
    """
    at = len(messages) - 1
    while at > 0 and messages[at]["content"][0]["type"] == "tool_result":
        if messages[at - 1]["content"][0]["type"] in ("thinking", "redacted_thinking"):
            return False
        at -= 2
    return at < len(messages) - 1


def _messages(messages: list[WireMessage], load: Load) -> list[Json]:
    built: list[Json] = []
    for message in messages:
        blocks = [block for part in message.parts if (block := _block(part, load))]
        built.append({"role": message.role, "content": blocks})
    if built and built[-1]["role"] == "assistant":
        last = built[-1]["content"][-1]
        if last["type"] == "text":
            # An answer to be continued must not end with white space.
            last["text"] = last["text"].rstrip()
    return built


def _block(part: Part, load: Load) -> Json | None:
    """Return a part as a block; None for a thought that was not signed in this format."""
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Thinking):
        return _thought(part)
    if isinstance(part, Image):
        data = base64.b64encode(load(part.file)).decode()
        return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": data}}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": _id(part.id), "name": part.name, "input": arguments_of(part)}
    return _result(part, load)


def _thought(part: Thinking) -> Json | None:
    if data := signatures.opaque(part.signature, REDACTED):
        return {"type": "redacted_thinking", "data": data}
    if signature := signatures.opaque(part.signature, SIGNED):
        return {"type": "thinking", "thinking": part.text, "signature": signature}
    return None


def _result(result: ToolResult, load: Load) -> Json:
    inner = (_block(part, load) for part in result.parts if not isinstance(part, Text) or part.text.strip())
    blocks = [block for block in inner if block] or [{"type": "text", "text": result_text(result)}]
    built: Json = {"type": "tool_result", "tool_use_id": _id(result.call_id), "content": blocks}
    return built | {"is_error": True} if result.error else built


def _id(name: str) -> str:
    """Return the id of a call with only the characters that Anthropic allows: another provider may have made it."""
    return NOT_IN_AN_ID.sub("_", name) or "call"


def _tools(request: Request) -> Json:
    """Return the fields for tools, if there are any."""
    if not request.tools:
        return {}
    fields: Json = {"tools": [_tool(tool) for tool in request.tools]}
    if request.tool_choice or not request.parallel_tool_calls:
        fields["tool_choice"] = _choice(request.tool_choice or "auto")
    if not request.parallel_tool_calls and fields["tool_choice"] != {"type": "none"}:
        fields["tool_choice"]["disable_parallel_tool_use"] = True
    return fields


def _tool(tool: Tool) -> Json:
    schema = dict(tool.parameters) or {"type": "object", "properties": {}}
    built: Json = {"name": tool.name, "input_schema": schema}
    return built | {"description": tool.description} if tool.description else built


def _choice(choice: ToolChoice) -> Json:
    return {"type": "tool", "name": choice.name} if isinstance(choice, ForcedTool) else {"type": CHOICES[choice]}
