"""What a server can send without end: `fail-flood…` in a model's name, begun half-way through its answer.

`floodline`      a line that never ends.
`floodcomments`  what readers pass over: comments, or blank lines.
`floodempty`     events without any text.
`floodthoughts`  thoughts; `floodtools` calls of tools, which nobody offered.
`floodgiant`     one event that is far too long, again and again.
`floodvalues`    one event of very many small values, again and again.
`floodrest`      a line that never ends, after the whole answer.
`flooderror`     status 500, with a body that never ends.

For vectors, `fail-flood` never ends, and `fail-drip` sends a byte now and then. A list of models that has the model
`flood` in it never ends.
"""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from tests.upstream import wire

BLOCK = 2**16
DRIP_SECONDS = 0.05
LONG, GIANT = "thought " * 500, "giant " * 500_000
# 840 ms of the event loop, if a client made its objects of them.
MANY: list[dict[str, object]] = [{"index": 0, "delta": {"content": ""}, "finish_reason": None}] * 10_000
Count = Callable[[int], None]


def openai(kind: str) -> bytes:
    delta = {
        "floodthoughts": {"reasoning_content": LONG},
        "floodtools": {"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": {"arguments": LONG}}]},
        "floodgiant": {"content": GIANT},
    }
    chunk = wire.openai_chunk("flood", delta.get(kind, {}))
    return wire.sse({**chunk, "choices": MANY} if kind == "floodvalues" else chunk)


def anthropic(kind: str) -> bytes:
    delta = {
        "floodthoughts": {"type": "thinking_delta", "thinking": LONG},
        "floodtools": {"type": "input_json_delta", "partial_json": LONG},
        "floodgiant": {"type": "text_delta", "text": GIANT},
        "floodvalues": {"type": "text_delta", "text": "", "more": MANY},
    }
    if kind not in delta:
        return wire.sse({"type": "ping"}, "ping")
    return wire.sse({"type": "content_block_delta", "index": 0, "delta": delta[kind]}, "content_block_delta")


def ollama(kind: str) -> bytes:
    call = {"function": {"name": "none", "arguments": {"a": LONG}}}
    message = {
        "floodthoughts": {"role": "assistant", "content": "", "thinking": LONG},
        "floodtools": {"role": "assistant", "content": "", "tool_calls": [call]},
        "floodgiant": {"role": "assistant", "content": GIANT},
        "floodvalues": {"role": "assistant", "content": "", "more": MANY},
    }
    empty = {"role": "assistant", "content": ""}
    return wire.dumped({"model": "flood", "message": message.get(kind, empty), "done": False}) + b"\n"


EVENTS = {"/v1/chat/completions": openai, "/v1/messages": anthropic, "/api/chat": ollama}


def repeated(path: str, kind: str) -> bytes:
    if kind in ("floodline", "floodrest"):
        return b"a" * BLOCK
    events = path in ("/v1/chat/completions", "/v1/messages")
    once = (b": keep\n\n" if events else b"\n") if kind == "floodcomments" else EVENTS[path](kind)
    return once * max(1, BLOCK // len(once))


async def pour(response: web.StreamResponse, block: bytes, count: Count) -> None:
    """Write `block` until the client goes, and count the bytes that it took."""
    while True:
        await response.write(block)
        count(len(block))
        await asyncio.sleep(0)


async def error(request: web.Request, count: Count) -> web.StreamResponse:
    response = web.StreamResponse(status=500, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"error": {"message": "sk-upstream-saw-this')
    await pour(response, b"a" * BLOCK, count)
    return response


async def listing(request: web.Request, count: Count) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data": [')
    await pour(response, json.dumps({"id": "flood"}).encode() + b", " * BLOCK, count)
    return response


async def vectors(request: web.Request, failure: str, count: Count) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data": [{"index": 0, "embedding": [')
    if failure == "flood":
        await pour(response, b"0.1, " * (BLOCK // 5), count)
    while True:
        await response.write(b"1")
        await asyncio.sleep(DRIP_SECONDS)
