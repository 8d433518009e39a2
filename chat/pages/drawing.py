"""Draws conversations on a few dedicated threads, so that drawing never blocks the event loop.

An answer that has ended is drawn once: its HTML is stored in the database, found by a digest of everything it was
made from. Each answer is a separate job, so that long and short pages take turns.
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

from django.conf import settings
from django.db import Error, transaction
from django.db.models import OuterRef
from django.utils import translation
from django.utils.safestring import SafeString

from chat.conversations.branches import ThreadPart
from chat.events import Snapshot
from chat.grounding import stored
from chat.markdown import rendering
from chat.models import Message, ReplyHtml, SharedHtml
from chat.pages import check_text, fragments
from chat.turns.receipt import Receipt
from langai_site.database.writer import healed, in_database_thread
from langai_site.request_id import carried

P = ParamSpec("P")
T = TypeVar("T")

# The HTML of replies by reply and digest; one that was drawn; and what is to be drawn, each with its digest.
Drawings = dict[tuple[UUID, str], str]
Drawn = tuple[UUID, str, str]
Wanted = Sequence[tuple[str, "RenderInput"]]

logger = logging.getLogger(__name__)

# More threads would not draw more, as they share one interpreter; with one, a page would wait for a long answer.
THREADS = 2
# Of an answer for the readers of links; older drawings are removed.
DRAWINGS_MAX = 8
LIBRARIES = ("markdown-it-py", "math-core", "mdit-py-plugins", "nh3", "pygments")

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="drawing")
# For this many seconds, everybody who opens the reply before its HTML is stored shares one drawing.
SHARED_SECONDS = 10
_recent: dict[tuple[UUID, str], Future[str]] = {}
# The parser builds its list of rules on first use, which two threads must not do at once.
rendering.render("x")


@dataclass(frozen=True)
class RenderInput:
    """Everything that the HTML of a reply is made from."""

    reply: UUID
    text: str
    cites: Mapping[int, str]
    unverified: Sequence[str]
    checked: Mapping[str, str]

    @classmethod
    def of(cls, reply: Message) -> "RenderInput":
        cites = fragments.cite_urls(reply.id, sorted(citation.number for citation in reply.citations.all()))
        checked = check_text.marks(stored.checks_of_reply(reply))
        return cls(reply.id, reply.text, cites, Receipt.from_json(reply.receipt).unverified or (), checked)

    @property
    def digest(self) -> str:
        renderer = [rendering.RENDERER_VERSION, *_libraries()]
        parts = [renderer, self.text, list(self.cites.items()), list(self.unverified)]
        # Only where there are any, so that older answers need not be drawn again.
        parts += [list(self.checked.items())] if self.checked else []
        # The same for pages in English: what is drawn names a few things, such as tables, in the page's language.
        parts += [language] if (language := translation.get_language()) != settings.LANGUAGE_CODE else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def render(self) -> str:
        return rendering.render(self.text, self.cites, self.unverified, self.checked)


@cache
def _libraries() -> list[str]:
    """Return the versions of the renderer's libraries: an update may draw differently, or let less through."""
    return [version(name) for name in LIBRARIES]


async def off_loop(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function on a drawing thread; exceptions are passed on. Keep it short, because others wait meanwhile."""
    work = carried(lambda: healed(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def bubbles_of(part: ThreadPart, snapshot: Snapshot | None = None) -> list[fragments.Bubble]:
    """Return the bubbles of a part's messages; `snapshot` is that of its live reply."""
    html = await html_of(part.messages)
    return await off_loop(fragments.bubbles_of, part.messages, html, snapshot, is_latest=part.is_latest)


async def bubble_of(message: Message, snapshot: Snapshot | None = None) -> fragments.Bubble:
    """Return the bubble of a message at the end of its branch."""
    [bubble] = await bubbles_of(ThreadPart([message]), snapshot)
    return bubble


async def ended_frame(reply: Message) -> str:
    """Return the frame that replaces what was shown of a reply by the reply that has ended."""
    html = await html_of([reply])

    def drawn() -> str:
        [bubble] = fragments.bubbles_of([reply], html)
        return fragments.replaced_frame(bubble, reply.id)

    return await off_loop(drawn)


async def corrected_frame(reply: Message) -> str:
    """Return the frame that replaces an ended reply, wherever in its branch it is."""
    is_latest = reply.id == reply.conversation.current_leaf_id
    [bubble] = await bubbles_of(ThreadPart([reply], is_latest=is_latest))
    return await off_loop(fragments.replaced_frame, bubble, reply.id)


async def html_of(messages: Iterable[Message]) -> Mapping[UUID, SafeString]:
    """Return the HTML of the messages that are ended replies, from the cache; what is missing is drawn."""
    wanted, cached = await off_loop(_cached, messages)
    html, drawn = await _complete(wanted, cached)
    await _keep(_store, drawn)
    return html


async def html_for_readers(inputs: Callable[[], Sequence[RenderInput]]) -> Mapping[UUID, SafeString]:
    """Return the HTML of answers as the readers of a link see them, likewise.

    Addresses differ between readers who may read different documents, so there can be several drawings of an answer.
    """
    wanted, cached = await off_loop(_cached_for_readers, inputs)
    html, drawn = await _complete(wanted, cached)
    await _keep(_store_for_readers, drawn)
    return html


def _cached(messages: Iterable[Message]) -> tuple[Wanted, Drawings]:
    """Return what the HTML of ended replies is made from, by its digest, and what is stored of it."""
    ended = [one for one in messages if one.role == Message.Role.ASSISTANT and not one.is_live and one.text]
    wanted = _by_digest(map(RenderInput.of, ended))
    rows = [cached for one in ended if (cached := getattr(one, "cached_html", None))]
    return wanted, {(row.reply_id, row.digest): row.html for row in rows}


def _cached_for_readers(inputs: Callable[[], Sequence[RenderInput]]) -> tuple[Wanted, Drawings]:
    wanted = _by_digest(inputs())
    digests, replies = zip(*((digest, one.reply) for digest, one in wanted), strict=True) if wanted else ((), ())
    found: Drawings = {}
    for model in (ReplyHtml, SharedHtml):
        rows = model.objects.filter(reply__in=replies, digest__in=digests).values_list("reply", "digest", "html")
        found |= {(reply, digest): html for reply, digest, html in rows}
    return wanted, found


def _by_digest(inputs: Iterable[RenderInput]) -> Wanted:
    return [(one.digest, one) for one in inputs]


async def _complete(wanted: Wanted, cached: Drawings) -> tuple[Mapping[UUID, SafeString], Sequence[Drawn]]:
    """Draw what is not cached. Return the HTML by reply, and what this call has drawn, which is to be stored."""
    html: dict[UUID, SafeString] = {}
    drawn: list[Drawn] = []
    for digest, one in wanted:
        text = cached.get((one.reply, digest))
        if text is None:
            job, is_mine = _rendering(digest, one)
            # A request that is cancelled does not cancel the drawing for others.
            text = await asyncio.shield(asyncio.wrap_future(job))
            drawn += [(one.reply, digest, text)] if is_mine else []
        html[one.reply] = fragments.safe(text)
    return html, drawn


def _rendering(digest: str, wanted: RenderInput) -> tuple[Future[str], bool]:
    """Return the drawing of a reply, and whether it is started by this call."""
    key = wanted.reply, digest
    if key in _recent:
        return _recent[key], False
    _recent[key] = _threads.submit(carried(wanted.render))
    asyncio.get_running_loop().call_later(SHARED_SECONDS, _recent.pop, key, None)
    return _recent[key], True


async def _keep(store: Callable[[Sequence[Drawn]], None], drawn: Sequence[Drawn]) -> None:
    """Store drawn HTML. If that fails, for example because the conversation was deleted, it is drawn again later."""
    if not drawn:
        return
    try:
        await in_database_thread(store, drawn)
    except Error as error:
        logger.warning("the HTML of %d answers could not be stored (%s)", len(drawn), type(error).__name__)


def _store(drawn: Sequence[Drawn]) -> None:
    rows = [ReplyHtml(reply_id=reply, digest=digest, html=html) for reply, digest, html in drawn]
    ReplyHtml.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["reply"], update_fields=["digest", "html"]
    )


def _store_for_readers(drawn: Sequence[Drawn]) -> None:
    rows = [SharedHtml(reply_id=reply, digest=digest, html=html) for reply, digest, html in drawn]
    newest = SharedHtml.objects.filter(reply=OuterRef("reply")).order_by("-pk").values("pk")[:DRAWINGS_MAX]
    with transaction.atomic():
        SharedHtml.objects.bulk_create(rows, ignore_conflicts=True)
        of_these = SharedHtml.objects.filter(reply__in=[reply for reply, _digest, _html in drawn])
        of_these.exclude(pk__in=newest).delete()
