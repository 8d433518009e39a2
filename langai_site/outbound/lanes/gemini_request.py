"""Pure: builds a request to Gemini's generateContent.

Shapes: ai.google.dev/api/generate-content, /gemini-api/docs/thinking and /gemini-api/docs/thought-signatures.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from langai_site.outbound.lanes import signatures
from langai_site.outbound.lanes.gemini_signatures import signed
from langai_site.outbound.lanes.history import arguments_of, messages_of, tool_names
from langai_site.outbound.lanes.instructions import json_answer
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

# Prefix of this format's signatures.
SIGNED = "gemini:"
MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
MOST_STOPS = 5
# Models that are told how many tokens they may think, and older ones that do not sign their calls.
OLDER = re.compile(r"gemini-(?:1|2)\b|gemma")
BUDGETS = {"off": 0, "low": 1024, "medium": 8192, "high": 24_576}
LEVELS = {"off": "minimal", "low": "low", "medium": "medium", "high": "high"}
Json = dict[str, Any]


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in Gemini's format; the path goes after the server's address.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    is_older = OLDER.search(request.model) is not None
    # Older models refuse tools together with a format.
    is_told = is_older and bool(request.tools)
    system, messages = messages_of(request, quirks, json_answer(request.response_format) if is_told else "")
    names = tool_names(messages)
    body: Json = {"contents": [_content(message, names, load, is_older=is_older) for message in messages]}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if config := _config(request, quirks, formatted=not is_told):
        body["generationConfig"] = config
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_tool(tool) for tool in request.tools]}]
        if request.tool_choice:
            body["toolConfig"] = {"functionCallingConfig": _choice(request.tool_choice)}
    headers = {"Content-Type": "application/json"}
    if request.key:
        headers["x-goog-api-key"] = request.key
    model = quote(request.model.removeprefix("models/"), safe="")
    method = "streamGenerateContent?alt=sse" if request.stream and quirks.stream else "generateContent"
    return finished(request, f"/v1beta/models/{model}:{method}", headers, body)


def _config(request: Request, quirks: Quirks, *, formatted: bool) -> Json:
    """Return the settings of the answer, with its format if it is `formatted`."""
    config: Json = {}
    if quirks.max_tokens_name is not None:
        config["maxOutputTokens"] = quirks.max_tokens(request.max_tokens)
    if request.temperature is not None and quirks.temperature:
        config["temperature"] = request.temperature
    if request.stop:
        config["stopSequences"] = list(request.stop[:MOST_STOPS])
    if formatted and request.response_format is not None:
        config["responseMimeType"] = "application/json"
        if request.response_format.schema is not None:
            config["responseJsonSchema"] = dict(request.response_format.schema)
    if request.thinking:
        is_older = OLDER.search(request.model) is not None
        how: Json = (
            {"thinkingBudget": BUDGETS[request.thinking]} if is_older else {"thinkingLevel": LEVELS[request.thinking]}
        )
        config["thinkingConfig"] = how if request.thinking == "off" else how | {"includeThoughts": True}
    return config


def _content(message: WireMessage, names: Mapping[str, str], load: Load, *, is_older: bool) -> Json:
    """Return a message. Its pictures follow all results of tools, because nothing may stand between those."""
    if message.role == "assistant":
        pieces = [piece for part in message.parts for piece in _answered(part)]
        return {"role": "model", "parts": signed(pieces, is_checked=not is_older)}
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    responses = [{"functionResponse": _response(result, names)} for result in results]
    pictures = [inner for result in results for inner in result.parts if isinstance(inner, Image)]
    rest = [piece for part in (*pictures, *message.parts) if (piece := _piece(part, load))]
    return {"role": "user", "parts": [*responses, *rest]}


def _answered(part: Part) -> list[Json | str]:
    """Return a part of an answer; of a thought only the signature, if it was signed in this format."""
    if isinstance(part, Thinking):
        signature = signatures.opaque(part.signature, SIGNED)
        return [signature] if signature else []
    if isinstance(part, ToolCall):
        return [{"functionCall": _named(part.id, part.name) | {"args": arguments_of(part)}}]
    return [{"text": part.text}] if isinstance(part, Text) else []


def _piece(part: Part, load: Load) -> Json | None:
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, Image):
        data = base64.b64encode(load(part.file)).decode()
        return {"inlineData": {"mimeType": part.media_type, "data": data}}
    return None


def _response(result: ToolResult, names: Mapping[str, str]) -> Json:
    answer = {"error" if result.error else "result": result_text(result)}
    return _named(result.call_id, names.get(result.call_id, "")) | {"response": answer}


def _named(identity: str, name: str) -> Json:
    return {"id": identity, "name": name} if identity else {"name": name}


def _tool(tool: Tool) -> Json:
    declaration: Json = {"name": tool.name, "description": tool.description or tool.name}
    return declaration | {"parametersJsonSchema": dict(tool.parameters)} if tool.parameters else declaration


def _choice(choice: ToolChoice) -> Json:
    if isinstance(choice, ForcedTool):
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": MODES[choice]}
