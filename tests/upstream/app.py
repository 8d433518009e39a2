"""The server: records what it is asked, and answers as the model's name says."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.upstream import embeddings, floods, strict, wire
from tests.upstream.plans import HTTP_FAILURES, SECRETIVE, Plan, bare, plan_of, shape_of

LISTED = ("echo", "t20", "t50-r50-d100", "t500-r50-d100", "t500-r0-d0")
HANG = 600
Streamed = Callable[[Plan, wire.Body], wire.Wire]
Whole = Callable[[Plan, wire.Body], dict[str, Any]]


@dataclass
class State:
    """What the upstream remembers, until it is reset."""

    listed: tuple[str, ...] = LISTED
    passed_on: tuple[str, ...] = ()
    scripted: deque[str] = field(default_factory=deque)
    raw: deque[dict[str, Any]] = field(default_factory=deque)
    raw_lists: deque[dict[str, Any]] = field(default_factory=deque)
    requests: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=2000))
    paths: dict[str, int] = field(default_factory=dict)
    active: int = 0
    active_peak: int = 0
    disconnects: int = 0
    tokens: int = 0
    dimension: int = 0
    flooded: int = 0

    def flood(self, size: int) -> None:
        self.flooded += size

    def stats(self) -> dict[str, Any]:
        kept = ("paths", "active", "active_peak", "disconnects", "tokens", "flooded")
        return {**{name: getattr(self, name) for name in kept}, "cpu_seconds": time.process_time()}


STATE = web.AppKey("state", State)


def as_sent(request: web.Request, body: bytes) -> dict[str, str]:
    """A request as its bytes were, one character a byte."""
    head = b"".join(b"%s: %s\r\n" % pair for pair in request.raw_headers)
    first = f"{request.method} {request.path_qs} HTTP/1.1\r\n"
    return {"path": request.path, "raw": first + (head + b"\r\n" + body).decode("latin-1"), "body": body.decode()}


def last_words(body: wire.Body) -> str:
    messages = body.get("messages") or [{}]
    content = messages[-1].get("content", "")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def chars(body: wire.Body) -> int:
    return sum(len(str(message.get("content", ""))) for message in body.get("messages", ()))


def refused(request: web.Request, failure: str) -> web.Response:
    status, content_type, body = HTTP_FAILURES[failure]
    headers = (
        {"Retry-After": "7"} if status == 429 else {"Location": f"{request.path}?moved=1"} if status == 307 else {}
    )
    text = body % SECRETIVE if "%s" in body else body
    if failure == "redirect" and "moved" in request.query:
        status, headers = 500, {}
    return web.Response(status=status, text=text, content_type=content_type, headers=headers)


async def broken_off(request: web.Request, response: web.StreamResponse, failure: str, made: wire.Wire) -> bool:
    """Do what `failure` wants half-way; whether the stream is over."""
    if failure == "cut":
        request.transport.abort()
        return True
    if failure == "idle":
        await asyncio.sleep(HANG)
    elif failure == "error":
        await response.write(made.error)
        return True
    elif failure == "malformed":
        await response.write(made.malformed)
    elif failure.startswith("flood"):
        if failure == "floodrest":
            await response.write(made.tail)
        await floods.pour(response, floods.repeated(request.path, failure), request.app[STATE].flood)
    return False


async def streamed(request: web.Request, plan: Plan, made: wire.Wire) -> web.StreamResponse:
    state, loop = request.app[STATE], asyncio.get_running_loop()
    await asyncio.sleep(plan.delay)
    response = web.StreamResponse(headers={"Content-Type": made.content_type, "Cache-Control": "no-cache"})
    await response.prepare(request)
    if made.head:
        await response.write(made.head)
    began, half, step = loop.time(), len(made.pieces) // 2, plan.per_write
    for at in range(0, len(made.pieces), step):
        await asyncio.sleep(max(0, began + at / plan.rate - loop.time()) if plan.rate else 0)
        await response.write(made.pieces[at] if step == 1 else b"".join(made.pieces[at : at + step]))
        state.tokens += min(step, len(made.pieces) - at)
        if plan.failure and at <= half < at + step and await broken_off(request, response, plan.failure, made):
            return response
    await response.write(made.bare_tail if plan.failure == "nofinish" else made.tail)
    await response.write_eof()
    return response


async def answered(request: web.Request, plan: Plan, body: wire.Body, stream: Streamed, whole: Whole, default: bool):
    if plan.failure in HTTP_FAILURES:
        return refused(request, plan.failure)
    if 0 < plan.most_chars < chars(body):
        return refused(request, "toolong")
    if plan.failure == "flooderror":
        return await floods.error(request, request.app[STATE].flood)
    if plan.failure == "hang":
        await asyncio.sleep(HANG)
    if body.get("stream", default):
        return await streamed(request, plan, stream(plan, body))
    await asyncio.sleep(plan.delay + (len(plan.tokens) / plan.rate if plan.rate else 0))
    return web.json_response(whole(plan, body))


def chat(stream: Streamed, whole: Whole, *, default: bool = False):
    """A handler of one format; `default` is whether it streams when the request does not say."""

    async def handle(request: web.Request) -> web.StreamResponse:
        state = request.app[STATE]
        body = json.loads(await request.read())
        model = str(request.match_info.get("model") or body.get("model", ""))
        plan = plan_of(model, state.scripted, last_words(body))
        state.active += 1
        state.active_peak = max(state.active, state.active_peak)
        try:
            if state.raw:
                return await raw(request, state.raw.popleft())
            if refusal := strict.refusal(bare(model), body):
                return refusal
            return await answered(request, plan, body, stream, whole, default)
        except (asyncio.CancelledError, ConnectionError):
            state.disconnects += 1
            raise
        finally:
            state.active -= 1

    return handle


async def raw(request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
    """Answer with bytes as they were given, one character a byte, and with pauses before the pieces."""
    response = web.StreamResponse(status=said["status"], headers=said["headers"])
    await response.prepare(request)
    for pause, piece in said["pieces"]:
        await asyncio.sleep(pause)
        await response.write(piece.encode("latin-1"))
    await response.write_eof()
    return response


async def openai_embeddings(request: web.Request) -> web.StreamResponse:
    body = json.loads(await request.read())
    plan = plan_of(str(body.get("model", "")), deque(), "")
    if plan.failure in HTTP_FAILURES:
        return refused(request, plan.failure)
    if plan.failure == "hang":
        await asyncio.sleep(HANG)
    if plan.failure == "cut":
        request.transport.abort()
    if plan.failure in ("flood", "drip"):
        return await floods.vectors(request, plan.failure, request.app[STATE].flood)
    return await embeddings.answered(body, request.app[STATE].dimension)


async def openai_models(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    names = state.listed
    if state.raw_lists:
        return await raw(request, state.raw_lists.popleft())
    if "flood" in names:
        return await floods.listing(request, request.app[STATE].flood)
    return web.json_response({"object": "list", "data": [openai_row(name) for name in names]})


def openai_row(name: str) -> dict[str, Any]:
    row = {"id": name, "object": "model", "created": 1, "owned_by": "upstream"}
    window = shape_of(name)["c"]
    return {**row, "max_model_len": window} if window else row


def ollama_row(name: str, passed_on: tuple[str, ...]) -> dict[str, Any]:
    row = {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": "0" * 64}
    if billions := shape_of(name)["p"]:
        row["details"] = {"parameter_size": f"{billions}.0B"}
    if name.endswith(("-cloud", ":cloud", "-remote")) or name in passed_on:
        row |= {"remote_host": "https://ollama.example:443", "remote_model": name}
    return row


async def ollama_tags(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return web.json_response({"models": [ollama_row(name, state.passed_on) for name in state.listed]})


async def ollama_show(request: web.Request) -> web.Response:
    name = str((await request.json()).get("model", ""))
    row = ollama_row(name, request.app[STATE].passed_on)
    remote = {key: value for key, value in row.items() if key.startswith("remote")}
    window = shape_of(name)["c"]
    info = {"general.architecture": "upstream"} | ({"upstream.context_length": window} if window else {})
    return web.json_response({"capabilities": ["completion"], "details": {}, "model_info": info, **remote})


@web.middleware
async def recording(request: web.Request, handler):
    if request.path.startswith(("/v1", "/api", "/moved", "/openai")):
        state = request.app[STATE]
        state.requests.append(as_sent(request, await request.read()))
        state.paths[request.path] = state.paths.get(request.path, 0) + 1
    return await handler(request)


async def script(request: web.Request) -> web.Response:
    request.app[STATE].scripted.append((await request.json())["text"])
    return web.json_response({})


async def script_raw(request: web.Request) -> web.Response:
    request.app[STATE].raw.append(await request.json())
    return web.json_response({})


async def script_list(request: web.Request) -> web.Response:
    request.app[STATE].raw_lists.append(await request.json())
    return web.json_response({})


async def gemini_models(request: web.Request) -> web.Response:
    rows = [
        {"name": f"models/{name}", "inputTokenLimit": 4096, "supportedGenerationMethods": ["generateContent"]}
        for name in request.app[STATE].listed
    ]
    return web.json_response({"models": rows})


async def listing(request: web.Request) -> web.Response:
    request.app[STATE].listed = tuple((await request.json())["models"])
    return web.json_response({})


async def passed_on(request: web.Request) -> web.Response:
    request.app[STATE].passed_on = tuple((await request.json())["models"])
    return web.json_response({})


async def dimension(request: web.Request) -> web.Response:
    request.app[STATE].dimension = int((await request.json())["numbers"])
    return web.json_response({})


async def requests(request: web.Request) -> web.Response:
    return web.json_response(list(request.app[STATE].requests))


async def stats(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].stats())


async def reset(request: web.Request) -> web.Response:
    fresh, state = State(), request.app[STATE]
    fresh.active = state.active
    state.__dict__.update(fresh.__dict__)
    return web.json_response({})


def make_app() -> web.Application:
    app = web.Application(middlewares=[recording], client_max_size=64 * 2**20)
    app[STATE] = State()
    app.add_routes(
        [
            web.get("/v1/models", openai_models),
            web.get("/openai/v1/models", openai_models),
            web.get("/v1beta/models", gemini_models),
            web.post("/openai/v1/chat/completions", chat(wire.openai_stream, wire.openai_whole)),
            web.post("/openai/deployments/{name}/chat/completions", chat(wire.openai_stream, wire.openai_whole)),
            web.post("/v1/chat/completions", chat(wire.openai_stream, wire.openai_whole)),
            web.post("/v1/embeddings", openai_embeddings),
            web.post(
                "/v1beta/models/{model}:streamGenerateContent",
                chat(wire.gemini_stream, wire.gemini_whole, default=True),
            ),
            web.post("/v1/messages", chat(wire.anthropic_stream, wire.anthropic_whole)),
            web.get("/api/tags", ollama_tags),
            web.post("/api/show", ollama_show),
            web.post("/api/chat", chat(wire.ollama_stream, wire.ollama_whole, default=True)),
            web.post("/script", script),
            web.post("/script/raw", script_raw),
            web.post("/script/list", script_list),
            web.post("/listing", listing),
            web.post("/passed_on", passed_on),
            web.post("/dimension", dimension),
            web.get("/requests", requests),
            web.get("/stats", stats),
            web.post("/reset", reset),
        ]
    )
    return app
