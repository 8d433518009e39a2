"""Pure: builds a request to Gemini's generateContent.

Shapes: ai.google.dev/api/generate-content, /gemini-api/docs/thinking and /gemini-api/docs/thought-signatures.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from langai_site.outbound.lanes.history import arguments_of, messages_of, tool_names
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

# Prefix of this format's signatures. A signature belongs to the part that follows it in the message.
SIGNED = "gemini:"
MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
MOST_STOPS = 5
# Models that are told how many tokens they may think, and older ones that do not sign their calls.
OLDER = re.compile(r"gemini-(?:1|2)\b|gemma")
BUDGETS = {"off": 0, "low": 1024, "medium": 8192, "high": 24_576}
LEVELS = {"off": "minimal", "low": "low", "medium": "medium", "high": "high"}
# Documented for calls that another model made.
UNSIGNED = "skip_thought_signature_validator"
Json = dict[str, Any]


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in Gemini's format; the path goes after the server's address.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    system, messages = messages_of(request, quirks)
    names = tool_names(messages)
    is_older = OLDER.search(request.model) is not None
    body: Json = {"contents": [_content(message, names, load, is_older=is_older) for message in messages]}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if config := _config(request, quirks):
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


def _config(request: Request, quirks: Quirks) -> Json:
    config: Json = {}
    if quirks.max_tokens_name is not None:
        config["maxOutputTokens"] = quirks.max_tokens(request.max_tokens)
    if request.temperature is not None and quirks.temperature:
        config["temperature"] = request.temperature
    if request.stop:
        config["stopSequences"] = list(request.stop[:MOST_STOPS])
    if request.response_format is not None:
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
    role = "model" if message.role == "assistant" else "user"
    parts: list[Json] = []
    signature = ""
    is_signed = is_older
    for part in message.parts:
        if isinstance(part, Thinking):
            signature = part.signature.removeprefix(SIGNED) if part.signature.startswith(SIGNED) else signature
            continue
        for piece in _pieces(part, names, load):
            if signature:
                piece["thoughtSignature"], signature = signature, ""
                is_signed = is_signed or "functionCall" in piece
            elif "functionCall" in piece and not is_signed:
                # The first call of a message has to be signed.
                piece["thoughtSignature"], is_signed = UNSIGNED, True
            parts.append(piece)
    if signature:
        parts.append({"text": "", "thoughtSignature": signature})
    return {"role": role, "parts": parts}


def _pieces(part: Part, names: Mapping[str, str], load: Load) -> list[Json]:
    if isinstance(part, Text):
        return [{"text": part.text}]
    if isinstance(part, Image):
        data = base64.b64encode(load(part.file)).decode()
        return [{"inlineData": {"mimeType": part.media_type, "data": data}}]
    if isinstance(part, ToolCall):
        return [{"functionCall": _named(part.id, part.name) | {"args": arguments_of(part)}}]
    if isinstance(part, ToolResult):
        answer = {"error" if part.error else "result": result_text(part)}
        response = _named(part.call_id, names.get(part.call_id, "")) | {"response": answer}
        pictures = [inner for inner in part.parts if isinstance(inner, Image)]
        return [{"functionResponse": response}, *(piece for inner in pictures for piece in _pieces(inner, names, load))]
    return []


def _named(identity: str, name: str) -> Json:
    return {"id": identity, "name": name} if identity else {"name": name}


def _tool(tool: Tool) -> Json:
    declaration: Json = {"name": tool.name, "description": tool.description or tool.name}
    return declaration | {"parametersJsonSchema": dict(tool.parameters)} if tool.parameters else declaration


def _choice(choice: ToolChoice) -> Json:
    if isinstance(choice, ForcedTool):
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": MODES[choice]}
