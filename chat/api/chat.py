"""Operations that ask a question and stream its answer. They call the same services as the pages."""

import contextlib
from collections.abc import AsyncGenerator
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router
from ninja.params.functions import Header

from chat.api import sse
from chat.api.schemas import Answer, Ask, answer_of
from chat.conversations import access, branches, chosen_collections, drafts
from chat.live import closed_accounts, runner, watching
from chat.models import Message
from chat.turns import cited_sources, sending, storage
from chat.turns.sending import AlreadySentError
from langai_site.accounts import limits
from langai_site.accounts.doors import door, person_of, proof_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError, LangAIError, NotFoundError
from langai_site.web import error_middleware
from langai_site.web.api_errors import documented, understood
from langai_site.web.stated_labels import HEADER, HEADER_WORDS, highest_stated

router = Router(tags=["Chat"])
KEY = "Idempotency-Key"
KEY_WORDS = "Sent again with the same key within a day, the message is not asked again: you get the answer that it got."
EVENTS = "Events: queue, thinking, model, content, citations, usage; error if it failed; at the end [DONE]."
PROBLEMS = documented(404, 409, 413, 415, 500)


@router.post(
    "/chat",
    auth=door(Scope.CHAT, limits.API_CHAT),
    response={200: Answer} | PROBLEMS,
    openapi_extra=sse.documented("The answer, or with `stream` its events."),
)
async def chat(
    request: HttpRequest,
    body: Ask,
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
    key: str = Header("", alias=KEY, description=KEY_WORDS),
) -> Answer | HttpResponseBase:
    """Ask, and get the answer once it is complete. It is written to its end even if you disconnect."""
    user = person_of(request)
    if body.stream:
        await limits.count_request(limits.API_STREAM, limits.person(user))
        return await _streamed(request, user, body, sensitivity, key)
    try:
        begun = await _begun(user, body, sensitivity, key)
    except AlreadySentError as sent:
        return await _answer_before(request, sent.reply)
    outcome = await closed_accounts.awaited(proof_of(request), begun.ending)
    if outcome.failure:
        raise outcome.failure
    reply = await in_database_thread(access.ended_reply, user.pk, begun.started.reply)
    return await _answer(user, reply)


async def _answer(user: User, reply: Message) -> Answer:
    """Return the answer, with the checks of its sentences as far as this person may read what they cite."""
    checks = await in_database_thread(cited_sources.readable_checks, user.pk, [reply])
    return answer_of(reply, checks[reply.id])


@router.post(
    "/chat/stream",
    auth=door(Scope.CHAT, limits.API_STREAM),
    response={200: None} | PROBLEMS,
    openapi_extra=sse.documented(EVENTS),
)
async def chat_stream(
    request: HttpRequest,
    body: Ask,
    last_event_id: str = Header(
        "", alias="Last-Event-ID", description="Resume after this event, without asking again."
    ),
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
    key: str = Header("", alias=KEY, description=KEY_WORDS),
) -> HttpResponseBase:
    """Ask, and get the answer while it is written. Send the last event's id again to resume the stream from there."""
    user = person_of(request)
    if not last_event_id:
        return await _streamed(request, user, body, sensitivity, key)
    reply, told = _place(last_event_id)
    await in_database_thread(access.access_reply, user.pk, reply)
    return sse.EventStream(_frames(request, reply, told, stop=body.stop_on_disconnect))


async def _begun(user: User, body: Ask, sensitivity: str, key: str) -> runner.RunningReply:
    """Start the reply. Raises AlreadySentError if the message was sent with the key before."""
    given = sending.program_key(key)
    digest = sending.digest_of(body.model_dump_json(exclude={"stream"}), sensitivity)

    def opened() -> storage.Started:
        return sending.once(user, given, digest, lambda: open_turn(user, body, sensitivity))

    return await runner.begin(lambda: in_database_thread(opened))


async def _answer_before(request: HttpRequest, reply: UUID) -> Answer:
    """Return the answer that a message got which was sent before, once it is complete."""
    async with contextlib.aclosing(watching.watch(proof_of(request), reply, 0)) as events:
        async for event in events:
            if isinstance(event, watching.ReplyEnded):
                if event.reply.status == Message.Status.FAILED:
                    raise LangAIError(event.reply.error, code=event.reply.error_code, status=503)
                return await _answer(person_of(request), event.reply)
    raise NotFoundError(branches.GONE)


def open_turn(user: User, body: Ask, sensitivity: str) -> storage.Started:
    """Write a message and its empty reply; `sensitivity` is the label that a header states."""
    return storage.post(
        user,
        body.conversation_id,
        body.message,
        body.model,
        _collections(body.collections),
        label=highest_stated(sensitivity, body.sensitivity),
        options=drafts.options(
            {
                "complexity": body.complexity,
                "temperature": body.temperature,
                "max_tokens": drafts.lowered(body.max_tokens),
            }
        ),
        source=access.API,
        uses_instructions=body.instructions,
        keep=body.keep or "",
        attached=body.attachments or (),
        fresh=not body.verified,
    )


def _collections(ids: list[int] | None) -> list[str]:
    """Return the choice as the page's form sends it."""
    if ids is None:
        return []
    return [str(pk) for pk in ids] or [chosen_collections.NONE]


async def _streamed(request: HttpRequest, user: User, body: Ask, sensitivity: str, key: str) -> HttpResponseBase:
    try:
        reply = (await _begun(user, body, sensitivity, key)).started.reply
    except AlreadySentError as sent:
        reply = sent.reply
        await in_database_thread(access.access_reply, user.pk, reply)
    return sse.EventStream(_frames(request, reply, 0, stop=body.stop_on_disconnect))


def _place(event_id: str) -> tuple[UUID, int]:
    """Return the reply that an event belongs to, and how many of its characters were sent."""
    reply, _, told = event_id.partition("/")
    try:
        return UUID(reply), int(told[:9]) if told.isascii() and told.isdigit() else 0
    except ValueError:
        raise InvalidError("This is not the id of an event. Send the last id that you received, unchanged.") from None


async def _frames(request: HttpRequest, reply: UUID, told: int, *, stop: bool) -> AsyncGenerator[bytes, None]:
    """Yield the reply as events. With `stop`, the reply is stopped when its reader disconnects."""
    ended = False
    # A reader that is disconnected at once then knows the id from which to resume.
    yield f"id: {reply}/{told}\n: begun\n\n".encode()
    try:
        async with contextlib.aclosing(watching.watch(proof_of(request), reply, told)) as events:
            async for event in events:
                yield b"".join(await _as_frames(request, event))
        ended = True
    except Exception as error:
        yield _problem(request, understood(error))
    finally:
        if stop and not ended:
            await runner.stop(reply)
    yield sse.DONE


async def _as_frames(request: HttpRequest, event: watching.ReplyNews) -> list[bytes]:
    if isinstance(event, watching.ModelNamed):
        named = {"model": event.model, "conversation_id": str(event.conversation), "reply_id": str(event.reply)}
        return [sse.frame({"type": "model"} | named, event="model")]
    if isinstance(event, watching.Grown):
        content = {"type": "content", "content": event.text}
        return [sse.frame(content, event="content", id_=f"{event.reply}/{event.length}")]
    if isinstance(event, watching.InQueue):
        return [sse.frame({"type": "queue", "before": event.before}, event="queue")]
    if isinstance(event, watching.Thinks):
        state = "running" if event.is_running else "over"
        return [sse.frame({"type": "thinking", "state": state, "seconds": event.seconds}, event="thinking")]
    return await _ending(request, event.reply) if isinstance(event, watching.ReplyEnded) else [sse.KEEP_ALIVE]


async def _ending(request: HttpRequest, reply: Message) -> list[bytes]:
    """Return the events for a reply that ended, with its full text: the end may have changed it."""
    if reply.status == Message.Status.FAILED:
        return [_problem(request, LangAIError(reply.error, code=reply.error_code))]
    answer = (await _answer(person_of(request), reply)).model_dump(mode="json")
    citations = {"type": "citations", "citations": answer.pop("citations")}
    return [sse.frame(citations, event="citations"), sse.frame({"type": "usage"} | answer, event="usage")]


def _problem(request: HttpRequest, error: LangAIError) -> bytes:
    return sse.frame({"type": "error"} | error_middleware.told(request, error), event="error")
