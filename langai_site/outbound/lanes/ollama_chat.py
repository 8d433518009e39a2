"""Pure: Ollama's /api/chat, and the older /api/generate, in whose shape some proxies answer.

Shapes: docs.ollama.com/api/chat and /api/streaming.
"""

import base64
from collections.abc import Mapping
from typing import Any

from langai_site.outbound.lanes import counts
from langai_site.outbound.lanes.decoding import BaseDecoder, is_bare_error
from langai_site.outbound.lanes.events import Event, FinishReason, Refusal, TextDelta, ThinkingDelta, UsageDelta
from langai_site.outbound.lanes.finish import finish_reason
from langai_site.outbound.lanes.history import arguments_of, messages_of, tool_names
from langai_site.outbound.lanes.instructions import must_call
from langai_site.outbound.lanes.lines import LONGEST_EVENT
from langai_site.outbound.lanes.openai_content import content_events, thoughts, words
from langai_site.outbound.lanes.openai_request import tool_of
from langai_site.outbound.lanes.pairing import result_text
from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.outbound.lanes.requests import (
    ForcedTool,
    Load,
    Request,
    Tool,
    WireMessage,
    WireRequest,
    finished,
    no_files,
)
from langai_site.outbound.lanes.tool_calls import ToolCalls
from langai_site.outbound.parts import Image, Part, Thinking, ToolCall, ToolResult, joined_text

PATH = "/api/chat"
# These take a level; other models can only be told whether to think.
WITH_LEVELS = "gpt-oss"
Json = dict[str, Any]


class Decoder(BaseDecoder):
    """Decodes Ollama's lines. An answer is complete at `done`."""

    def __init__(self, *, opened: bool = False, longest: int = LONGEST_EVENT) -> None:
        """`opened`: the text begins inside a thought. `longest`: the most bytes of one line."""
        super().__init__(opened=opened, longest=longest)
        self._calls = ToolCalls()

    def _read(self, chunk: Mapping[str, Any], found: list[Event]) -> None:
        message = chunk.get("message")
        if isinstance(message, str) and "done" in chunk:
            chunk = {**chunk, "message": {"content": message}}
            message = chunk["message"]
        if isinstance(message, dict):
            self._read_message(message, found)
        else:
            for thinking in thoughts(chunk):
                found += self._voice.think(thinking.text)
            found += self._voice.say(words(chunk.get("response")))
        error = chunk.get("error") or (chunk if is_bare_error(chunk) else None)
        if error:
            self._fail(error, found)
            return
        done = chunk.get("done")
        self._has_message |= done is None and ("message" in chunk or "response" in chunk)
        if done is True or done in (1, "true", "True"):
            self._count(_usage(chunk), found)
            self._finish(finish_reason(chunk.get("done_reason")) or FinishReason.STOP, found)

    def _read_message(self, message: Mapping[str, Any], found: list[Event]) -> None:
        for thinking in thoughts(message):
            found += self._voice.think(thinking.text)
        for event in content_events(message.get("content")):
            if isinstance(event, TextDelta):
                found += self._voice.say(event.text)
            elif isinstance(event, ThinkingDelta):
                found += self._voice.think(event.text)
            elif isinstance(event, Refusal):
                found.append(Refusal(self._voice.plain(event.text)))
        if calls := message.get("tool_calls"):
            for call in self._calls.read(calls):
                self._call(call, found)


def _usage(chunk: Mapping[str, Any]) -> UsageDelta | None:
    try:
        return UsageDelta(counts.first(chunk, "prompt_eval_count"), counts.first(chunk, "eval_count"))
    except counts.AbsurdError:
        return None


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in Ollama's format; the path goes after the server's address.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    options: Json = {}
    if quirks.max_tokens_name is not None:
        options["num_predict"] = quirks.max_tokens(request.max_tokens)
    if request.temperature is not None and quirks.temperature:
        options["temperature"] = request.temperature
    if request.stop:
        options["stop"] = list(request.stop)
    if request.num_ctx:
        options["num_ctx"] = request.num_ctx
    # Ollama streams unless it is told not to.
    body: Json = {"model": request.model, "messages": _messages(request, quirks, load)}
    body["stream"] = request.stream and quirks.stream
    if options:
        body["options"] = options
    if tools := _offered(request):
        body["tools"] = [tool_of(tool) for tool in tools]
    if request.response_format is not None:
        schema = request.response_format.schema
        body["format"] = "json" if schema is None else dict(schema)
    if request.thinking:
        has_levels = WITH_LEVELS in request.model and request.thinking != "off"
        body["think"] = request.thinking if has_levels else request.thinking != "off"
    headers = {"Content-Type": "application/json"}
    if request.key:
        headers["Authorization"] = f"Bearer {request.key}"
    return finished(request, PATH, headers, body)


def _offered(request: Request) -> tuple[Tool, ...]:
    """Return the tools that may be called now: Ollama has no tool choice, so the others are left out."""
    if isinstance(request.tool_choice, ForcedTool):
        return tuple(tool for tool in request.tools if tool.name == request.tool_choice.name)
    return () if request.tool_choice == "none" else request.tools


def _messages(request: Request, quirks: Quirks, load: Load) -> list[Json]:
    system, messages = messages_of(request, quirks, must_call(request, _offered(request)))
    built: list[Json] = [{"role": quirks.system_role, "content": system}] if system else []
    names = tool_names(messages)
    for message in messages:
        built += [_answer(message)] if message.role == "assistant" else _question(message, names, load)
    return built


def _answer(message: WireMessage) -> Json:
    built: Json = {"role": "assistant", "content": joined_text(message.parts)}
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if calls:
        built["tool_calls"] = [
            {"function": {"name": call.name, "arguments": arguments_of(call)}} | ({"id": call.id} if call.id else {})
            for call in calls
        ]
        # Models that think between calls continue from their thoughts.
        # A signed thought belongs to another provider, and was not searched for control tokens.
        unsigned = (part for part in message.parts if isinstance(part, Thinking) and not part.signature)
        if thoughts := "".join(part.text for part in unsigned):
            built["thinking"] = thoughts
    return built


def _question(message: WireMessage, names: Mapping[str, str], load: Load) -> list[Json]:
    """Return one message for each result of a tool, and one for the rest."""
    built: list[Json] = []
    rest: list[Part] = []
    for part in message.parts:
        if not isinstance(part, ToolResult):
            rest.append(part)
            continue
        name = names.get(part.call_id, "")
        built.append({"role": "tool", "tool_name": name, "content": result_text(part)})
        rest += [inner for inner in part.parts if isinstance(inner, Image)]
    if rest:
        question: Json = {"role": "user", "content": joined_text(rest)}
        if pictures := [part for part in rest if isinstance(part, Image)]:
            question["images"] = [base64.b64encode(load(picture.file)).decode() for picture in pictures]
        built.append(question)
    return built
