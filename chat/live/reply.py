"""A live reply: everything that its process knows of it until it has ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chat.conversations.labels import Cause
from chat.events import IDLE, CitedSource, Progress, ReplyBegun, Snapshot
from chat.live.thinking import LiveThinking
from chat.llm.types import Numbered
from chat.models import Message
from chat.turns import receipts
from chat.turns.answer_so_far import AnswerSoFar
from chat.turns.storage import Started
from chat.turns.values import RoutingInput


@dataclass(frozen=True)
class ReplyOpening:
    """What watchers see at a reply's beginning: the question's text, or the id of the reply that it replaces.

    `edited`: the question is another version of one that was there before.
    """

    text: str = ""
    replaces: str = ""
    edited: bool = False


@dataclass
class Live(AnswerSoFar):
    """A reply that is being written."""

    started: Started
    opening: ReplyOpening
    number: int = 0
    published: int = 0
    weighed: RoutingInput | None = None
    # Which attached files the turn waits for, in words.
    reading: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None
    ended_as: Message.Status = Message.Status.STOPPED
    published_sources: list[CitedSource] = field(default_factory=list)
    # Give the reply its label. A decision to send counts, even if the turn is prepared again after it.
    causes: Sequence[Cause] = ()
    thinking: LiveThinking = field(init=False)
    # Nothing has come for so long that the page says which model it waits for.
    is_slow: bool = False
    is_working: bool = False
    # How many answers come before this one in the queue of its server; None: it is in none.
    before: int | None = None
    published_progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.causes = self.started.request.causes
        self.text = self.written = self.started.request.written
        self.published = len(self.written)
        self.thinking = LiveThinking(self.started.thinking)
        self.published_progress = self.progress

    def await_files(self, words: str) -> None:
        """Let the page say which files are read before anything is searched."""
        self.reading, self.weighed = words, None
        self.changed.set()

    def take_place(self, before: int | None) -> None:
        """Let the page say how many answers come first; None: the server has begun with this one."""
        self.before = before
        self.changed.set()

    @property
    def reply(self) -> UUID:
        return self.started.reply

    @property
    def sources(self) -> list[CitedSource]:
        return receipts.sources_of(self.passages, self.started.request.cited)

    @property
    def passages(self) -> Sequence[Numbered]:
        if self.prepared:
            return self.prepared.passages
        return self.weighed.passages if self.weighed and self.weighed.verified else ()

    @property
    def progress(self) -> Progress:
        return self.thinking.progress(self._waiting)

    @property
    def _waiting(self) -> Progress:
        """Return what the reply waits for, if nothing has come yet: the search, or a model."""
        if self.words_since is not None or self.thinking.is_running:
            return IDLE
        if self.reading and self.weighed is None:
            return Progress(**{**IDLE, "reading": self.reading})
        if self.prepared is None:
            return Progress(**{**IDLE, "is_searching": self.weighed is None and self.started.request.documents})
        instead_of = self.prepared.instead_of
        if self.started.is_blind:
            return IDLE
        if self.before is not None:
            return Progress(**{**IDLE, "waiting": self.prepared.model.display_name, "before": self.before})
        if not (self.is_slow or instead_of):
            return IDLE
        name = self.prepared.model.display_name
        return Progress(**{**IDLE, "waiting": name, "is_working": self.is_working, "instead_of": instead_of})

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(
            number=self.number,
            text=self.text,
            sources=self.sources,
            model="" if self.started.is_blind else self.model,
            progress=self.published_progress,
        )

    @property
    def begun(self) -> ReplyBegun:
        return ReplyBegun(
            type="reply.begun",
            reply=str(self.reply),
            question=str(self.started.question),
            text=self.opening.text,
            replaces=self.opening.replaces,
            written=self.text,
            after=str(self.started.after or ""),
            edited=self.opening.edited,
            has_files=any(file.with_question for file in self.started.request.attached),
            progress=self.published_progress,
        )
