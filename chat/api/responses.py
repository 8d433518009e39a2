"""OpenAI's Responses API, without its storage: the program sends the whole conversation with every request."""

import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router, Schema
from ninja.params.functions import Header

from chat.api import response_events, sse, stateless
from chat.api.openai import extra_of
from chat.api.openai_schemas import Extra
from chat.api.response_events import Json, Output, new_id, usage
from chat.api.responses_input import ResponseIn, stateless_request
from chat.api.stateless_answer import CallPiece, Piece, RestartPiece, ThoughtPiece, Whole
from langai_site.accounts import limits
from langai_site.accounts.doors import door, person_of, proof_of
from langai_site.accounts.scopes import Scope
from langai_site.outbound.parts import Thinking
from langai_site.web.api_errors import OpenAIErrorBody, documented, understood
from langai_site.web.error_middleware import told
from langai_site.web.long_bodies import is_long, off_loop
from langai_site.web.stated_labels import COLLECTIONS_HEADER, HEADER, HEADER_WORDS

KNOWN_CODES = ("rate_limit_exceeded", "server_error", "invalid_prompt")

router = Router(tags=["OpenAI"])


class ResponseOut(Schema):
    """A response. `output` has reasoning, a message, and function calls, if there are any."""

    id: str
    object: str = "response"
    created_at: int
    status: str
    model: str
    output: list[dict[str, Any]]
    usage: dict[str, Any] | None
    error: dict[str, Any] | None = None
    incomplete_details: dict[str, Any] | None = None
    instructions: str | None = None
    metadata: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    parallel_tool_calls: bool
    previous_response_id: None = None
    store: bool = False
    temperature: float | None = None
    text: dict[str, Any]
    tool_choice: Any
    tools: list[Any]
    top_p: float | None = None
    langai: Extra | None = None


@router.post(
    "/responses",
    auth=door(Scope.CHAT, limits.API_CHAT),
    response={200: ResponseOut} | documented(404, 409, 413, 415, 500, body=OpenAIErrorBody),
    openapi_extra=sse.documented("The response, or its events if `stream` is true."),
)
async def responses(
    request: HttpRequest,
    body: ResponseIn,
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
    collections: str = Header("", alias=COLLECTIONS_HEADER, description="none, all, or ids with commas."),
) -> ResponseOut | HttpResponseBase:
    """Answer the last message, from your documents unless you select no collection. Nothing is stored."""
    user = person_of(request)
    # Large bodies have pictures, which take milliseconds to decode.
    read = partial(stateless_request, body, sensitivity, collections)
    said = await off_loop(request, read) if is_long(request) else read()
    answer, writing = stateless.answer(user, said, proof_of(request)), _Writing(body)
    if body.stream:
        await limits.count_request(limits.API_STREAM, limits.person(user))
        return sse.EventStream(await sse.opened(_frames(answer, writing), partial(_failed, request, writing)))
    async with aclosing(answer):
        async for event in answer:
            if isinstance(event, Whole):
                return writing.whole(event)
    raise AssertionError("an answer ends with a whole")


class _Writing:
    """One response while it is written; events are numbered from 0."""

    def __init__(self, body: ResponseIn) -> None:
        self._body, self._output = body, Output()
        self._id, self._created, self._number = new_id("resp"), int(time.time()), -1
        self._model, self._asked = body.model, ""

    def begun(self) -> Iterator[Json]:
        response = self._response("in_progress").model_dump(mode="json")
        yield {"type": "response.created", "response": response}
        yield {"type": "response.in_progress", "response": response}

    def piece(self, piece: Piece) -> Iterator[Json]:
        """Yield the events for a piece of the answer."""
        if self._asked and piece.model != self._asked:
            yield from self._output.forget()
        self._model = self._asked = piece.model
        if isinstance(piece, RestartPiece):
            yield from self._output.restart()
        elif isinstance(piece, CallPiece):
            yield from self._output.call(piece.index, piece.id, piece.name, piece.arguments)
        elif not isinstance(piece, ThoughtPiece):
            yield from self._output.text(piece.text)
        else:
            if piece.text:
                yield from self._output.thought(piece.text)
            if piece.signature:
                yield from self._output.sign(piece.signature)

    def ended(self, whole: Whole) -> Iterator[Json]:
        yield from self._output.end(whole.kept.text, cut=whole.cut)
        response = self._ended(whole, self._output.written())
        yield {"type": f"response.{response.status}", "response": response.model_dump(mode="json")}

    def whole(self, whole: Whole) -> ResponseOut:
        """Return the response if nothing of it was sent before."""
        thoughts = (*whole.thoughts, *([Thinking(whole.unsigned)] if whole.unsigned else ()))
        return self._ended(whole, response_events.written(thoughts, whole.kept.text, whole.calls, cut=whole.cut))

    def _ended(self, whole: Whole, output: list[Json]) -> ResponseOut:
        self._model = whole.model
        response = self._response("incomplete" if whole.cut else "completed")
        response.output = output
        response.incomplete_details = {"reason": "max_output_tokens"} if whole.cut else None
        counts = {"input": whole.input_tokens, "output": whole.output_tokens, "cached": whole.cached_tokens}
        counts["written"] = whole.cache_write_tokens
        response.usage = usage(counts | {"reasoning": whole.receipt.reasoning_tokens or 0})
        response.langai = extra_of(whole)
        return response

    def failed(self, error: Json) -> Json:
        response = self._response("failed")
        response.output = self._output.written()
        # Clients know only a few codes, and refuse to read others.
        code = error["code"] if error["code"] in KNOWN_CODES else "server_error"
        response.error = {"code": code, "message": error["message"]}
        return {"type": "response.failed", "response": response.model_dump(mode="json")}

    def frames(self, events: Iterable[Json]) -> bytes:
        """Return the events as they are sent, each with its number."""
        return b"".join(map(self._frame, events))

    def _frame(self, event: Json) -> bytes:
        self._number += 1
        return sse.frame({**event, "sequence_number": self._number}, event=str(event["type"]))

    def _response(self, status: str) -> ResponseOut:
        body = self._body
        return ResponseOut(
            id=self._id,
            created_at=self._created,
            status=status,
            model=self._model,
            output=[],
            usage=None,
            instructions=body.instructions,
            metadata=body.metadata or {},
            max_output_tokens=body.max_output_tokens,
            parallel_tool_calls=body.parallel_tool_calls is not False,
            temperature=body.temperature,
            text=body.text or {"format": {"type": "text"}},
            tool_choice=body.tool_choice or "auto",
            tools=list(body.tools or ()),
            top_p=body.top_p,
        )


async def _frames(answer: AsyncGenerator[Piece | Whole, None], writing: _Writing) -> AsyncGenerator[bytes, None]:
    begun = False
    async with aclosing(answer):
        async for event in answer:
            # Only now: an error before the first word becomes the response's status.
            first = () if begun else writing.begun()
            begun = True
            if frames := writing.frames(first) + writing.frames(_events(writing, event)):
                yield frames


def _events(writing: _Writing, event: Piece | Whole) -> Iterator[Json]:
    return writing.ended(event) if isinstance(event, Whole) else writing.piece(event)


def _failed(request: HttpRequest, writing: _Writing, error: Exception) -> bytes:
    """Return the event that ends a failed stream."""
    body: Any = told(request, understood(error))["error"]
    return writing.frames([writing.failed(body)])
