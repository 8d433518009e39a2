"""Runs live replies: starts, publishes, keeps, stops and ends them. The sockets only watch.

A reply is one task of the process that took its question. Within it a reader appends what the model sends, a
publisher tells the watchers at most every FRAME seconds, and a keeper writes checkpoints that renew the lease.
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
from chat.events import Event
from chat.live import outcomes, publishing, snapshots
from chat.live.reply import Live, ReplyOpening
from chat.models import Conversation, Message
from chat.turns import storage, turn
from chat.turns.citations import rest_after
from chat.turns.storage import INTERRUPTED, Started, TurnOutcome
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn, RoutingInput
from langai_site import request_id
from langai_site.characters import split_off_half, whole_characters
from langai_site.database.writer import in_database_thread, write_patiently
from langai_site.errors import LangAIError
from langai_site.outbound.types import Delta, StillWorking, Thought
from langai_site.telemetry import tracing

T = TypeVar("T")

logger = logging.getLogger(__name__)

FRAME = 0.035
# With more live replies than this the process's frames are shared out: fewer for each, and no queue for first words.
UNSHARED = 16
CHECKPOINT = 5.0
STOP_WATCH = 0.2
# Seconds without a word until the page says what it waits for.
SLOW = 1.5
# Seconds between two looks for new thoughts, and characters of them that are kept in a second.
THINKING, THINKING_PACE = 0.5, 100_000
SWEEP = 5.0
# Seconds until a task that survived its cancellation is cancelled again; a reader has a connection to close.
CANCEL_AGAIN = 1.0
TRUNCATED = "The answer reached the maximum length. Choose Continue to resume it here."
UNEXPECTED = "Something went wrong inside LangAI while answering. Retry; if it happens again, tell an admin."


_live: dict[UUID, Live] = {}
_tasks: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True)
class RunningReply:
    """A reply that runs; who waits for how it ends shields `ending`: to cancel that would end the reply untold."""

    started: Started
    ending: asyncio.Task[TurnOutcome]


async def begin(open_turn: Callable[[], Awaitable[Started]], replaces: str = "") -> RunningReply:
    """Write the turn's rows and start its reply, both or neither: who goes away cancels the door, not this."""

    async def both() -> RunningReply:
        started = await open_turn()
        text = "" if replaces else started.request.question
        return RunningReply(started, start(started, ReplyOpening(text=text, replaces=replaces)))

    return await asyncio.shield(asyncio.create_task(both()))


def start(started: Started, asked: ReplyOpening) -> asyncio.Task[TurnOutcome]:
    """Run a reply in a task of its own, which no request and no socket owns; it returns how the reply ended."""
    reply = Live(started, asked, text=started.request.written, published=len(started.request.written))
    _live[reply.reply] = reply
    return _task(tracing.within("reply", _run(reply)))


def live_count() -> int:
    """How many replies this process is writing."""
    return len(_live)


def _task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    # A fresh context: the request's would keep its connections and its thread alive.
    task = asyncio.create_task(work, context=request_id.fresh_context())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def stop(reply: UUID) -> None:
    """Stop a reply in whichever process it runs; here at once."""
    here = _live.get(reply)
    if here is None:
        await snapshots.ask_to_stop(reply)
    else:
        _cancel_reader(here)


def _cancel_reader(reply: Live) -> None:
    if reply.reader:
        _task(_ended_all([reply.reader]))


async def stop_shown(conversation: Conversation) -> None:
    """Stop what is being written at the end of the branch that is shown."""
    leaf = conversation.current_leaf
    if leaf and leaf.status == Message.Status.STREAMING:
        await stop(leaf.id)


async def _run(reply: Live) -> TurnOutcome:
    reply.reader = asyncio.create_task(_read(reply))
    helpers = [asyncio.create_task(helper(reply)) for helper in (_publish_growth, _keep, _keep_thinking)]
    try:
        outcome = await _outcome(reply)
        await _ended_all(helpers)
        if await _has_lost_its_place(reply, outcome):
            await _publish_grown(reply)
        await _end(reply, outcome)
        measures.ended(outcome.status, reply.model, reply.began, cached=outcome.receipt.cached)
        return outcome
    finally:
        # A Continue may have taken the place already.
        if _live.get(reply.reply) is reply:
            del _live[reply.reply]


async def _ended_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    What they wait for is others' code, a provider's client above all. Where that takes a cancellation for its own
    (asyncio.wait_for does, before Python 3.12), a reply would be kept alive for good.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _done, left = await asyncio.wait(left, timeout=CANCEL_AGAIN)


async def _read(reply: Live) -> None:
    """Take in what the turn yields, as fast as it comes."""
    await publishing.publish(reply.started.conversation, reply.begun)
    if reply.text:
        # What asked the earlier part to stop does not mean this one.
        await snapshots.forget(reply.reply)
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
            elif isinstance(event, RoutingInput):
                reply.weighed, reply.prepared = event, None
            elif isinstance(event, RoutedTurn):
                await _decided(reply, event)


def _write(reply: Live, delta: Delta) -> None:
    piece, reply.half = split_off_half(reply.half + delta.text)
    reply.text += whole_characters(piece)
    reply.truncated |= delta.truncated
    if delta.text and not delta.text.isspace():
        reply.thinking.end()
        if reply.words_since is None:
            reply.words_since = time.monotonic()
            measures.first_words(reply.model, reply.began)
    reply.changed.set()


def _think(reply: Live, text: str) -> None:
    """Watchers are told that it began and that it ended; what is thought is kept for those who open it."""
    if text and reply.thinking.take(text):
        reply.changed.set()


async def _restart(reply: Live) -> None:
    """Take back what the model wrote: it was what it thought, and the answer begins now."""
    thought = reply.text.removeprefix(reply.started.request.written) + reply.half
    if thought:
        reply.thinking.take_back(thought, reply.words_since or time.monotonic())
    reply.words_since = None
    reply.text, reply.half = reply.started.request.written, ""
    # Who misses a change reads the whole, so one number is left out.
    reply.published, reply.number = len(reply.text), reply.number + 2
    await _tell(reply, {"type": "reply.grew", "text": ""})


async def _decided(reply: Live, prepared: RoutedTurn) -> None:
    """Raise the label and tell the sources; both change only where the turn was weighed again."""
    known, told = labels.label_of(reply.causes), reply.told_sources
    # Another model thinks for itself, and its server may be quick.
    reply.thinking.forget()
    reply.words_since, reply.is_working = None, False
    if reply.is_slow:
        reply.changed.set()
    reply.prepared, reply.causes = prepared, prepared.weighed.causes
    if prepared.label > known:
        # Before a word of the answer exists: should this process die, the label must not be lost with it.
        await _checkpoint(reply)
    if reply.sources != told:
        reply.number, reply.told_sources = reply.number + 1, reply.sources
        await _tell(reply, {"type": "reply.sourced", "sources": reply.sources})


async def _tell(reply: Live, change: dict[str, Any]) -> None:
    await snapshots.keep(reply.reply, reply.snapshot)
    change |= {"reply": str(reply.reply), "number": reply.number}
    await publishing.publish(reply.started.conversation, cast(Event, change))


async def _publish_growth(reply: Live) -> None:
    """The first piece at once, then what has come every FRAME seconds, or less often while many are live."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SLOW):
            await reply.changed.wait()
    if not reply.changed.is_set():
        reply.is_slow = True
        reply.changed.set()
    while True:
        await reply.changed.wait()
        reply.changed.clear()
        await _publish_progress(reply)
        if len(reply.text) > reply.published:
            await _publish_grown(reply)
        await asyncio.sleep(FRAME * max(1.0, len(_live) / UNSHARED))


async def _publish_progress(reply: Live) -> None:
    if reply.progress == reply.told_progress:
        return
    reply.told_progress, reply.number = reply.progress, reply.number + 1
    await _tell(reply, {"type": "reply.progressed", "progress": reply.told_progress})


async def _publish_grown(reply: Live) -> None:
    grown, reply.published = reply.text[reply.published :], len(reply.text)
    reply.number += 1
    await _tell(reply, {"type": "reply.grew", "text": grown})


async def _has_lost_its_place(reply: Live, outcome: TurnOutcome) -> bool:
    """Return whether watchers have half of a citation that was removed at the end, and so cannot find their place."""
    if outcome.text == reply.text:
        return False
    told, numbers = reply.text[: reply.published], [source["number"] for source in outcome.sources]
    # On a thread: citations are looked for in all that was told.
    return await asyncio.to_thread(rest_after, told, outcome.text, numbers) is None


async def _keep(reply: Live) -> None:
    """Checkpoint by the clock, so that a slow model is not taken for a dead one."""
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
    thinking = reply.thinking.kept
    return await in_database_thread(storage.checkpoint, reply.started, reply.text, reply.causes, thinking)


async def _keep_thinking(reply: Live) -> None:
    """Keep what is thought for whoever opens it, in whichever process; less often where it is long."""
    kept = reply.thinking.count
    while True:
        if reply.thinking.count != kept:
            kept, text = reply.thinking.count, reply.thinking.text
            await snapshots.keep_thinking(reply.reply, text)
            await asyncio.sleep(len(text) / THINKING_PACE)
        await asyncio.sleep(THINKING)


async def _outcome(reply: Live) -> TurnOutcome:
    """Wait for the reader and say how it ended; whatever happens, the text so far is kept."""
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
    """The closing transaction, then the news of it. A database that is away is waited for, within reason."""
    if not await write_patiently(f"reply {reply.reply}", storage.close, reply.started, outcome, reply.entries):
        return
    await publishing.publish_end(reply.started.conversation, reply.reply)
    await snapshots.forget(reply.reply)


async def watch_stops() -> None:
    """Stop what was asked to stop through another process."""
    while True:
        await asyncio.sleep(STOP_WATCH)
        for reply in await snapshots.asked_to_stop(list(_live)):
            await stop(reply)


async def sweep() -> None:
    """End what a dead process left streaming, and tell those who watch. In the web process, for it has watchers."""
    while True:
        for conversation, reply in await in_database_thread(storage.sweep):
            _task(publishing.publish_end(conversation, reply))
        await asyncio.sleep(SWEEP)


async def drain(grace: float) -> None:
    """Let live replies finish within `grace` seconds, then keep the partial text of the rest."""
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=grace)
    for reply in list(_live.values()):
        reply.ended_as = Message.Status.INTERRUPTED
        _cancel_reader(reply)
    if _tasks:
        await asyncio.wait(set(_tasks), timeout=10)
