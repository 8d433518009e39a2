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
from chat.api.stop_sequences import Stops
from chat.conversations import access, chosen_collections, drafts, labels
from chat.live.closed_accounts import while_open
from chat.llm.built_in import BUILT_IN
from chat.models import Message
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns import concurrency, receipts, turn
from chat.turns.receipt import EMPTY, Receipt
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, TurnRequest
from langai_site import detectors, request_id
from langai_site.accounts.models import User
from langai_site.accounts.proofs import Proof
from langai_site.characters import split_off_half, whole_characters
from langai_site.database.writer import in_database_thread, write_patiently
from langai_site.detectors import DetectorRule
from langai_site.errors import InvalidError, NotFoundError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ChatMessage, Delta, ModelInfo, Parameter, Thought
from langai_site.sensitivity import Sensitivity
from langai_site.usage import callers
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Entry

# The answers that this process is writing, each with an event that is set at its end.
_live: dict[UUID, asyncio.Event] = {}
_closing: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Said:
    """What a program sends: `instructions` for the model, the history in `said`, and the message.

    `parameters` go to the model too, and override an admin's. `collections` are as the page's form sends them; if
    empty, all documents are searched. The answer ends before the first of `stops`.
    """

    text: str
    said: tuple[ChatMessage, ...] = ()
    instructions: str = ""
    model: str = AUTO
    label: Sensitivity | None = None
    options: drafts.Options = drafts.AS_USUAL
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    collections: Sequence[str] = ()
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerPiece:
    """Text to append to the answer, with the name of its model."""

    model: str
    text: str


@dataclass(frozen=True)
class ThoughtPiece:
    """Text to append to the thoughts of the model of that name. Not part of the answer."""

    model: str
    text: str


@dataclass(frozen=True)
class Whole:
    """The complete answer and the thoughts before it. `cut`: it reached the longest length allowed."""

    model: str
    kept: receipts.EndedAnswer
    thought: str
    cut: bool
    input_tokens: int
    output_tokens: int
    receipt: Receipt


Piece = AnswerPiece | ThoughtPiece


@dataclass
class _Passing:
    """An answer that is being written."""

    said: Said
    stops: Stops
    entries: list[Entry] = field(default_factory=list)
    prepared: RoutedTurn | None = None
    text: str = ""
    thoughts: list[str] = field(default_factory=list)
    half: str = ""
    cut: bool = False
    began: float = field(default_factory=time.monotonic)

    def heard(self, delta: Delta) -> str:
        """Take a piece of the answer; return what can be sent of it."""
        if delta.restart:
            # What was sent of it cannot be taken back.
            self.thoughts.append(self.text)
            self.text, self.half, self.stops = "", "", Stops(self.said.stops)
        piece, self.half = split_off_half(self.half + delta.text)
        self.cut |= delta.truncated
        return self._added(self.stops.feed(whole_characters(piece)))

    def decided(self, prepared: RoutedTurn) -> None:
        """Start with the model that is asked now; drop the thoughts of a model that failed before its first word."""
        self.prepared = prepared
        self.thoughts.clear()

    def thought(self, thought: Thought) -> str:
        """Take a thought; return what can be sent of it."""
        text = whole_characters(thought.text)
        self.thoughts.append(text)
        return text

    def rest(self) -> str:
        return self._added(self.stops.rest())

    def _added(self, text: str) -> str:
        if text and not self.text:
            measures.first_words(self.model, self.began)
        self.text += text
        return text

    @property
    def model(self) -> str:
        return self.prepared.model.name if self.prepared else ""


async def answer(user: User, said: Said, proof: Proof | None = None) -> AsyncGenerator[Piece | Whole, None]:
    """Run one turn over values, while `proof` is good. Raises LangAIError; closing the generator stops the model.

    However it ends, its usage is entered in the ledger, and its reservation is released.
    """
    reply, passing = uuid4(), _Passing(said, Stops(said.stops))
    _live[reply] = asyncio.Event()
    try:
        request, rules = await in_database_thread(_opened, user, said, reply)
        with _counted(passing):
            # On a thread: the time grows with the text.
            request = replace(request, causes=await asyncio.to_thread(_causes, request, said, rules))
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
def _counted(passing: _Passing) -> Iterator[None]:
    """Count how the answer ended, as for answers in conversations."""
    status = Message.Status.FAILED
    try:
        yield
        status = Message.Status.INTERRUPTED if passing.cut else Message.Status.COMPLETE
    except (GeneratorExit, asyncio.CancelledError):
        status = Message.Status.STOPPED
        raise
    finally:
        cached = bool(passing.entries) and passing.entries[-1].cached
        measures.ended(status, passing.model or measures.NO_MODEL, passing.began, cached=cached)


@transaction.atomic
def _opened(user: User, said: Said, reply: UUID) -> tuple[TurnRequest, Sequence[DetectorRule]]:
    """Return the turn without its label, with its reservation, and the detector rules."""
    text, model = drafts.text(said.text, most=settings.API_MESSAGE_MAX_CHARS), drafts.model(said.model)
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
    )
    return request, detectors.patterns.current()


def _refuse_too_long(said: Said) -> None:
    size = len(said.text) + len(said.instructions) + sum(len(message.text) for message in said.said)
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


def _causes(request: TurnRequest, said: Said, rules: Sequence[DetectorRule]) -> tuple[labels.Cause, ...]:
    """Return what labels the turn: the whole history counts, as it would in a conversation."""
    began = access.began()
    texts = [said.instructions, *(message.text for message in request.history), request.question]
    own = labels.asked(began.label, said.label, detectors.detect("\n\n".join(filter(None, texts)), rules))
    return labels.turn(began, own)


async def _pieces(request: TurnRequest, reply: UUID, passing: _Passing) -> AsyncGenerator[Piece, None]:
    state = _TurnState(reply, passing.said.parameters)
    async with aclosing(turn.run(request, passing.entries.append, state)) as events:
        async for event in events:
            if isinstance(event, RoutedTurn):
                passing.decided(event)
            elif isinstance(event, Thought) and (text := passing.thought(event)):
                yield ThoughtPiece(passing.model, text)
            elif isinstance(event, Delta) and (text := passing.heard(event)):
                yield AnswerPiece(passing.model, text)
            if passing.stops.reached:
                break
    if rest := passing.rest():
        yield AnswerPiece(passing.model, rest)


def _whole(request: TurnRequest, passing: _Passing) -> Whole:
    prepared, entries = passing.prepared, passing.entries
    complete = not (passing.cut or passing.stops.reached)
    passages = prepared.passages if prepared else ()
    kept = receipts.kept_of(passing.text, request, passages, is_complete=complete)
    elapsed_ms = int((time.monotonic() - passing.began) * 1000)
    return Whole(
        model=passing.model,
        kept=kept,
        thought="".join(passing.thoughts),
        cut=passing.cut,
        input_tokens=sum(entry.usage.input_tokens for entry in entries),
        output_tokens=sum(entry.usage.output_tokens for entry in entries),
        receipt=replace(receipts.receipt_of(prepared, entries, EMPTY, elapsed_ms), asked=request.asked),
    )


def live_count() -> int:
    """Return how many answers outside conversations this process is writing."""
    return len(_live)


async def drain(grace: float) -> None:
    """Let answers finish within `grace` seconds; the remaining ones end with their connections."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(ended.wait() for ended in _live.values())), grace)
