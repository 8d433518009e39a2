"""Brings a page up to date that was disconnected for a while, and keeps what it has loaded."""

from dataclasses import replace
from uuid import UUID

from chat.conversations.branches import ThreadPart
from chat.events import Snapshot
from chat.models import Message
from chat.pages import drawing, fragments


async def frame(part: ThreadPart, shown: str, last_shown: UUID | None, snapshot: Snapshot | None) -> str:
    """Return the frame for a page that says it shows `shown`; `part` is the end of the thread as it is now.

    `last_shown` is the last message of the part that the page shows too. If it is None, the page is more than one part
    behind and gets the whole part in place of its thread.
    """
    known = [message.id for message in part.messages]
    if last_shown is None:
        bubbles = await drawing.bubbles_of(part, snapshot)
        return await drawing.off_loop(fragments.thread_frame, bubbles, fragments.earlier_url(part))
    at = known.index(last_shown)
    changed = last_shown == fragments.message_of(shown) and _is_stale(part.messages[at], shown)
    news = part.messages[at if changed else at + 1 :]
    bubbles = await drawing.bubbles_of(replace(part, messages=news), snapshot)
    return await drawing.off_loop(_frame, bubbles, last_shown, changed=changed)


def _is_stale(message: Message, shown: str) -> bool:
    return message.status == Message.Status.STREAMING or fragments.state_of(message) != shown


def _frame(bubbles: list[fragments.Bubble], last_shown: UUID, *, changed: bool) -> str:
    first = fragments.replaced_frame(bubbles[0], last_shown) if changed else ""
    rest = bubbles[1:] if changed else bubbles
    return first + fragments.following_frame(rest, last_shown)
