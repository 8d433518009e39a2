"""Reads a branch of a conversation, whole or in parts, by walking up from a message to its parents. Synchronous.

Texts are read only for the requested messages, however many the conversation has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import passage_changes
from chat.models import Conversation, Message
from langai_site.errors import NotFoundError

# A part has at most this many messages, or fewer if their texts together are longer than this many characters; but
# always at least a question and its answer.
PART_MESSAGES, PART_CHARS, LEAST = 30, 100_000, 2
# Messages of a whole branch in memory at a time.
CHUNK = 100
UNBOUNDED = 2**31 - 1
GONE = gettext_noop("This message does not exist, or it is not yours.")

# Formatted only with the two SELECTs below.
_WAY_UP = """
    WITH RECURSIVE way(id, parent_id, back) AS (
        SELECT id, parent_id, 1 FROM chat_message WHERE id = %s AND conversation_id = %s
        UNION ALL
        SELECT above.id, above.parent_id, back + 1
        FROM chat_message above JOIN way ON above.id = way.parent_id WHERE back < %s
    )
    {} ORDER BY back
"""
_IDS = _WAY_UP.format("SELECT id FROM way")
_LENGTHS = _WAY_UP.format(
    "SELECT way.id, LENGTH(CAST(message.parts AS TEXT)) FROM way JOIN chat_message message ON message.id = way.id"
)


@dataclass(frozen=True)
class ThreadPart:
    """Consecutive messages of a branch, oldest first, each with `.siblings`.

    `has_earlier`: the branch has messages before them. `is_latest`: no messages follow them.
    """

    messages: Sequence[Message]
    has_earlier: bool = False
    is_latest: bool = True


def latest(conversation: Conversation, most: int = PART_MESSAGES) -> ThreadPart:
    """Return the end of the branch that is shown; without messages if the conversation is empty."""
    ids, has_earlier = _ids_of_part(conversation, conversation.current_leaf_id, most)
    return ThreadPart(_shown(conversation, ids), has_earlier)


def is_in_latest(conversation: Conversation, message_id: UUID) -> bool:
    """Return whether a message is in the part that `latest` returns."""
    return message_id in _ids_of_part(conversation, conversation.current_leaf_id)[0]


def before(conversation: Conversation, message_id: UUID) -> ThreadPart:
    """Return the part before a message, on whichever branch that is. Raises NotFoundError."""
    known = conversation.messages.filter(id=message_id, deleted_at=None).values_list("parent_id", flat=True)
    if not known:
        raise NotFoundError(_(GONE))
    ids, has_earlier = _ids_of_part(conversation, known[0])
    return ThreadPart(_shown(conversation, ids), has_earlier, is_latest=False)


def _ids_of_part(
    conversation: Conversation, last: UUID | None, most: int = PART_MESSAGES
) -> tuple[Sequence[UUID], bool]:
    """Return the ids of the part that ends with `last`, oldest first, and whether the branch has earlier messages."""
    rows = _walk_up(_LENGTHS, conversation, last, most + 1)
    shown = _fitting([cast(int, length) for _, length in rows[:most]])
    return [_uuid(key) for key, _ in rows[:shown]][::-1], len(rows) > shown


def _walk_up(query: str, conversation: Conversation, last: UUID | None, most: int) -> list[tuple[object, ...]]:
    """Return the rows of the walk up, the last message first."""
    if last is None:
        return []
    key = Message._meta.pk
    ids = [key.get_db_prep_value(value, connection) for value in (last, conversation.id)]
    with connection.cursor() as cursor:
        cursor.execute(query, [*ids, most])
        rows: list[tuple[object, ...]] = cursor.fetchall()
    return rows


def _uuid(value: object) -> UUID:
    """Convert an id from the database: SQLite has no type for ids."""
    return value if isinstance(value, UUID) else UUID(str(value))


def _fitting(lengths: Sequence[int]) -> int:
    """Return how many of the messages, starting with the last, make a part."""
    chars = 0
    for number, length in enumerate(lengths):
        chars += length
        if chars > PART_CHARS and number >= LEAST:
            return number
    return len(lengths)


def _shown(conversation: Conversation, ids: Sequence[UUID]) -> Sequence[Message]:
    return passage_changes.attach(conversation.owner_id, _with_siblings(read_drawable(ids)))


def read_drawable(ids: Sequence[UUID]) -> list[Message]:
    """Return those messages in that order, with everything that is drawn of them."""
    found = {message.id: message for message in _drawable().filter(id__in=ids)}
    return [found[key] for key in ids if key in found]


def _drawable() -> QuerySet[Message]:
    rows = Message.objects.select_related("cached_html", "feedback")
    return rows.prefetch_related(passage_changes.WITH_CHANGES, "attachments")


def _with_siblings(messages: Sequence[Message]) -> Sequence[Message]:
    versions: dict[UUID | None, list[UUID]] = {}
    for key, parent in _versions(messages):
        versions.setdefault(parent, []).append(key)
    for message in messages:
        message.siblings = versions.get(message.parent_id, [message.id])
    return messages


def _versions(messages: Sequence[Message]) -> Iterator[tuple[UUID, UUID | None]]:
    """Yield the ids of the messages and their siblings, oldest first, with their parents."""
    rows = Message.objects.kept().values_list("id", "parent_id")
    yield from rows.filter(parent_id__in=[message.parent_id for message in messages if message.parent_id])
    for message in messages[:1]:
        if message.parent_id is None:
            yield from rows.filter(conversation_id=message.conversation_id, parent_id=None)


def ids(conversation: Conversation) -> list[UUID]:
    """Return the ids of the whole branch that is shown, the first message first."""
    return ids_up_to(conversation, conversation.current_leaf_id)


def ids_up_to(conversation: Conversation, last: UUID | None) -> list[UUID]:
    """Return the ids of the branch that ends with `last`, the first message first."""
    return [_uuid(key) for (key,) in _walk_up(_IDS, conversation, last, UNBOUNDED)][::-1]


def chunks(ids: Sequence[UUID], size: int = CHUNK) -> Iterable[Sequence[UUID]]:
    """Split `ids` into pieces that `read` takes at once."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def read(ids: Sequence[UUID]) -> list[Message]:
    """Return those messages in that order, with their citations and files."""
    found = Message.objects.prefetch_related("citations", "attachments").in_bulk(list(ids))
    return [found[key] for key in ids if key in found]


def read_whole(ids: Sequence[UUID]) -> list[Message]:
    """Return those messages in that order, with all that belongs to each except its drawn HTML."""
    rows = Message.objects.select_related("feedback").prefetch_related("citations", "attachments", "given")
    found = rows.in_bulk(list(ids))
    return [found[key] for key in ids if key in found]


def tree_ids(conversation: Conversation) -> list[UUID]:
    """Return the ids of all branches, without deleted ones; each message comes after the one that it follows."""
    children: dict[UUID | None, list[UUID]] = {}
    rows = Message.objects.kept().filter(conversation=conversation).order_by("created_at", "id")
    for key, parent in rows.values_list("id", "parent_id"):
        children.setdefault(parent, []).append(key)
    level, found = children.get(None, []), list[UUID]()
    while level:
        found += level
        level = [key for parent in level for key in children.get(parent, ())]
    return found


def common(conversation: Conversation, one: UUID, messages: Sequence[Message]) -> UUID | None:
    """Return the last of `messages` that is `one` or among the few before it."""
    way = {_uuid(key) for (key,) in _walk_up(_IDS, conversation, one, PART_MESSAGES)}
    return next((message.id for message in reversed(messages) if message.id in way), None)


def leave(conversation: Conversation) -> None:
    """Remember when the branch that is shown was left, so that it is found again. Call it before showing another."""
    if leaf := conversation.current_leaf_id:
        Message.objects.filter(id=leaf).update(shown_at=timezone.now())


def last_shown_leaf(message: Message) -> UUID:
    """Return the end of the branch below a message that was shown last: of those never left, the newest."""
    return last_shown_below(message.conversation_id, message.id) or message.id


def last_shown_below(conversation_id: UUID, message_id: UUID | None) -> UUID | None:
    """Return what `last_shown_leaf` does; without a message, of the whole conversation. None if nothing is left."""
    rows = Message.objects.kept().filter(conversation_id=conversation_id)
    children: dict[UUID | None, list[UUID]] = {}
    shown: dict[UUID, datetime] = {}
    for key, parent, created_at, shown_at in rows.values_list("id", "parent_id", "created_at", "shown_at"):
        children.setdefault(parent, []).append(key)
        shown[key] = max(created_at, shown_at or created_at)
    leaves = [key for key in _walk_down(children, message_id) if key in shown and key not in children]
    return max(leaves, key=lambda leaf: shown[leaf], default=None)


def _walk_down(children: Mapping[UUID | None, Sequence[UUID]], start: UUID | None) -> Iterator[UUID]:
    """Yield a message and all that follow it; without a message, all that follow from the first ones."""
    below = list(children.get(None, ())) if start is None else [start]
    while below:
        key = below.pop()
        below.extend(children.get(key, ()))
        yield key


def ids_below(message: Message) -> list[UUID]:
    """Return the ids of a message and of all that follow it, on whichever branch, deleted ones included."""
    children: dict[UUID | None, list[UUID]] = {}
    rows = Message.objects.filter(conversation_id=message.conversation_id)
    for key, parent in rows.order_by().values_list("id", "parent_id"):
        children.setdefault(parent, []).append(key)
    return list(_walk_down(children, message.id))


def next_of(message_id: UUID) -> UUID | None:
    """Return the latest message that follows directly; None if there is none."""
    following = Message.objects.kept().filter(parent_id=message_id).order_by("-created_at")
    return following.values_list("id", flat=True).first()
