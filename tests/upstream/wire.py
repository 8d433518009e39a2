"""The bytes of an answer in each of the four formats, made once for each text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.upstream.plans import Plan

Body = Mapping[str, Any]
GEMINI_STOPS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
ANTHROPIC_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


@dataclass(frozen=True)
class Wire:
    """A whole stream: what comes before the tokens, one piece a token, what ends it, and what an error looks like."""

    content_type: str
    head: bytes
    pieces: tuple[bytes, ...]
    tail: bytes
    # Ends the stream without saying why.
    bare_tail: bytes
    error: bytes
    malformed: bytes


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def sse(value: object, event: str = "") -> bytes:
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + dumped(value) + b"\n\n"


def prompt_tokens(body: Body) -> int:
    return max(1, len(json.dumps(body.get("messages", ""))) // 4)


def counted(plan: Plan, body: Body) -> tuple[int, int]:
    """The tokens of the prompt and of the answer, as the server counts them."""
    return plan.absurd or prompt_tokens(body), plan.absurd or len(plan.tokens) + len(plan.thoughts)


def counts(plan: Plan, body: Body) -> dict[str, Any]:
    asked, told = counted(plan, body)
    counts = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
    details = {"completion_tokens_details": {"reasoning_tokens": len(plan.thoughts)}} if plan.thoughts else {}
    return {**counts, **details}


def openai_chunk(model: str, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices}


@lru_cache(maxsize=64)
def openai_pieces(model: str, tokens: tuple[str, ...], field: str = "content") -> tuple[bytes, ...]:
    return tuple(sse(openai_chunk(model, {field: token})) for token in tokens)


def openai_stream(plan: Plan, body: Body) -> Wire:
    model = str(body.get("model", ""))
    finish = sse(openai_chunk(model, {}, plan.finish))
    if plan.counts and (body.get("stream_options") or {}).get("include_usage"):
        finish += sse({**openai_chunk(model, {}), "choices": [], "usage": counts(plan, body)})
    return Wire(
        content_type="text/event-stream",
        head=sse(openai_chunk(model, {"role": "assistant", "content": ""})),
        pieces=openai_pieces(model, plan.thoughts, "reasoning_content") + openai_pieces(model, plan.tokens),
        tail=finish + b"data: [DONE]\n\n",
        bare_tail=b"",
        error=sse({"error": {"message": "The engine failed, sk-upstream-saw-this", "code": 500}}),
        malformed=b"data: {not json\n\n",
    )


def openai_whole(plan: Plan, body: Body) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(plan.tokens)}
    if plan.thoughts:
        message["reasoning_content"] = "".join(plan.thoughts)
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": plan.finish}],
    }
    return {**answer, "usage": counts(plan, body)} if plan.counts else answer


def anthropic_delta(index: int, **delta: str) -> bytes:
    return sse({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")


def anthropic_begun(index: int, **block: str) -> bytes:
    return sse({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")


def anthropic_ended(index: int) -> bytes:
    return sse({"type": "content_block_stop", "index": index}, "content_block_stop")


@lru_cache(maxsize=64)
def anthropic_pieces(tokens: tuple[str, ...], index: int) -> tuple[bytes, ...]:
    return tuple(anthropic_delta(index, type="text_delta", text=token) for token in tokens)


@lru_cache(maxsize=64)
def anthropic_thought(tokens: tuple[str, ...]) -> tuple[bytes, ...]:
    """The pieces of a thinking block, whose beginning the head has; the last one ends it, and begins the text."""
    *pieces, last = (anthropic_delta(0, type="thinking_delta", thinking=token) for token in tokens)
    signed = anthropic_delta(0, type="signature_delta", signature="c2lnbmVk")
    return (*pieces, last + signed + anthropic_ended(0) + anthropic_begun(1, type="text", text=""))


def anthropic_whole(plan: Plan, body: Body) -> dict[str, Any]:
    asked, told = counted(plan, body)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [{"type": "text", "text": "".join(plan.tokens)}],
        "stop_reason": ANTHROPIC_STOPS[plan.finish],
        "stop_sequence": None,
        "usage": {"input_tokens": asked, "output_tokens": told},
    }


def anthropic_stream(plan: Plan, body: Body) -> Wire:
    asked, told = counted(plan, body)
    message = {**anthropic_whole(plan, body), "content": [], "stop_reason": None}
    message["usage"] = {"input_tokens": asked, "output_tokens": 1}
    thinks = bool(plan.thoughts)
    begun = anthropic_begun(0, type="thinking", thinking="") if thinks else anthropic_begun(0, type="text", text="")
    ended = {"type": "message_delta", "delta": {"stop_reason": ANTHROPIC_STOPS[plan.finish], "stop_sequence": None}}
    closed = anthropic_ended(int(thinks))
    stopped = sse({"type": "message_stop"}, "message_stop")
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded, sk-upstream-saw-this"}}
    return Wire(
        content_type="text/event-stream",
        head=sse({"type": "message_start", "message": message}, "message_start")
        + begun
        + sse({"type": "ping"}, "ping"),
        pieces=(anthropic_thought(plan.thoughts) if thinks else ()) + anthropic_pieces(plan.tokens, int(thinks)),
        tail=closed + sse({**ended, "usage": {"output_tokens": told}}, "message_delta") + stopped,
        bare_tail=closed,
        error=sse(error, "error"),
        malformed=b"event: content_block_delta\ndata: {not json\n\n",
    )


def gemini_answer(parts: list[dict[str, Any]], **more: str) -> dict[str, Any]:
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **more}]}


def gemini_whole(plan: Plan, body: Body) -> dict[str, Any]:
    thoughts = [{"text": "".join(plan.thoughts), "thought": True}] if plan.thoughts else []
    parts = [*thoughts, {"text": "".join(plan.tokens)}]
    said = gemini_answer(parts, finishReason=GEMINI_STOPS[plan.finish])
    counts = {
        "promptTokenCount": len(json.dumps(body.get("contents", ""))) // 4,
        "candidatesTokenCount": len(plan.tokens),
        "thoughtsTokenCount": len(plan.thoughts),
    }
    return {**said, "usageMetadata": counts} if plan.counts else said


def gemini_stream(plan: Plan, body: Body) -> Wire:
    thoughts = [sse(gemini_answer([{"text": token, "thought": True}])) for token in plan.thoughts]
    return Wire(
        content_type="text/event-stream",
        head=b"",
        pieces=(*thoughts, *(sse(gemini_answer([{"text": token}])) for token in plan.tokens)),
        tail=sse(gemini_whole(plan, body) | gemini_answer([], finishReason=GEMINI_STOPS[plan.finish])),
        bare_tail=b"",
        error=sse({"error": {"message": "The engine failed, sk-upstream-saw-this", "code": 500}}),
        malformed=b"data: {not json\n\n",
    )


@lru_cache(maxsize=64)
def ollama_pieces(model: str, tokens: tuple[str, ...], field: str = "content") -> tuple[bytes, ...]:
    def piece(token: str) -> bytes:
        message = {"role": "assistant", "content": "", field: token}
        return dumped({"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}) + b"\n"

    return tuple(piece(token) for token in tokens)


def ollama_end(plan: Plan, body: Body, text: str = "") -> dict[str, Any]:
    ended = {
        "model": body.get("model"),
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text},
        "done": True,
        "done_reason": plan.finish,
    }
    if plan.counts:
        ended |= dict(zip(("prompt_eval_count", "eval_count"), counted(plan, body), strict=True))
    return ended


def ollama_whole(plan: Plan, body: Body) -> dict[str, Any]:
    return ollama_end(plan, body, "".join(plan.tokens))


def ollama_stream(plan: Plan, body: Body) -> Wire:
    model = str(body.get("model", ""))
    return Wire(
        content_type="application/x-ndjson",
        head=b"",
        pieces=ollama_pieces(model, plan.thoughts, "thinking") + ollama_pieces(model, plan.tokens),
        tail=dumped(ollama_end(plan, body)) + b"\n",
        bare_tail=b"",
        error=b'{"error": "the runner failed, sk-upstream-saw-this"}\n',
        malformed=b"{not json\n",
    )
