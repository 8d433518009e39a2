"""Follows one reply from any process, for the API: what was added, and how it ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, cast
from uuid import UUID

from channels.layers import get_channel_layer

from chat.conversations import access
from chat.events import Event, Progress, ReplyEvent, Snapshot, group_of
from chat.live import snapshots
from chat.live.closed_accounts import while_open
from chat.models import Message
from chat.turns.citations import rest_after
from langai_site.accounts.proofs import Proof
from langai_site.database.writer import in_database_thread

# After this many silent seconds, Quiet keeps proxies from closing the connection, and the database is checked.
QUIET = 15.0


@dataclass(frozen=True)
class ModelNamed:
    """Which model answers; sent once, before its first words."""

    conversation: UUID
    reply: UUID
    model: str


@dataclass(frozen=True)
class Grown:
    """`text` was added; the reply now has `length` characters."""

    reply: UUID
    text: str
    length: int


@dataclass(frozen=True)
class InQueue:
    """The model's server is busy, and `before` other answers come first."""

    before: int


@dataclass(frozen=True)
class Thinks:
    """The model began to think, or stopped after `seconds`. The thoughts are not sent: they are not the answer."""

    is_running: bool
    seconds: float


@dataclass(frozen=True)
class Quiet:
    """Nothing has happened for a while."""


@dataclass(frozen=True)
class ReplyEnded:
    """The final reply, with its citations."""

    reply: Message


ReplyNews = ModelNamed | Grown | InQueue | Thinks | Quiet | ReplyEnded


async def watch(proof: Proof, reply_id: UUID, sent_chars: int = 0) -> AsyncGenerator[ReplyNews, None]:
    """Yield how the person's reply grows beyond its first `sent_chars` characters, until it has ended.

    Raises NotFoundError, and AccountClosedError or AccessEndedError if the person loses access.
    """
    async with aclosing(_watch(proof.user_id, reply_id, sent_chars)) as news:
        async for one in while_open(proof, news):
            yield one


async def _watch(user_id: int, reply_id: UUID, sent_chars: int) -> AsyncGenerator[ReplyNews, None]:
    reply = await in_database_thread(access.access_reply, user_id, reply_id)
    view, layer = _View(reply, sent_chars), get_channel_layer()
    channel, group = await layer.new_channel(), group_of(reply.conversation_id)
    await layer.group_add(group, channel)
    following = _Following(layer, channel)
    try:
        async for news in _until_ended(reply_id, following, view):
            yield news
        for news in view.end(await in_database_thread(access.ended_reply, user_id, reply_id)):
            yield news
    finally:
        following.end()
        await layer.group_discard(group, channel)


class _View:
    """What was yielded of a reply: `sent_chars` counts its characters, and `text` holds them if they are known."""

    def __init__(self, reply: Message, sent_chars: int) -> None:
        self.reply, self.sent_chars = reply, sent_chars
        self.number, self.model, self.text = 0, "", ""
        self._thinking: Literal["", "running", "over"] = ""

    def take(self, snapshot: Snapshot) -> list[ReplyNews]:
        """Return what is new in a snapshot."""
        self.number = snapshot["number"]
        # A reply only grows, unless its text turned out to be a thought.
        self.sent_chars = min(self.sent_chars, len(snapshot["text"]))
        return self._news(snapshot["text"], snapshot["model"])

    def is_next(self, number: int) -> bool:
        return bool(self.model) and number == self.number + 1

    def skip(self, number: int) -> None:
        """Pass over a change that adds no text."""
        if self.is_next(number):
            self.number = number

    def progressed(self, progress: Progress) -> list[ReplyNews]:
        """Return what is new besides text: the place in a queue, or whether the model thinks."""
        before, state = progress.get("before"), progress["thinking"]
        news: list[ReplyNews] = [] if before is None else [InQueue(before)]
        if state != self._thinking and state:
            news.append(Thinks(state == "running", round(progress["seconds"], 1)))
        self._thinking = state
        return news

    def append(self, text: str) -> list[ReplyNews]:
        self.number += 1
        return self._news(self.text + text, self.model)

    def end(self, ended: Message) -> list[ReplyNews]:
        """Return what was not yielded yet, then how the reply ended."""
        failed = ended.status == Message.Status.FAILED
        return [*self._news(self.text + self._rest(ended), "" if failed else ended.model), ReplyEnded(ended)]

    def _rest(self, ended: Message) -> str:
        """Return what follows the known text. The end of an answer removes numbers that name no passage."""
        return rest_after(self.text, ended.text, [citation.number for citation in ended.citations.all()]) or ""

    def _news(self, text: str, model: str) -> list[ReplyNews]:
        news: list[ReplyNews] = []
        new, self.text = text[self.sent_chars :], text
        # Until it has written something, another model may have to take its place.
        if model and text and not self.model:
            self.model = model
            news.append(ModelNamed(self.reply.conversation_id, self.reply.id, model))
        if new:
            self.sent_chars = len(text)
            news.append(Grown(self.reply.id, new, self.sent_chars))
        return news


class _Following:
    """The events of a channel, with pauses. The task that receives is not cancelled: that would end the channel."""

    def __init__(self, layer: Any, channel: str) -> None:  # noqa: ANN401 - a channel layer
        self._layer, self._channel = layer, channel
        self._coming: asyncio.Task[Any] | None = None

    async def next(self, seconds: float) -> Event | None:
        """Return the next event; None if none comes within that time."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._layer.receive(self._channel))
        await asyncio.wait({self._coming}, timeout=seconds)
        if not self._coming.done():
            return None
        coming, self._coming = self._coming, None
        return cast(Event, coming.result())

    def end(self) -> None:
        if self._coming:
            self._coming.cancel()


async def _until_ended(reply: UUID, following: _Following, view: _View) -> AsyncGenerator[ReplyNews, None]:
    """Listen before reading: what happens in between is then read, or heard, or both."""
    snapshot = await snapshots.snapshot(reply)
    for news in view.take(snapshot) if snapshot else ():
        yield news
    for news in view.progressed(snapshot["progress"]) if snapshot and "progress" in snapshot else ():
        yield news
    ended = await in_database_thread(_has_ended, reply)
    while not ended:
        event = await following.next(QUIET)
        if event is None:
            yield Quiet()
            # The event of its end may be lost, with the layer or with its process.
            ended = await in_database_thread(_has_ended, reply)
        elif _is_of_live(event) and event["reply"] == str(reply):
            ended = event["type"] == "reply.done"
            for news in await _news(event, view):
                yield news


def _is_of_live(event: Event) -> TypeGuard[ReplyEvent]:
    """Return whether an event tells of a reply that is being written, and not of the conversation."""
    others = ("label.rose", "conversation.gone", "conversation.titled", "branch.gone", "reply.corrected")
    return event["type"] not in others


def _has_ended(reply: UUID) -> bool:
    return not Message.objects.live().filter(id=reply).exists()


async def _news(event: ReplyEvent, view: _View) -> list[ReplyNews]:
    """Return what an event adds. After a gap, and at first, the whole text is read from the snapshot."""
    if event["type"] == "reply.begun" or event["type"] == "reply.done" or event["number"] <= view.number:
        return []
    if event["type"] == "reply.progressed":
        view.skip(event["number"])
        return view.progressed(event["progress"])
    if event["type"] == "reply.grew" and view.is_next(event["number"]):
        return view.append(event["text"])
    snapshot = await snapshots.snapshot(view.reply.id)
    return view.take(snapshot) if snapshot else []
