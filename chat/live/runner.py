"""Runs live replies: starts, publishes, stores, stops and ends them. Sockets only watch.

A reply is one task of the process that took its question. In it, a reader appends what the model sends, a publisher
tells the watchers at most every FRAME seconds, and a keeper writes checkpoints that renew the lease.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from chat import measures
from chat.conversations import labels
from chat.events import IDLE, Event
from chat.live import outcomes, publishing, small_calls, snapshots, stored_thoughts
from chat.live.reply import Live, ReplyOpening
from chat.models import Message
from chat.turns import closing, turn
from chat.turns.citations import rest_after
from chat.turns.closing import INTERRUPTED, TurnOutcome
from chat.turns.given_files import StillReading
from chat.turns.storage import Started
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, RoutingInput
from langai_site import request_id
from langai_site.database.writer import in_database_thread, write_patiently
from langai_site.errors import LangAIError
from langai_site.outbound.types import Delta, Queued, StillWorking, Thought
from langai_site.sentences import sentence, to_text
from langai_site.telemetry import tracing

T = TypeVar("T")

logger = logging.getLogger(__name__)

FRAME = 0.035
# With more live replies than this, each gets fewer frames, so that first words do not queue behind them.
UNSHARED = 16
CHECKPOINT = 5.0
STOP_WATCH = 0.2
# Seconds without a word after which the page says which model it waits for.
SLOW = 1.5
SWEEP = 5.0
# Seconds until a task that survived its cancellation is cancelled again; a reader may have a connection to close.
CANCEL_AGAIN = 1.0
TRUNCATED = sentence("ended.truncated", "The answer reached the maximum length. Choose Continue to resume it here.")()
UNEXPECTED = sentence(
    "ended.unexpected", "Something went wrong inside LangAI while answering. Retry; if it happens again, tell an admin."
)()


_live: dict[UUID, Live] = {}
_tasks: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True)
class RunningReply:
    """A reply that runs. Shield `ending` if you await it: cancelling it would end the reply without telling anybody."""

    started: Started
    ending: asyncio.Task[TurnOutcome]


async def begin(
    open_turn: Callable[[], Awaitable[Started]], replaces: str = "", *, edited: bool = False
) -> RunningReply:
    """Write the turn's rows and start its reply, both or neither, even if the request is cancelled."""

    async def both() -> RunningReply:
        started = await open_turn()
        text = "" if replaces else started.request.question
        return RunningReply(started, start(started, ReplyOpening(text=text, replaces=replaces, edited=edited)))

    return await asyncio.shield(asyncio.create_task(both()))


def start(started: Started, opening: ReplyOpening) -> asyncio.Task[TurnOutcome]:
    """Run a reply in its own task, which belongs to no request and no socket; it returns how the reply ended."""
    reply = Live(started, opening)
    _live[reply.reply] = reply
    return _task(tracing.within("reply", _run(reply)))


def live_count() -> int:
    """Return how many replies this process is writing."""
    return len(_live)


def _task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    # A fresh context: the request's would keep its connections and its thread alive.
    task = asyncio.create_task(work, context=request_id.fresh_context())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def stop(reply: UUID) -> None:
    """Stop a reply in whichever process it runs; in this process at once."""
    here = _live.get(reply)
    if here is None:
        await snapshots.ask_to_stop(reply)
    else:
        _cancel_reader(here)


def _cancel_reader(reply: Live) -> None:
    if reply.reader:
        _task(_cancel_until_done([reply.reader]))


async def stop_all(replies: Iterable[UUID]) -> None:
    """Stop these replies: those of a conversation that was deleted."""
    for reply in replies:
        await stop(reply)


async def _run(reply: Live) -> TurnOutcome:
    reply.reader = asyncio.create_task(_read(reply))
    beside = (_publish_growth, _notice_slowness, _write_checkpoints, stored_thoughts.keep_up)
    helpers = [asyncio.create_task(helper(reply)) for helper in beside]
    try:
        outcome = await _outcome(reply)
        await _cancel_until_done(helpers)
        if await _has_lost_its_place(reply, outcome):
            await _publish_grown(reply)
        await _end(reply, outcome)
        for call in small_calls.after(reply.started, outcome):
            _task(call)
        measures.ended(outcome.status, reply.measured_model, reply.began, cached=outcome.receipt.cached)
        return outcome
    finally:
        # A Continue may have taken its place already.
        if _live.get(reply.reply) is reply:
            del _live[reply.reply]


async def _cancel_until_done(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks again and again until they have ended.

    They wait in third-party code, above all a provider's client. If that mistakes the cancellation for its own, as
    asyncio.wait_for does before Python 3.12, the reply would live forever.
    """
    remaining = set(tasks)
    while remaining:
        for task in remaining:
            task.cancel()
        _done, remaining = await asyncio.wait(remaining, timeout=CANCEL_AGAIN)


async def _read(reply: Live) -> None:
    """Take in what the turn yields, as fast as it comes."""
    await publishing.publish(reply.started.conversation, reply.begun)
    if reply.text:
        # A request to stop the earlier part does not apply to this one.
        await snapshots.forget(reply.reply)
    if reply.progress != IDLE:
        # A page that is loaded now shows the search too.
        await snapshots.keep(reply.reply, reply.snapshot)
    state = StoredTurnState(reply.reply)
    async with contextlib.aclosing(turn.run(reply.started.request, reply.entries.append, state)) as events:
        async for event in events:
            if isinstance(event, Delta):
                if event.restart:
                    await _restart(reply)
                _write(reply, event)
            elif isinstance(event, Thought):
                _think(reply, event.text)
            elif isinstance(event, StillWorking):
                reply.is_working = True
                reply.changed.set()
            elif isinstance(event, Queued):
                reply.take_place(event.before)
            elif isinstance(event, StillReading):
                reply.await_files(to_text(event.words))
            elif isinstance(event, RoutingInput):
                reply.weighed, reply.prepared = event, None
                reply.changed.set()
                if event.verified:
                    await _take_evidence(reply, event)
            elif isinstance(event, RoutedTurn):
                await _take_route(reply, event)


def _write(reply: Live, delta: Delta) -> None:
    reply.text += reply.take(delta)
    if delta.text and not delta.text.isspace():
        reply.thinking.end()
    reply.changed.set()


def _think(reply: Live, text: str) -> None:
    """Store a thought. Watchers learn only that thinking began and ended; the text is for those who open it."""
    if text and reply.thinking.take(text):
        reply.changed.set()


async def _restart(reply: Live) -> None:
    """Turn what the model wrote so far into a thought: the answer begins only now."""
    since = reply.words_since or time.monotonic()
    if thought := reply.take_back():
        reply.thinking.take_back(thought, since)
    # Skips a number, so that watchers who miss this change notice the gap and read the whole snapshot.
    reply.published, reply.number = len(reply.text), reply.number + 2
    await _publish_change(reply, {"type": "reply.grew", "text": ""})


async def _take_route(reply: Live, prepared: RoutedTurn) -> None:
    """Note which model is asked now, and take the evidence that it is given."""
    # Another model has its own thoughts, and its server may be quick.
    reply.thinking.forget()
    reply.is_working, reply.before = False, None
    if reply.is_slow or prepared.instead_of:
        reply.changed.set()
    reply.ask(prepared)
    await _take_evidence(reply, prepared.weighed)


async def _take_evidence(reply: Live, weighed: RoutingInput) -> None:
    """Raise the label and publish the sources, if this changes them."""
    previous_label, previous_sources = labels.label_of(reply.causes), reply.published_sources
    reply.causes = weighed.causes
    if weighed.label > previous_label:
        # Before the first word of the answer: if this process dies, the raised label must not be lost.
        await _checkpoint(reply)
    if reply.sources != previous_sources:
        reply.number, reply.published_sources = reply.number + 1, reply.sources
        await _publish_change(reply, {"type": "reply.sourced", "sources": reply.sources})


async def _publish_change(reply: Live, change: dict[str, Any]) -> None:
    await snapshots.keep(reply.reply, reply.snapshot)
    change |= {"reply": str(reply.reply), "number": reply.number}
    await publishing.publish(reply.started.conversation, cast(Event, change))


async def _publish_growth(reply: Live) -> None:
    """Publish the first piece at once, then the rest every FRAME seconds, or less often while many replies are live."""
    while True:
        await reply.changed.wait()
        reply.changed.clear()
        await _publish_progress(reply)
        if len(reply.text) > reply.published:
            await _publish_grown(reply)
            # Only after text: the end of the search must not delay the first word.
            await asyncio.sleep(FRAME * max(1.0, len(_live) / UNSHARED))


async def _notice_slowness(reply: Live) -> None:
    """Let the page say which model it waits for, if there is no word for SLOW seconds."""
    await asyncio.sleep(SLOW)
    reply.is_slow = True
    reply.changed.set()


async def _publish_progress(reply: Live) -> None:
    if reply.progress == reply.published_progress:
        return
    reply.published_progress, reply.number = reply.progress, reply.number + 1
    await _publish_change(reply, {"type": "reply.progressed", "progress": reply.published_progress})


async def _publish_grown(reply: Live) -> None:
    grown, reply.published = reply.text[reply.published :], len(reply.text)
    reply.number += 1
    await _publish_change(reply, {"type": "reply.grew", "text": grown})


async def _has_lost_its_place(reply: Live, outcome: TurnOutcome) -> bool:
    """Return whether watchers have half of a citation that was removed at the end, and so cannot find their place."""
    if outcome.text == reply.text:
        return False
    published, numbers = reply.text[: reply.published], [source["number"] for source in outcome.sources]
    # On a thread: this searches everything that was published for citations.
    return await asyncio.to_thread(rest_after, published, outcome.text, numbers) is None


async def _write_checkpoints(reply: Live) -> None:
    """Write checkpoints by the clock, so that a slow model is not taken for a dead process."""
    while True:
        await asyncio.sleep(CHECKPOINT)
        try:
            mine = await _checkpoint(reply)
        except Exception:
            logger.exception("a checkpoint of reply %s failed", reply.reply)
            continue
        if not mine:
            reply.ended_as = Message.Status.INTERRUPTED
            _cancel_reader(reply)


async def _checkpoint(reply: Live) -> bool:
    return await in_database_thread(closing.checkpoint, reply.started, reply.text, reply.causes, reply.thinking.kept)


async def _outcome(reply: Live) -> TurnOutcome:
    """Wait for the reader and return how it ended. The text so far is kept, whatever happens."""
    assert reply.reader is not None
    try:
        await reply.reader
    except asyncio.CancelledError:
        reply.entries[:] = [outcomes.ended_with(entry, reply.ended_as) for entry in reply.entries]
        error = INTERRUPTED if reply.ended_as == Message.Status.INTERRUPTED else ""
        return await outcomes.ended(reply, reply.ended_as, error, "interrupted" if error else "")
    except LangAIError as error:
        return await outcomes.failed(reply, error)
    except Exception:
        logger.exception("reply %s failed", reply.reply)
        return await outcomes.failed(reply, LangAIError(UNEXPECTED, code="internal", status=500))
    if reply.truncated:
        return await outcomes.ended(reply, Message.Status.INTERRUPTED, TRUNCATED, "length")
    return await outcomes.ended(reply, Message.Status.COMPLETE)


async def _end(reply: Live, outcome: TurnOutcome) -> None:
    """Close the reply's rows, then tell the watchers. Wait for a database that is away, within limits."""
    if not await write_patiently(f"reply {reply.reply}", closing.close, reply.started, outcome, reply.entries):
        return
    await publishing.publish_finished(reply.started.conversation, reply.reply)
    await snapshots.forget(reply.reply)


async def watch_stops() -> None:
    """Stop the replies of this process that somebody asked another process to stop."""
    while True:
        await asyncio.sleep(STOP_WATCH)
        for reply in await snapshots.asked_to_stop(list(_live)):
            await stop(reply)


async def sweep() -> None:
    """End the replies of dead processes and tell the watchers. Runs in the web process, which can reach them."""
    while True:
        for conversation, reply in await in_database_thread(closing.sweep):
            _task(publishing.publish_finished(conversation, reply))
        await asyncio.sleep(SWEEP)


async def drain(grace: float) -> None:
    """Let live replies finish within `grace` seconds, then stop the rest and keep their partial text."""
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=grace)
    for reply in list(_live.values()):
        reply.ended_as = Message.Status.INTERRUPTED
        _cancel_reader(reply)
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=10)
