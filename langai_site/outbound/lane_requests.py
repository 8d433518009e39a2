"""Pure: turns a call into the HTTP request of its provider's format."""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import httpx

from langai_site import request_id
from langai_site.outbound import token_counts
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.lanes import anthropic_messages, azure_chat, gemini_generate, ollama_chat, openai_chat
from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.quirks import Quirks, quirks_learnt
from langai_site.outbound.lanes.requests import Effort, Request, WireMessage, merged
from langai_site.outbound.types import ChatCall, Parameter

# The wire formats that we speak ourselves, by provider. LiteLLM asks the other providers.
FORMATS: dict[str, ModuleType] = {
    "openai": openai_chat,
    "hosted_vllm": openai_chat,
    "anthropic": anthropic_messages,
    "gemini": gemini_generate,
    "ollama_chat": ollama_chat,
    "azure": azure_chat,
}
# Every Ollama makes room for this many tokens by default. More are requested in steps: each change reloads the model.
OLLAMA_TOKENS = 4096
OPENAI_FORMATS = frozenset({"openai", "hosted_vllm", "azure"})
OPENAI_HOST = "api.openai.com"
EFFORTS: dict[str, Effort] = {
    **{"none": "off", "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"},
    "max": "high",
}
# The parameters of each format besides the temperature; those that a provider does not know are left out.
OPENAI = frozenset({"top_p", "frequency_penalty", "presence_penalty", "seed", "reasoning_effort", "verbosity"})
COMPATIBLE = OPENAI | {"top_k", "min_p"}
OLLAMA = frozenset({"top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "seed"})
# The names of these fields at Gemini, which takes them with its other settings of the answer.
SAMPLING = {"top_p": "topP", "top_k": "topK"}


def of_call(call: ChatCall, endpoint: Endpoint) -> httpx.Request:
    """Return the HTTP request for `call`."""
    load = call.files.__getitem__
    wire = FORMATS[endpoint.provider].build(request_of(call, endpoint), quirks_of(call, endpoint), load)
    # Compressed answers are decompressed if they come, but not requested: compression delays the first token.
    headers = {"Accept-Encoding": "identity", **wire.headers}
    if endpoint.direct and request_id.request_id():
        # So that log lines here and on the model's server can be matched. The id does not leave the building, because a
        # program may have put a meaning into it.
        headers[request_id.HEADER] = request_id.request_id()
    body = json.dumps(wire.body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return httpx.Request("POST", _url(endpoint.url, wire.path), headers=headers, content=body)


def _url(base: str, path: str) -> str:
    """Insert `path` before the query of `base`, if it has one."""
    base, mark, query = base.partition("?")
    return f"{base}{path}{mark}{query}"


def quirks_of(call: ChatCall, endpoint: Endpoint) -> Quirks:
    """Return how this model is asked, as far as that is known."""
    known = call.model.quirks
    is_openai = endpoint.provider == "azure" or (endpoint.provider == "openai" and OPENAI_HOST in endpoint.url)
    if is_openai and known.max_tokens_name == "usual":
        # Its newer models refuse the old name, and most older ones accept the new one.
        return replace(known, max_tokens_name="max_completion_tokens")
    return known


def learnt(reported: ServerFailure, call: ChatCall, endpoint: Endpoint) -> Quirks | None:
    """Return how to ask instead after the server refused a parameter; None if that changes nothing."""
    request, quirks, build = request_of(call, endpoint), quirks_of(call, endpoint), FORMATS[endpoint.provider].build
    load = call.files.__getitem__
    learnt = quirks_learnt(reported, request, quirks)
    if learnt is None or build(request, learnt, load) == build(request, quirks, load):
        return None
    if learnt.max_tokens_name == quirks.max_tokens_name:
        # Only what was refused is learnt, not what its provider usually accepts.
        return replace(learnt, max_tokens_name=call.model.quirks.max_tokens_name)
    if learnt.max_tokens_name is None and call.model.quirks.max_tokens_name == "usual":
        # The usual name of OpenAI's newer models was refused, and the old one has not been tried.
        return replace(learnt, max_tokens_name="max_tokens")
    return learnt


def request_of(call: ChatCall, endpoint: Endpoint) -> Request:
    """Return the call as a request, independent of any format."""
    given = call.model.parameters
    chosen = call.temperature if call.temperature is not None else given.get("temperature")
    thinking: Effort = "" if endpoint.provider in OPENAI_FORMATS else _effort(given)
    return Request(
        model=endpoint.model,
        messages=tuple(WireMessage(message.role, message.parts) for message in call.messages),
        max_tokens=call.max_tokens,
        temperature=float(chosen) if chosen is not None else None,
        thinking=thinking,
        extra_body=merged(_extra(given, endpoint.provider), _sampling(call.model.extra_body, endpoint.provider)),
        extra_headers={**endpoint.headers, **call.model.extra_headers},
        key=endpoint.key,
        tools=call.requirements.tools,
        tool_choice=call.requirements.tool_choice,
        parallel_tool_calls=call.requirements.parallel_tool_calls,
        response_format=call.requirements.response_format,
        num_ctx=room_for(call) if endpoint.is_ollama else 0,
    )


def _effort(given: Mapping[str, Parameter]) -> Effort:
    return EFFORTS.get(str(given.get("reasoning_effort", "")), "")


def _extra(given: Mapping[str, Parameter], provider: str) -> dict[str, Any]:
    """Return the admin's parameters under the names of the provider's format."""
    if provider in OPENAI_FORMATS:
        names = COMPATIBLE if provider == "hosted_vllm" else OPENAI
        return {name: value for name, value in given.items() if name in names}
    if provider == "ollama_chat":
        options = {name: value for name, value in given.items() if name in OLLAMA}
        return {"options": options} if options else {}
    return _sampling({name: value for name, value in given.items() if name in SAMPLING}, provider)


def _sampling(fields: Mapping[str, Any], provider: str) -> dict[str, Any]:
    """Return the fields where Gemini takes them, if it is asked."""
    chosen = {own: fields[name] for name, own in SAMPLING.items() if name in fields}
    if provider != "gemini" or not chosen:
        return dict(fields)
    rest = {name: value for name, value in fields.items() if name not in SAMPLING}
    return merged({"generationConfig": chosen}, rest)


def room_for(call: ChatCall) -> int:
    """Return the tokens for which Ollama must make room, or it would silently cut the prompt; 0: the default."""
    most = token_counts.max_usage(call.messages, call.max_tokens, call.requirements)
    needed = most.input_tokens + most.output_tokens
    if needed <= OLLAMA_TOKENS:
        return 0
    room = 1 << (needed - 1).bit_length()
    return min(room, call.model.context_window or room)
