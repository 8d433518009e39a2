"""Answers outside any conversation: a program sends the history, and only the ledger records the answer."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from chat import measures
from chat.api import sent_files
from chat.api.stateless_answer import (
    AnswerPiece,
    LiveAnswer,
    Piece,
    RestartPiece,
    StatelessRequest,
    ThoughtPiece,
    Whole,
)
from chat.api.stop_sequences import Stops
from chat.conversations import access, chosen_collections, drafts, labels
from chat.live.closed_accounts import while_open
from chat.llm.built_in import BUILT_IN
from chat.models import Message
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns import concurrency, receipts, turn
from chat.turns.control_tokens import neutralised
from chat.turns.receipt import EMPTY
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, TurnRequest
from langai_site import detectors, request_id
from langai_site.accounts.models import User
from langai_site.accounts.proofs import Proof
from langai_site.database.writer import apart, in_database_thread, write_patiently
from langai_site.errors import InvalidError, NotFoundError
from langai_site.outbound import catalogue
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.types import Delta, ModelInfo, Parameter, Thought
from langai_site.sensitivity import Sensitivity
from langai_site.usage import callers
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Entry

# The answers that this process is writing, each with an event that is set at its end.
_live: dict[UUID, asyncio.Event] = {}
_closing: set[asyncio.Task[None]] = set()


async def answer(user: User, said: StatelessRequest, proof: Proof | None = None) -> AsyncGenerator[Piece | Whole, None]:
    """Run one turn over values, while `proof` is good. Raises LangAIError; closing the generator stops the model.

    However it ends, its usage is entered in the ledger, and its reservation is released.
    """
    reply, passing = uuid4(), LiveAnswer(said, Stops(said.stops))
    _live[reply] = asyncio.Event()
    try:
        request = await in_database_thread(_opened, user, said, reply)
        if said.sent_files:
            # In a thread: files are hashed and copied.
            request = replace(request, attached=await apart(sent_files.attached, user, said.sent_files))
        with _counted(passing):
            # On a thread: the time grows with the text.
            request = replace(request, causes=await asyncio.to_thread(_causes, request, said))
            async with aclosing(_pieces(request, reply, passing)) as pieces:
                async for piece in while_open(proof or Proof(user.pk), pieces):
                    yield piece
        # On a thread: this searches the whole text for citations and quotations.
        yield await asyncio.to_thread(_whole, request, passing)
    finally:
        # A client that disconnects, even twice, cancels only the waiting for this task.
        closing = asyncio.create_task(_closed(reply, passing.entries), context=request_id.fresh_context())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.shield(closing)


async def _closed(reply: UUID, entries: Sequence[Entry]) -> None:
    """Close the turn in one transaction. Retry while the database is away, so that the usage is not lost."""
    try:
        if entries:
            await write_patiently(f"what answer {reply} used", usage.close, reply, entries)
        else:
            await in_database_thread(usage.close, reply, entries)
    finally:
        _live.pop(reply).set()


@contextlib.contextmanager
def _counted(passing: LiveAnswer) -> Iterator[None]:
    """Count how the answer ended, as for answers in conversations."""
    status = Message.Status.FAILED
    try:
        yield
        status = Message.Status.INTERRUPTED if passing.truncated else Message.Status.COMPLETE
    except (GeneratorExit, asyncio.CancelledError):
        status = Message.Status.STOPPED
        raise
    finally:
        cached = bool(passing.entries) and passing.entries[-1].cached
        measures.ended(status, passing.measured_model, passing.began, cached=cached)


@transaction.atomic
def _opened(user: User, said: StatelessRequest, reply: UUID) -> TurnRequest:
    """Return the turn without its label, with its reservation."""
    text = said.text if said.pictures else drafts.text(said.text, most=settings.API_MESSAGE_MAX_CHARS)
    model = drafts.model(said.model)
    _refuse_too_long(said)
    concurrency.refuse_too_many(user.pk)
    models = _tuned(catalogue.models(user.pk), said.parameters)
    if model not in (AUTO, *(known.name for known in (*models, *BUILT_IN))):
        raise NotFoundError(
            f"There is no model “{model}” that you can use. Choose one from the list, or auto.",
            code="model_not_found",
            param="model",
        )
    caller = callers.caller_of(user, access.API, reply=reply)
    usage.reserve(reply=reply, user_id=user.pk, team=caller.team)
    chosen = chosen_collections.chosen(user.pk, said.collections) if said.collections else None
    reader, asked = chosen_collections.scope(user, chosen)
    request = TurnRequest(
        question=text,
        history=said.said,
        causes=(),
        pick=drafts.Pick(model),
        options=said.options,
        catalogue=models,
        policy=policies.active(),
        reader=reader,
        caller=caller,
        asked=asked,
        instructions=said.instructions,
        history_chars=settings.API_REQUEST_MAX_CHARS,
        keeps_history=True,
        pictures=said.pictures,
        files=said.files,
        after=said.after,
        requirements=said.requirements.with_texts(neutralised),
        patterns=detectors.patterns.current(),
    )
    return request


def _refuse_too_long(said: StatelessRequest) -> None:
    size = sum(map(len, _texts(said)))
    most = settings.API_REQUEST_MAX_CHARS
    if size > most:
        raise InvalidError(
            f"The messages have {size:,} characters together, and {most:,} are allowed. Leave out the oldest.",
            code="context_length_exceeded",
            param="messages",
        )


def _tuned(models: Iterable[ModelInfo], parameters: Mapping[str, Parameter]) -> tuple[ModelInfo, ...]:
    return tuple(replace(model, parameters={**model.parameters, **parameters}) for model in models)


@dataclass(frozen=True)
class _TurnState(StoredTurnState):
    """The state of a turn whose program sent parameters: they are added again when the models are read again."""

    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        request = await super().refreshed(request)
        return replace(request, catalogue=_tuned(request.catalogue, self.parameters))


def _causes(request: TurnRequest, said: StatelessRequest) -> tuple[labels.Cause, ...]:
    """Return what labels the turn: the whole history counts, as it would in a conversation."""
    began = access.began()
    found = detectors.detect("\n\n".join(filter(None, _texts(said))), request.patterns or ())
    own = labels.asked(began.label, said.label, found)
    pictures = [labels.picture(Sensitivity[settings.UNREADABLE_LABEL.upper()])] if said.files else []
    return labels.turn(began, (*own, *pictures))


def _texts(said: StatelessRequest) -> list[str]:
    """Return every text that the program sent for the model."""
    messages = (message.all_text for message in (*said.said, *said.after))
    return [said.instructions, *messages, said.text, *said.requirements.texts]


async def _pieces(request: TurnRequest, reply: UUID, passing: LiveAnswer) -> AsyncGenerator[Piece, None]:
    state = _TurnState(reply, passing.said.parameters)
    async with aclosing(turn.run(request, passing.entries.append, state)) as events:
        async for event in events:
            if isinstance(event, RoutedTurn):
                passing.ask(event)
            elif isinstance(event, Thought) and ((text := passing.thought(event)) or event.signature):
                yield ThoughtPiece(passing.model, text, event.signature)
            elif isinstance(event, ToolCallDelta):
                yield passing.called(event)
            elif isinstance(event, Delta):
                if event.restart:
                    yield RestartPiece(passing.model)
                if text := passing.heard(event):
                    yield AnswerPiece(passing.model, text)
            # A call that has begun is read to its end.
            if passing.stops.reached and not passing.calls:
                break
    if rest := passing.rest():
        yield AnswerPiece(passing.model, rest)


def _whole(request: TurnRequest, passing: LiveAnswer) -> Whole:
    prepared, entries = passing.prepared, passing.entries
    complete = not (passing.truncated or passing.stops.reached)
    passages = prepared.passages if prepared else ()
    kept = receipts.kept_of(passing.text, request, passages, is_complete=complete)
    elapsed_ms = int((time.monotonic() - passing.began) * 1000)
    return Whole(
        model=passing.model,
        kept=kept,
        thought="".join(passing.thoughts),
        cut=passing.truncated,
        input_tokens=sum(entry.usage.input_tokens for entry in entries),
        output_tokens=sum(entry.usage.output_tokens for entry in entries),
        cache_write_tokens=sum(entry.usage.cache_write_tokens for entry in entries),
        cached_tokens=sum(entry.usage.cached_tokens for entry in entries),
        receipt=replace(receipts.receipt_of(prepared, entries, EMPTY, elapsed_ms), asked=request.asked),
        calls=passing.tool_calls(),
        thoughts=tuple(passing.signed),
        unsigned="".join((*passing.withdrawn, *passing.unsigned)),
    )


def live_count() -> int:
    """Return how many answers outside conversations this process is writing."""
    return len(_live)


async def drain(grace: float) -> None:
    """Let answers finish within `grace` seconds; the remaining ones end with their connections."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(ended.wait() for ended in _live.values())), grace)
