"""OpenAI's API for chats: clients of OpenAI's API work here unchanged. No conversation is stored."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Router
from ninja.params.functions import Header

from chat.api import sse, stateless
from chat.api.openai_schemas import (
    Choice,
    Completion,
    CompletionMessage,
    CompletionOut,
    Extra,
    FunctionCall,
    InputTokens,
    ModelList,
    ModelOut,
    OutputTokens,
    PassageRef,
    ThinkingBlock,
    TokenUsage,
    ToolCallOut,
    stateless_request,
)
from chat.api.stateless_answer import AnswerPiece, CallPiece, Piece, RestartPiece, ThoughtPiece, Whole
from chat.events import CitedSource
from chat.llm.built_in import BUILT_IN
from chat.routing.route import AUTO
from langai_site.accounts import limits
from langai_site.accounts.doors import door, person_of, proof_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotFoundError
from langai_site.outbound import catalogue
from langai_site.web.api_errors import OpenAIErrorBody, documented, understood
from langai_site.web.error_middleware import told
from langai_site.web.long_bodies import is_long, off_loop
from langai_site.web.stated_labels import COLLECTIONS_HEADER, HEADER, HEADER_WORDS

router = Router(tags=["OpenAI"])
Answer = AsyncGenerator[Piece | Whole, None]


@router.get("/models", auth=door(Scope.CHAT), response={200: ModelList} | documented(body=OpenAIErrorBody))
async def models(request: HttpRequest) -> dict[str, Any]:
    """List the models that you may use; `auto` leaves the choice to LangAI."""
    return {"data": await in_database_thread(_models, person_of(request))}


@router.get(
    "/models/{path:model}", auth=door(Scope.CHAT), response={200: ModelOut} | documented(404, body=OpenAIErrorBody)
)
async def model(request: HttpRequest, model: str) -> ModelOut:
    for known in await in_database_thread(_models, person_of(request)):
        if known.id == model:
            return known
    raise NotFoundError(
        "You cannot use a model by that name. GET /v1/models lists those that you can use.",
        code="model_not_found",
        param="model",
    )


def _models(user: User) -> list[ModelOut]:
    known = [*catalogue.models(user.pk), *BUILT_IN]
    return [ModelOut(id=AUTO, owned_by="langai"), *(ModelOut(id=row.name, owned_by=row.provider) for row in known)]


@router.post(
    "/chat/completions",
    auth=door(Scope.CHAT, limits.API_CHAT),
    response={200: CompletionOut} | documented(404, 409, 413, 415, 500, body=OpenAIErrorBody),
    openapi_extra=sse.documented("The answer, or with `stream` its chunks."),
)
async def completions(
    request: HttpRequest,
    body: Completion,
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
    collections: str = Header("", alias=COLLECTIONS_HEADER, description="none, all, or ids with commas."),
) -> CompletionOut | HttpResponseBase:
    """Answer the last message, from your documents unless you select no collection."""
    user = person_of(request)
    # Decoding large pictures takes milliseconds.
    read = partial(stateless_request, body, sensitivity, collections)
    said = await off_loop(request, read) if is_long(request) else read()
    answer = stateless.answer(user, said, proof_of(request))
    if body.stream:
        await limits.count_request(limits.API_STREAM, limits.person(user))
        counted = bool(body.stream_options and body.stream_options.include_usage)
        return sse.EventStream(await sse.opened(_frames(answer, counted=counted), partial(_failed, request)))
    async with aclosing(answer):
        async for event in answer:
            if isinstance(event, Whole):
                return _completion(event)
    raise AssertionError("an answer ends with a whole")


def _completion(whole: Whole) -> CompletionOut:
    calls = [
        ToolCallOut(id=call.id, function=FunctionCall(name=call.name, arguments=call.arguments)) for call in whole.calls
    ]
    message = CompletionMessage(
        content=whole.kept.text or (None if calls else ""),
        reasoning_content=whole.thought or None,
        tool_calls=calls or None,
        thinking_blocks=_blocks(whole) or None,
    )
    choice = Choice(message=message, finish_reason=_reason(whole))
    return CompletionOut(
        id=_new_id(),
        created=int(time.time()),
        model=whole.model,
        choices=[choice],
        usage=_usage(whole),
        langai=extra_of(whole),
    )


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex}"


def _blocks(whole: Whole) -> list[ThinkingBlock]:
    return [ThinkingBlock(thinking=thought.text, signature=thought.signature) for thought in whole.thoughts]


def _reason(whole: Whole) -> Any:  # noqa: ANN401 - one of the schema's words
    if whole.cut:
        return "length"
    return "tool_calls" if whole.calls else "stop"


def _usage(whole: Whole) -> TokenUsage:
    counted = whole.receipt.reasoning_tokens
    return TokenUsage(
        prompt_tokens=whole.input_tokens,
        completion_tokens=whole.output_tokens,
        total_tokens=whole.input_tokens + whole.output_tokens,
        prompt_tokens_details=InputTokens(cached_tokens=whole.cached_tokens) if whole.cached_tokens else None,
        completion_tokens_details=OutputTokens(reasoning_tokens=counted) if counted else None,
    )


def extra_of(whole: Whole) -> Extra:
    return Extra(citations=[_passage(source) for source in whole.kept.sources], receipt=whole.receipt.for_programs())


def _passage(source: CitedSource) -> PassageRef:
    place = urlencode({"page": source["page"], "start": source["start"], "end": source["end"]})
    url = f"{reverse('search:source', args=[source['source']])}?{place}#marked"
    return PassageRef(
        number=source["number"],
        title=source["title"],
        location=source["location"],
        dated=date.fromisoformat(source["dated"]) if source.get("dated") else None,
        url=url,
    )


async def _frames(answer: Answer, *, counted: bool) -> AsyncGenerator[bytes, None]:
    """Yield the answer as chunks. `counted`: a last chunk has the tokens, as a client can request."""
    chunk: dict[str, Any] = {"id": _new_id(), "object": "chat.completion.chunk", "created": int(time.time())}
    begun = False
    async with aclosing(answer):
        async for event in answer:
            chunk["model"] = event.model
            if isinstance(event, RestartPiece) or (isinstance(event, ThoughtPiece) and not event.text):
                # Text that was sent cannot be taken back, and signatures come complete in the last chunk.
                continue
            if not isinstance(event, Whole):
                role = {} if begun else {"role": "assistant"}
                yield sse.frame(chunk | _choices(role | _delta(event)))
                begun = True
            else:
                yield _end(chunk, event, counted=counted)
    yield sse.DONE


def _failed(request: HttpRequest, error: Exception) -> bytes:
    """Return the chunks that end a failed stream."""
    return sse.frame(told(request, understood(error))) + sse.DONE


def _delta(piece: AnswerPiece | ThoughtPiece | CallPiece) -> dict[str, Any]:
    if isinstance(piece, CallPiece):
        function = {"name": piece.name} if piece.name else {}
        first = {"id": piece.id, "type": "function"} if piece.id else {}
        call = {"index": piece.index, **first, "function": {**function, "arguments": piece.arguments}}
        return {"tool_calls": [call]}
    return {"reasoning_content" if isinstance(piece, ThoughtPiece) else "content": piece.text}


def _choices(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}]}


def _end(chunk: dict[str, Any], whole: Whole, *, counted: bool) -> bytes:
    extra = {"langai": extra_of(whole).model_dump(mode="json")}
    blocks = [block.model_dump() for block in _blocks(whole)]
    last = sse.frame(chunk | _choices({"thinking_blocks": blocks} if blocks else {}, _reason(whole)) | extra)
    usage = {"choices": [], "usage": _usage(whole).model_dump()}
    return last + (sse.frame(chunk | usage) if counted else b"")
