"""The only user of LiteLLM: one call in, its text and its counts out.

LiteLLM takes seconds to import, so it is imported once, on its own thread, and early calls wait for that. Closing the
generator closes the provider's connection. Every request goes through a client of `clients.py`, and so through the
call's gate.
"""

import asyncio
import json
import logging
import os
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import ModuleType
from typing import Any

from django.conf import settings

from langai_site import request_id
from langai_site.outbound import clients, failures, lane_requests, litellm_support, token_counts, tokens
from langai_site.outbound.bounds import ClientBound
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.gate import Gate
from langai_site.outbound.lanes import openai_request
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.lanes.quirks import USUAL
from langai_site.outbound.lanes.tool_calls import ToolCalls
from langai_site.outbound.offered_calls import OfferedCalls
from langai_site.outbound.patience import Patience
from langai_site.outbound.types import ChatCall, Delta, ProviderError, Thought
from langai_site.outbound.wire import Wire, watched
from langai_site.usage.types import Usage

# LiteLLM keeps every chunk, but needs only the last two.
CHUNKS_KEPT = 256
# Counts follow the finish reason at once, if they come at all.
REST_SECONDS = 2
# Use the prices that came with the package: otherwise the import would fetch a list.
ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_LOG": "CRITICAL"}

_thread = ThreadPoolExecutor(1, thread_name_prefix="litellm")
_loading: Future[ModuleType] | None = None
_load_lock = threading.Lock()


async def stream(
    call: ChatCall, endpoint: Endpoint, gate: Gate
) -> AsyncGenerator[Delta | Thought | ToolCallDelta | Usage, None]:
    """Yield text and thoughts as they come, and last the Usage. Raises ProviderError, and what `gate` refuses with."""
    litellm = await loaded()
    patience = Patience()
    name = call.model.display_name
    gate.bound = bound = ClientBound(call.max_tokens, by_event=endpoint.provider == "openai")
    answer, wire = None, None
    try:
        litellm_support.require_supported(litellm, call, endpoint)
        async with patience.limit():
            with gate.guarding():
                answer = await litellm.acompletion(**_arguments(call, endpoint))
        gate.require_sent()
        wire = watched(answer)
        heard = _CallOutput(call, patience, bound)
        counts: list[Any] = []
        while not heard.finish:
            async with patience.limit():
                chunk = await anext(answer, None)
            if chunk is None:
                break
            for output in heard.outputs(chunk):
                yield output
            if len(answer.chunks) > CHUNKS_KEPT:
                counts += _taken(answer.chunks)
            # Otherwise a fast stream would keep the event loop to itself.
            await asyncio.sleep(0)
        for last in heard.last(is_finished=_really_finished(answer, wire)):
            yield last
        counts += [*_counts(answer.chunks), *await _rest(answer, wire)]
        yield _usage(call, counts) or token_counts.estimate(call, heard.written)
    except ProviderError:
        raise
    except TimeoutError:
        code = "idle_timeout" if patience.heard else "start_timeout"
        raise failures.failure(code, name, seconds=patience.seconds) from None
    except Exception as error:
        if gate.refusal:
            raise gate.refusal from None
        if bound.exceeded:
            raise failures.failure("oversized", name) from None
        unreadable = wire is not None and wire.unreadable
        raise failures.explained(error, name, started=answer is not None, unreadable=unreadable) from None
    finally:
        if answer is not None:
            await answer.aclose()
        await bound.close()


class _CallOutput:
    """The output of a call so far; `written` is in bytes, and `finish` is empty until the server sends it."""

    def __init__(self, call: ChatCall, patience: Patience, bound: ClientBound) -> None:
        self.finish, self.written = "", 0
        self._call, self._patience, self._bound = call, patience, bound
        self._calls, self._offered = ToolCalls(), OfferedCalls(call)
        self._has_text = self._has_call = False

    def outputs(self, chunk: Any) -> Iterator[Delta | Thought | ToolCallDelta]:  # noqa: ANN401 - LiteLLM's chunk
        """Yield the output of the chunk. Calls of tools that were not offered are only counted."""
        text, thought, self.finish = _read(chunk)
        fragments = [*self._calls.read(_tool_calls(chunk))]
        unseen = thought + "".join(fragment.name + fragment.arguments for fragment in fragments)
        if text or unseen:
            self._patience.renew()
            self._bound.heard(len(text), len(unseen))
        self.written += tokens.size(text) + tokens.size(unseen)
        self._has_text = self._has_text or bool(text.strip())
        self._has_call = self._has_call or bool(fragments)
        yield from (part for part in (Thought(thought), Delta(text)) if part.text)
        yield from filter(None, map(self._offered.take, fragments))

    def last(self, *, is_finished: bool) -> Iterator[Delta | ToolCallDelta]:
        """Yield what the end adds. Raise ProviderError unless there is text, or a call of an offered tool."""
        name = self._call.model.display_name
        if not is_finished:
            raise failures.failure("cut", name)
        if self.finish == "content_filter":
            raise failures.failure("filtered", name)
        yield from self._offered.rest(cut=self.finish == "length")
        if not (self._has_text or self._offered.has_any):
            raise failures.failure("tool_call" if self._has_call else "silent", name)
        if self.finish == "length":
            yield Delta("", truncated=True)


async def loaded() -> ModuleType:
    """Return LiteLLM, imported and warm; early calls await the one import."""
    loading = _loading or _first_load()
    if loading.done():
        return loading.result()
    return await asyncio.shield(asyncio.wrap_future(loading))


def loaded_now() -> ModuleType:
    """Return LiteLLM to code without an event loop, which may wait."""
    return _first_load().result()


def _first_load() -> Future[ModuleType]:
    global _loading
    with _load_lock:
        if _loading is None:
            _loading = _thread.submit(_load)
        return _loading


async def close() -> None:
    """Close every connection, if the loop ends before its process does."""
    await clients.close()
    if _loading is not None and _loading.done():
        litellm = _loading.result()
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()


def _load() -> ModuleType:
    os.environ.update(ENVIRONMENT)
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.turn_off_message_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.disable_end_user_cost_tracking = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its log lines quote requests and the bodies of errors.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    clients.only_ours(litellm)
    clients.prepare()
    asyncio.run(_rehearse(litellm))
    return litellm


async def _rehearse(litellm: ModuleType) -> None:
    """Make a whole call without a network: the first call costs up to a second, which must not block the web's loop."""
    import httpx
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    choice = {"index": 0, "delta": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [choice]}
    body = f"data: {json.dumps(chunk)}\n\n"
    canned = httpx.MockTransport(lambda request: httpx.Response(200, text=body))
    await _rehearse_one(litellm, "hosted_vllm/rehearsal", AsyncHTTPHandler(transport=canned))
    if settings.OPENAI_API_KEY and not settings.OPENAI_BASE_URL:
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(api_key="none", http_client=httpx.AsyncClient(transport=canned))
        await _rehearse_one(litellm, "openai/rehearsal", sdk)


async def _rehearse_one(litellm: ModuleType, model: str, client: Any) -> None:  # noqa: ANN401 - one of two libraries'
    messages = [{"role": "user", "content": "x"}]
    base = "http://rehearsal.invalid"
    answer = await litellm.acompletion(
        model=model, messages=messages, stream=True, api_base=base, api_key="none", client=client
    )
    await anext(answer, None)
    await answer.aclose()


def _arguments(call: ChatCall, endpoint: Endpoint) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        **call.model.parameters,
        "model": f"{endpoint.provider}/{endpoint.model}",
        **_openai_fields(call, endpoint),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": call.max_tokens,
        "drop_params": True,
        "num_retries": 0,
        "max_retries": 0,
        # It would ask some models through OpenAI's other API, with its own client and so past the gate.
        "_skip_responses_api_bridge": True,
        # With tools LiteLLM would import its own gateway for MCP, and not all packages for that are installed.
        "_skip_mcp_handler": True,
        # Empty: the provider's usual address, which LiteLLM knows.
        "api_base": endpoint.url or None,
        # Some clients refuse to start without a key; servers that need none ignore it.
        "api_key": endpoint.key or "none",
        # Patience ends a call long before its client does.
        "timeout": settings.ANSWER_START_TIMEOUT + settings.ANSWER_IDLE_TIMEOUT + 60,
    }
    if call.temperature is not None:
        arguments["temperature"] = call.temperature
    if endpoint.provider == "ollama_chat" and (room := lane_requests.room_for(call)):
        arguments["num_ctx"] = room
    headers = {**endpoint.headers, **call.model.extra_headers}
    if endpoint.direct and request_id.request_id():
        # So that log lines here and on the model's server can be matched. The id does not leave the building, because a
        # program may have put a meaning into it.
        headers[request_id.HEADER] = request_id.request_id()
    if headers:
        arguments["extra_headers"] = headers
    return arguments | {"client": _client(endpoint)}


def _openai_fields(call: ChatCall, endpoint: Endpoint) -> dict[str, Any]:
    """Return the messages, the tools and the answer format as LiteLLM takes them: in OpenAI's format."""
    request = lane_requests.request_of(call, endpoint)
    messages = openai_request.built_messages(request, USUAL, call.files.__getitem__)
    return {"messages": messages, **openai_request.requirements(request)}


def _client(endpoint: Endpoint) -> Any:  # noqa: ANN401 - one of two libraries'
    if endpoint.provider == "openai":
        return clients.openai_client(endpoint.url, endpoint.key or "none", direct=endpoint.direct)
    return clients.client(direct=endpoint.direct)


def _read(chunk: Any) -> tuple[str, str, str]:  # noqa: ANN401 - LiteLLM's chunk
    """Return the chunk's text, its thought, and its finish reason."""
    if not chunk.choices:
        return "", "", ""
    choice = chunk.choices[0]
    # LiteLLM deletes the field if there is no thought, and asking its object for a missing attribute is slow.
    thought = vars(choice.delta).get("reasoning_content")
    return choice.delta.content or "", str(thought) if thought else "", choice.finish_reason or ""


def _tool_calls(chunk: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - LiteLLM's chunk
    """Return the fragments of tool calls in the chunk, in OpenAI's format."""
    found = getattr(chunk.choices[0].delta, "tool_calls", None) if chunk.choices else None
    return [call if isinstance(call, dict) else call.model_dump() for call in found or ()]


def _really_finished(answer: Any, wire: Wire | None) -> bool:  # noqa: ANN401 - LiteLLM's stream
    """Return whether the server said that the answer is complete; LiteLLM invents a reason if there was none."""
    return wire.finished if wire is not None else answer.received_finish_reason is not None


async def _rest(answer: Any, wire: Wire | None) -> list[Any]:  # noqa: ANN401 - LiteLLM's stream
    """Read what follows the finish reason, and return the counts in it; the connection can then be reused.

    LiteLLM's own way to the end would build the whole answer again, on a thread, for callbacks.
    """
    rest = []
    with suppress(Exception):
        async with asyncio.timeout(REST_SECONDS):
            async for part in wire or answer.completion_stream:
                rest.append(part)  # noqa: PERF401 - what came before a failure is kept
    return [wire.usage] if wire is not None else _counts(rest)


def _counts(chunks: list[Any]) -> list[Any]:
    return [getattr(chunk, "usage", None) for chunk in chunks]


def _taken(chunks: list[Any]) -> list[Any]:
    """Drop all but the last two of LiteLLM's chunks; return the counts in the others."""
    old = chunks[:-2]
    del chunks[:-2]
    return [count for count in _counts(old) if count is not None]


def _usage(call: ChatCall, counts: list[Any]) -> Usage | None:
    """Return the largest of each count, because some providers send them in two parts.

    None if none was sent, or one that is impossible for the call: it would use up a budget, or fit no column.
    """
    details = [field(count, "prompt_tokens_details") for count in counts]
    input_counts, output_counts = _numbers(counts, "prompt_tokens"), _numbers(counts, "completion_tokens")
    if not all(token_counts.are_possible(call, count, 0) for count in input_counts):
        return None
    if not all(token_counts.are_possible(call, 0, count) for count in output_counts):
        return None
    input_tokens, output_tokens = max(input_counts, default=0), max(output_counts, default=0)
    cached = min(max(_numbers(details, "cached_tokens"), default=0), input_tokens)
    written = [field(count, "completion_tokens_details") for count in counts]
    reasoning = max(min(max(_numbers(written, "reasoning_tokens"), default=0), output_tokens), 0)
    created = min(max(_numbers(counts, "cache_creation_input_tokens"), default=0), input_tokens)
    usage = Usage(
        input_tokens,
        output_tokens,
        max(cached, 0),
        reasoning_tokens=reasoning,
        cache_write_tokens=max(created, 0),
    )
    return usage if input_tokens or output_tokens else None


def _numbers(values: list[Any], name: str) -> list[int]:
    """Return the counts that were sent, with an impossible -1 for each that is not a whole number."""
    found = [field(value, name) for value in values]
    return [count if type(count) is int else -1 for count in found if count is not None]


def field(value: Any, name: str) -> Any:  # noqa: ANN401 - LiteLLM's object, the SDK's, or the server's own JSON
    """Return what `value` holds under `name`, a mapping or an object; None if it holds nothing."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
