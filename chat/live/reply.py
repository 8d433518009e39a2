"""A reply in the making: all that its process knows of it until it has ended."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chat import measures
from chat.conversations.labels import Cause
from chat.events import CitedSource, Progress, ReplyBegun, Snapshot
from chat.live.thinking import LiveThinking
from chat.llm.types import Numbered
from chat.models import Message
from chat.turns import receipts
from chat.turns.storage import Started
from chat.turns.values import RoutedTurn, RoutingInput
from langai_site.usage.types import Entry


@dataclass(frozen=True)
class ReplyOpening:
    """What those who watch are shown of a reply's beginning: the question's text, or the reply it replaces."""

    text: str = ""
    replaces: str = ""


@dataclass
class Live:
    """A reply in the making."""

    started: Started
    asked: ReplyOpening
    text: str = ""
    number: int = 0
    published: int = 0
    weighed: RoutingInput | None = None
    prepared: RoutedTurn | None = None
    entries: list[Entry] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None
    half: str = ""
    truncated: bool = False
    ended_as: Message.Status = Message.Status.STOPPED
    told_sources: list[CitedSource] = field(default_factory=list)
    # What gives the reply its label. What is decided to be sent counts, though the turn be weighed again after it.
    causes: Sequence[Cause] = ()
    began: float = field(default_factory=time.monotonic)
    # When the model that is asked now wrote its first word.
    words_since: float | None = None
    thinking: LiveThinking = field(init=False)
    # Nothing has come for so long that the page says what it waits for.
    is_slow: bool = False
    is_working: bool = False
    told_progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.causes = self.started.request.causes
        self.thinking = LiveThinking(self.started.thinking)
        self.told_progress = self.progress

    @property
    def reply(self) -> UUID:
        return self.started.reply

    @property
    def model(self) -> str:
        """The one that is asked, for figures."""
        return self.prepared.model.name if self.prepared else measures.NO_MODEL

    @property
    def sources(self) -> list[CitedSource]:
        return receipts.sources_of(self.passages, self.started.request.cited)

    @property
    def passages(self) -> Sequence[Numbered]:
        return self.prepared.passages if self.prepared else ()

    @property
    def progress(self) -> Progress:
        waits = self.is_slow and self.words_since is None and not self.thinking.is_running
        name = self.prepared.model.display_name if self.prepared and waits else ""
        return self.thinking.progress(name, is_working=bool(name) and self.is_working)

    @property
    def snapshot(self) -> Snapshot:
        model = self.prepared.model.name if self.prepared else ""
        return Snapshot(
            number=self.number, text=self.text, sources=self.sources, model=model, progress=self.told_progress
        )

    @property
    def begun(self) -> ReplyBegun:
        return ReplyBegun(
            type="reply.begun",
            reply=str(self.reply),
            question=str(self.started.question),
            text=self.asked.text,
            replaces=self.asked.replaces,
            written=self.text,
            progress=self.told_progress,
        )
