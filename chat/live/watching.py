"""Following one reply from any process, as the API does: what it has grown by, and how it ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from channels.layers import get_channel_layer

from chat.conversations import access
from chat.events import Event, ReplyEvent, Snapshot, group_of
from chat.live import snapshots
from chat.live.closed_accounts import while_open
from chat.models import Message
from chat.turns.citations import rest_after
from langai_site.accounts.proofs import Proof
from langai_site.database.writer import in_database_thread

# Where nothing has come for so long, proxies are told that there is somebody, and the database is asked how it is.
QUIET = 15.0


@dataclass(frozen=True)
class Named:
    """Which model answers; told once, before the first of its words."""

    conversation: UUID
    reply: UUID
    model: str


@dataclass(frozen=True)
class Grown:
    """`text` was added; there are `length` characters now."""

    reply: UUID
    text: str
    length: int


@dataclass(frozen=True)
class Quiet:
    """Nothing has happened for a while."""


@dataclass(frozen=True)
class Ended:
    """The reply as it stays, with its citations."""

    reply: Message


Told = Named | Grown | Quiet | Ended


async def watch(proof: Proof, reply_id: UUID, told: int = 0) -> AsyncGenerator[Told, None]:
    """Tell how the person's reply grows beyond its first `told` characters, until it has ended.

    Raises NotFoundError, and AccountClosedError or AccessEndedError where they may not have it any more.
    """
    async with aclosing(_watch(proof.user_id, reply_id, told)) as news:
        async for one in while_open(proof, news):
            yield one


async def _watch(user_id: int, reply_id: UUID, told: int) -> AsyncGenerator[Told, None]:
    reply = await in_database_thread(access.access_reply, user_id, reply_id)
    view, layer = _View(reply, told), get_channel_layer()
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
    """What was told of a reply's text: so many of its characters, and these themselves where they are known."""

    def __init__(self, reply: Message, told: int) -> None:
        self.reply, self.told = reply, told
        self.number, self.model, self.text = 0, "", ""

    def take(self, snapshot: Snapshot) -> list[Told]:
        """What is new in the whole text as it stands."""
        self.number = snapshot["number"]
        # A reply grows, unless what was told turned out to be what the model thought.
        self.told = min(self.told, len(snapshot["text"]))
        return self._news(snapshot["text"], snapshot["model"])

    def is_next(self, number: int) -> bool:
        return bool(self.model) and number == self.number + 1

    def skip(self, number: int) -> None:
        """Pass over a change that adds no text."""
        if self.is_next(number):
            self.number = number

    def append(self, text: str) -> list[Told]:
        self.number += 1
        return self._news(self.text + text, self.model)

    def end(self, ended: Message) -> list[Told]:
        """What was not told yet, then how it ended."""
        failed = ended.status == Message.Status.FAILED
        return [*self._news(self.text + self._rest(ended), "" if failed else ended.model), Ended(ended)]

    def _rest(self, ended: Message) -> str:
        """What follows the known text; its end takes out of an answer the numbers that name no passage."""
        return rest_after(self.text, ended.text, [citation.number for citation in ended.citations.all()]) or ""

    def _news(self, text: str, model: str) -> list[Told]:
        news: list[Told] = []
        if model and not self.model:
            self.model = model
            news.append(Named(self.reply.conversation_id, self.reply.id, model))
        new, self.text = text[self.told :], text
        if new:
            self.told = len(text)
            news.append(Grown(self.reply.id, new, self.told))
        return news


class _Following:
    """The events of a channel, with pauses. What waits for them is not cancelled: that would end the channel."""

    def __init__(self, layer: Any, channel: str) -> None:  # noqa: ANN401 - a channel layer
        self._layer, self._channel = layer, channel
        self._coming: asyncio.Task[Any] | None = None

    async def next(self, seconds: float) -> Event | None:
        """The next event; None where there is none for so long."""
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


async def _until_ended(reply: UUID, following: _Following, view: _View) -> AsyncGenerator[Told, None]:
    """Listens before it reads: what happens in between is read, or heard, or both."""
    snapshot = await snapshots.snapshot(reply)
    for news in view.take(snapshot) if snapshot else ():
        yield news
    ended = await in_database_thread(_has_ended, reply)
    while not ended:
        event = await following.next(QUIET)
        if event is None:
            yield Quiet()
            # The news of its end may be lost, with the layer or with its process.
            ended = await in_database_thread(_has_ended, reply)
        elif event["type"] == "label.rose" or event["type"] == "conversation.gone":
            continue
        elif event["reply"] == str(reply):
            ended = event["type"] == "reply.done"
            for news in await _news(event, view):
                yield news


def _has_ended(reply: UUID) -> bool:
    return not Message.objects.live().filter(id=reply).exists()


async def _news(event: ReplyEvent, view: _View) -> list[Told]:
    """What an event adds. The first one, and one after a gap, is read from the snapshot, which is whole."""
    if event["type"] == "reply.begun" or event["type"] == "reply.done" or event["number"] <= view.number:
        return []
    if event["type"] == "reply.progressed":
        view.skip(event["number"])
        return []
    if event["type"] == "reply.grew" and view.is_next(event["number"]):
        return view.append(event["text"])
    snapshot = await snapshots.snapshot(view.reply.id)
    return view.take(snapshot) if snapshot else []
