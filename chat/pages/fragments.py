"""How a conversation looks: turns rows and events into what templates and the socket's frames need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.conversations.branches import ThreadPart
from chat.conversations.passage_changes import ShownChange
from chat.events import IDLE, Progress, Snapshot
from chat.grounding import stored
from chat.markdown import streaming
from chat.models import Citation, Conversation, Message
from chat.models.feedback import Feedback
from chat.pages import receipt_text, retries, thoughts
from chat.pages.change_words import ChangeLine, age, line_of
from chat.pages.file_chips import FileChip, chip_of
from chat.pages.retries import Retry
from chat.pages.thoughts import ThinkingLine
from chat.pages.verified_badge import VerifiedBadge, badge_of
from chat.turns.receipt import Receipt
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import drawn
from search.language_names import in_language
from search.places import page_text, place_text
from search.types import Excerpt

NOTHING = SafeString("")
UNFINISHED = (Message.Status.STOPPED, Message.Status.INTERRUPTED, Message.Status.FAILED)


@dataclass(frozen=True)
class Bubble:
    """A message as it is drawn. A live reply has finished blocks in `html` and the current block in `open_html`."""

    id: UUID
    role: str
    text: str = ""
    html: SafeString = NOTHING
    open_html: SafeString = NOTHING
    live: bool = False
    status: str = ""
    state: str = ""
    error: str = ""
    retries: tuple[Retry, ...] = ()
    again: Retry | None = None
    offers_continue: bool = False
    thinking: ThinkingLine | None = None
    waiting: str = ""
    notice: str = ""
    is_corrected: bool = False
    # The question of a refused turn: it can be edited and sent again.
    refused: UUID | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)
    changes: Sequence[tuple[ShownChange, ChangeLine]] = ()
    files: tuple[FileChip, ...] = ()
    receipt: list[tuple[str, str]] = field(default_factory=list)
    summary: str = ""
    index: int = 1
    count: int = 1
    previous_url: str = ""
    next_url: str = ""
    opinion: str = ""
    differs_url: str = ""
    verified: VerifiedBadge | None = None

    @property
    def short(self) -> str:
        return short_id(self.id)


def short_id(reply: UUID | str) -> str:
    """Return the short name of a live reply's elements, short because every frame contains it."""
    return str(reply)[:8]


def safe(html: str) -> SafeString:
    # Call this only with HTML that chat.markdown.rendering has sanitised.
    return mark_safe(html)  # noqa: S308


def state_of(leaf: Message) -> str:
    """Return what a page shows at the end of its thread, so that its socket can tell later whether it has changed."""
    return f"{leaf.id}.{leaf.lease}.{leaf.status}"


def message_of(state: str) -> UUID | None:
    """Return the message that such a state names; None if it names none."""
    try:
        return UUID(state.partition(".")[0])
    except ValueError:
        return None


def earlier_url(part: ThreadPart) -> str:
    """Return the address of the messages before that part; empty if there are none."""
    if not part.has_earlier:
        return ""
    first = part.messages[0]
    return f"{reverse('chat:conversation', args=[first.conversation_id])}?before={first.id}"


def cite_urls(reply: UUID | str, numbers: Iterable[int]) -> dict[int, str]:
    base = reverse("chat:reply", args=[reply])
    return {number: f"{base}citations/{number}/" for number in numbers}


def _siblings(message: Message) -> dict[str, Any]:
    ids = message.siblings or [message.id]
    at = ids.index(message.id)
    base = reverse("chat:conversation", args=[message.conversation_id])

    def url(index: int) -> str:
        return f"{base}?reply={ids[index]}" if 0 <= index < len(ids) else ""

    return {"index": at + 1, "count": len(ids), "previous_url": url(at - 1), "next_url": url(at + 1)}


def bubble_of(message: Message, html: SafeString = NOTHING, snapshot: Snapshot | None = None) -> Bubble:
    """Return the bubble of a message: an ended reply from its `html`, a live one from its snapshot.

    A snapshot is newer than the reply's row, which is used if there is no snapshot.
    """
    if message.role == Message.Role.USER:
        files = tuple(map(chip_of, message.attachments.all()))
        return Bubble(message.id, message.role, text=message.text, files=files, **_siblings(message))
    if message.status == Message.Status.STREAMING:
        return _drawn_bubble(message.id, snapshot or snapshot_of_row(message))
    return _ended_bubble(message, html)


def bubbles_of(
    messages: Sequence[Message],
    html: Mapping[UUID, SafeString],
    snapshot: Snapshot | None = None,
    *,
    is_latest: bool = True,
) -> list[Bubble]:
    """Return the bubbles of consecutive messages; `html` is that of ended replies. `is_latest`: no messages follow.

    Only the last answer of a branch offers Continue, because messages after another one would be left behind.
    """
    bubbles = [bubble_of(message, html.get(message.id, NOTHING), snapshot) for message in messages]
    end = bubbles[-1:] if is_latest else []
    return [*(replace(bubble, offers_continue=False) for bubble in bubbles[: len(bubbles) - len(end)]), *end]


def snapshot_of_row(reply: Message) -> Snapshot:
    """Return a snapshot from the row of a live reply."""
    progress = thoughts.progress_of(reply.thinking)
    return Snapshot(number=0, text=reply.text, sources=[], model="", progress=progress)


def _drawn_bubble(reply: UUID, snapshot: Snapshot) -> Bubble:
    fed = streaming.Stream(cite_urls(reply, numbers_of(snapshot))).feed(snapshot["text"])
    return live_bubble(reply, safe(fed.finished_html), safe(fed.open_html), snapshot.get("progress", IDLE))


def live_bubble(reply: UUID, html: SafeString, open_html: SafeString, progress: Progress) -> Bubble:
    return Bubble(
        reply,
        Message.Role.ASSISTANT,
        live=True,
        html=html,
        open_html=open_html,
        thinking=thoughts.line_of(reply, progress),
        waiting=thoughts.waiting_words(progress),
    )


def numbers_of(snapshot: Snapshot) -> list[int]:
    return [source["number"] for source in snapshot["sources"]]


def _ended_bubble(message: Message, html: SafeString) -> Bubble:
    citations = list(message.citations.all())
    urls = cite_urls(message.id, [citation.number for citation in citations])
    receipt, text, is_unfinished = Receipt.from_json(message.receipt), message.text, message.status in UNFINISHED
    receipt = replace(receipt, checks=stored.checks_of_reply(message))
    return Bubble(
        message.id,
        message.role,
        text=text,
        html=html,
        status=message.status,
        state=state_of(message),
        error=message.shown_error,
        retries=(
            retries.after_failure(message.error_code, message.model, receipt.offers or ()) if is_unfinished else ()
        ),
        again=None if is_unfinished else retries.AGAIN,
        offers_continue=is_unfinished and bool(text) and message.original is None,
        thinking=thoughts.line_of(message.id, thoughts.progress_of(message.thinking)),
        notice=drawn(receipt.notice),
        is_corrected=message.original is not None,
        refused=message.parent_id if message.error_code in retries.REFUSED and not text else None,
        citations=[_citation(citation, urls) for citation in citations],
        changes=[(shown, line_of(shown, text)) for shown in message.passage_changes],
        differs_url=_differs_url(message),
        receipt=receipt_text.receipt_lines(receipt),
        summary=receipt_text.summary(receipt),
        verified=badge_of(message),
        opinion=opinion_words(getattr(message, "feedback", None)),
        **_siblings(message),
    )


def _differs_url(message: Message) -> str:
    """Return where an answer is compared with the version before it; empty if it is the first."""
    has_earlier = bool(message.text) and message.siblings and message.siblings[0] != message.id
    return reverse("chat:differs", args=[message.id]) if has_earlier else ""


def opinion_words(given: Feedback | None) -> str:
    """Return "good" or "bad" as the person called the answer; empty if they did not."""
    return "" if given is None else "good" if given.good else "bad"


def _citation(citation: Citation, urls: Mapping[int, str]) -> dict[str, Any]:
    place = place_text(citation.location) or (page_text(citation.page) if citation.page > 1 else "")
    language = in_language(citation.language)
    old = age(citation.dated, timezone.localdate())
    dated = date_format(citation.dated, _("d F Y")) if citation.dated else ""
    within = place or (citation.heading if citation.heading != citation.title else "")
    return {
        "number": citation.number,
        "title": citation.title,
        "place": " · ".join(filter(None, (within, language, old))),
        "whole": ", ".join(filter(None, (citation.title, place, citation.heading, language, dated))),
        "url": urls[citation.number],
    }


def place_of(excerpt: Excerpt) -> str:
    """Return where a cited passage is in its document, in words; empty if the document has a single unnamed page."""
    if excerpt.location not in ("", f"page {excerpt.page}"):
        return place_text(excerpt.location)
    if excerpt.pages < 2:
        return ""
    return _("page %(number)s of %(pages)s") % {"number": excerpt.page, "pages": excerpt.pages}


def grouped(
    conversations: Iterable[Conversation], after: datetime | None = None
) -> list[tuple[str, list[Conversation]]]:
    """Group conversations, newest first, under the headings of the sidebar.

    If they continue a list that ends at `after`, the heading that is already there is empty.
    """
    today = timezone.localdate()
    groups: dict[str, list[Conversation]] = {}
    for conversation in conversations:
        groups.setdefault(_heading(timezone.localdate(conversation.updated_at), today), []).append(conversation)
    there = _heading(timezone.localdate(after), today) if after else ""
    return [("" if heading == there else heading, found) for heading, found in groups.items()]


def _heading(day: date, today: date) -> str:
    if day >= today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day > today - timedelta(days=7):
        return _("This week")
    return _("This month") if (day.year, day.month) == (today.year, today.month) else date_format(day, _("F Y"))


# Frames of the socket: htmx out-of-band fragments.


def bubble_html(bubble: Bubble, *, oob: str = "") -> str:
    """Return the message's article; `oob` names the element that it replaces in a frame."""
    return render_to_string("chat/bubble.html#bubble", {"bubble": bubble, "oob": oob})


def thread_frame(bubbles: Iterable[Bubble], earlier_url: str) -> str:
    """Return the end of the thread as a replacement for everything shown, for a page that has missed too much."""
    inner = render_to_string("chat/page.html#turns", {"bubbles": bubbles, "earlier_url": earlier_url})
    return f'<div id="thread" hx-swap-oob="innerHTML">{inner}</div>'


def following_frame(bubbles: Iterable[Bubble], after: UUID | str) -> str:
    """Return these messages as a replacement for all that is shown after message `after`; what is before it stays.

    static/thread.js removes what is there, and reloads the page if it does not show `after`.
    """
    inner = "".join(map(bubble_html, bubbles))
    return f'<div hx-swap-oob="beforeend:#thread" data-after="m-{after}">{inner}</div>'


def asked_frame(question: Bubble, reply: Bubble, after: str) -> str:
    """Return a new question with its reply in place of all that is shown after the message that it follows."""
    bubbles = [question, reply]
    return following_frame(bubbles, after) if after else thread_frame(bubbles, "")


def gone_frame(message: str) -> str:
    """Return the frame that has static/thread.js load a page again which shows a deleted message."""
    return f'<div hx-swap-oob="beforeend:#thread" data-gone="m-{message}"></div>'


def replaced_frame(bubble: Bubble, old: UUID | str) -> str:
    return bubble_html(bubble, oob=f"outerHTML:#m-{old}")


def labels_from(label: Sensitivity) -> list[Sensitivity]:
    """Return the labels that a person can choose for the next message: the current one and those above."""
    return [other for other in Sensitivity if other >= label]


def label_frame(conversation: Conversation) -> str:
    """Return the frame with the conversation's label, above the thread and in the list."""
    chip = render_to_string("chat/page.html#label", {"conversation": conversation, "oob": True})
    return chip + render_to_string("chat/sidebar.html#mark", {"item": conversation, "is_frame": True})


def title_frame(conversation: Conversation) -> str:
    """Return the frame with the conversation's title, above the thread and in the list; nothing loses its focus."""
    return render_to_string("chat/title.html", {"conversation": conversation})


def raised_frame(label: Sensitivity) -> str:
    """Return the frame with the composer's choice of labels after the label rose."""
    return render_to_string("chat/composer.html#raise", {"labels": labels_from(label), "oob": True})
