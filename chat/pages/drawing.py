"""Draws conversations on a few threads of their own, so that nobody waits in the event loop for somebody's page.

An answer that has ended is drawn once: its HTML is kept in the database beside it, found by a digest of all that it
was made from. Each answer is a piece of work of its own, so that a long page and a short one take turns.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import Error
from django.utils.safestring import SafeString

from chat.conversations.branches import ThreadPart
from chat.events import Snapshot
from chat.markdown import rendering
from chat.models import Message, ReplyHtml
from chat.pages import fragments
from chat.turns.receipt import Receipt
from langai_site.database.writer import healed, in_database_thread
from langai_site.request_id import carried

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

# More would not draw more, for they share one interpreter; with one, a page would wait for somebody's long answer.
THREADS = 2
LIBRARIES = ("latex2mathml", "markdown-it-py", "mdit-py-plugins", "nh3", "pygments")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="drawing")
# For so many seconds a drawing is shared by all who read the reply before its HTML was kept.
SHARED_SECONDS = 10
_recent: dict[tuple[UUID, str], Future[str]] = {}
# The parser lists its rules when it is first used, which two threads must not do at once.
rendering.render("x")


@dataclass(frozen=True)
class RenderInput:
    """All that the HTML of a reply is made from."""

    reply: UUID
    text: str
    cites: Mapping[int, str]
    unverified: Sequence[str]

    @classmethod
    def of(cls, reply: Message) -> "RenderInput":
        cites = fragments.cite_urls(reply.id, sorted(citation.number for citation in reply.citations.all()))
        return cls(reply.id, reply.text, cites, Receipt.from_json(reply.receipt).unverified or ())

    @property
    def digest(self) -> str:
        renderer = [rendering.RENDERER_VERSION, *_libraries()]
        parts = [renderer, self.text, list(self.cites.items()), list(self.unverified)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def render(self) -> str:
        return rendering.render(self.text, self.cites, self.unverified)


@cache
def _libraries() -> list[str]:
    """The versions of what the renderer is made of: an update may draw otherwise, or let less through."""
    return [version(name) for name in LIBRARIES]


async def off_loop(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read or draw on one of the threads; exceptions come back. Short pieces of work, for others wait meanwhile."""
    work = carried(lambda: healed(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def bubbles_of(part: ThreadPart, snapshot: Snapshot | None = None) -> list[fragments.Bubble]:
    """The messages of a part as they are shown; `snapshot` is that of its live reply."""
    html = await html_of(part.messages)
    return await off_loop(fragments.bubbles_of, part.messages, html, snapshot, is_latest=part.is_latest)


async def bubble_of(message: Message, snapshot: Snapshot | None = None) -> fragments.Bubble:
    """A message at the end of its branch as it is shown."""
    [bubble] = await bubbles_of(ThreadPart([message]), snapshot)
    return bubble


async def ended_frame(reply: Message) -> str:
    """The frame that puts a reply that has ended in the place of what was shown of it."""
    html = await html_of([reply])

    def drawn() -> str:
        [bubble] = fragments.bubbles_of([reply], html)
        return fragments.replaced_frame(bubble, reply.id)

    return await off_loop(drawn)


async def html_of(messages: Iterable[Message]) -> Mapping[UUID, SafeString]:
    """The HTML of those of the messages that are replies and have ended, as cached; what is missing is drawn."""
    html, missing = await off_loop(_cached, messages)
    drawn: list[ReplyHtml] = []
    for digest, wanted in missing:
        job, is_mine = _rendering(digest, wanted)
        # Somebody who goes away takes it from nobody else.
        html[wanted.reply] = await asyncio.shield(asyncio.wrap_future(job))
        if is_mine:
            drawn.append(ReplyHtml(reply_id=wanted.reply, digest=digest, html=html[wanted.reply]))
    await _keep(drawn)
    return {reply: fragments.safe(text) for reply, text in html.items()}


def _cached(messages: Iterable[Message]) -> tuple[dict[UUID, str], list[tuple[str, RenderInput]]]:
    """The HTML that there is, by reply, and what is to be drawn, each with its digest."""
    html: dict[UUID, str] = {}
    missing: list[tuple[str, RenderInput]] = []
    for message in messages:
        if message.role != Message.Role.ASSISTANT or message.status == Message.Status.STREAMING or not message.text:
            continue
        wanted = RenderInput.of(message)
        digest, cached = wanted.digest, getattr(message, "cached_html", None)
        if cached and cached.digest == digest:
            html[message.id] = cached.html
        else:
            missing.append((digest, wanted))
    return html, missing


def _rendering(digest: str, wanted: RenderInput) -> tuple[Future[str], bool]:
    """The drawing of a reply, and whether it begins only now."""
    key = wanted.reply, digest
    if key in _recent:
        return _recent[key], False
    _recent[key] = _threads.submit(wanted.render)
    asyncio.get_running_loop().call_later(SHARED_SECONDS, _recent.pop, key, None)
    return _recent[key], True


async def _keep(drawn: Sequence[ReplyHtml]) -> None:
    """Keep what was drawn. Where that fails, as for a conversation that was deleted meanwhile, it is drawn again."""
    if not drawn:
        return
    try:
        await in_database_thread(_store, drawn)
    except Error as error:
        logger.warning("the HTML of %d answers could not be kept (%s)", len(drawn), type(error).__name__)


def _store(drawn: Sequence[ReplyHtml]) -> None:
    ReplyHtml.objects.bulk_create(
        drawn, update_conflicts=True, unique_fields=["reply"], update_fields=["digest", "html"]
    )
