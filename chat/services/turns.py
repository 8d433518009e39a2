"""A turn's rows: opened in one transaction, checkpointed while it lives, closed in one. Synchronous."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from chat.events import Source
from chat.models import Citation, Conversation, Message, text_of
from chat.services import choices, citations, conversations, sources
from chat.services.replies import TurnRequest
from chat.services.routing import AUTO
from langai_site.accounts.models import User
from langai_site.errors import Conflict, Invalid
from langai_site.outbound import catalogue
from langai_site.outbound.types import ChatMessage
from langai_site.prepared import Prepared
from langai_site.sensitivity import Sensitivity
from langai_site.usage import services as usage
from langai_site.usage.types import Entry

logger = logging.getLogger(__name__)

# A reply whose lease ran out has lost its process. Checkpoints renew it, each time with much to spare.
LEASE = timedelta(seconds=20)
SWEPT = "lost"
INTERRUPTED = "The answer was interrupted. What had been written is kept."


@dataclass(frozen=True)
class Started:
    """A reply that waits to be run: `request` is all that its turn needs, `before` the receipt of what it continues."""

    conversation: UUID
    reply: UUID
    question: UUID
    request: TurnRequest
    lease: UUID
    before: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a reply ended."""

    text: str
    status: Message.Status
    label: Sensitivity
    model: str = ""
    error: str = ""
    error_code: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)
    sources: Sequence[Source] = ()


_STREAMING = Prepared(
    lambda conversation: (
        Message.objects.filter(conversation=conversation, status=Message.Status.STREAMING)
        .order_by()
        .values_list("lease_until")
    ),
    conversation=UUID(int=0xE8A3C7),
)

# Only the way back is read, however many messages and versions the conversation has.
_EARLIER = """
    WITH RECURSIVE earlier(parent, role, parts, back) AS (
        SELECT parent_id, role, parts, 1 FROM chat_message WHERE id = %s
        UNION ALL
        SELECT before.parent_id, before.role, before.parts, back + 1
        FROM chat_message before JOIN earlier ON before.id = earlier.parent WHERE back < %s
    )
    SELECT role, parts FROM earlier ORDER BY back DESC
"""
# More messages than a prompt has room for.
EARLIER = 200


def checked(text: str) -> str:
    """The message to be sent. Raises Invalid where there is none, or too much."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise Invalid("Write a message first.")
    if len(text) > settings.MESSAGE_MAX_CHARS:
        raise Invalid(
            f"The message has {len(text):,} characters; {settings.MESSAGE_MAX_CHARS:,} are allowed. "
            "Shorten it, or ask an admin to upload it as a document."
        )
    return text


def checked_model(name: str) -> str:
    """A name that a model can have; whether there is one by it is seen when the turn is routed."""
    if len(name) > 200 or not name.isprintable():
        raise Invalid("There is no model by that name. Choose one from the list.")
    return name


def text_part(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}] if text else []


@transaction.atomic
def post(
    user: User, conversation_id: UUID | None, text: str, model: str = AUTO, collections: Sequence[str] = ()
) -> Started:
    """Append a person's message and an empty reply; without `conversation_id`, to a new conversation.

    `collections` are the form's values; without any, the message asks what the one before it asked.
    """
    text, model = checked(text), checked_model(model)
    if conversation_id is None:
        conversation = Conversation(owner=user, title=conversations.title_of(text), model=model)
        conversation.save(force_insert=True)
    else:
        conversation = conversations.access_conversation(user.id, conversation_id, lock=True)
        conversation.model = model
    if collections:
        conversation.collections = choices.chosen(user.id, collections)
    conversation.owner = user
    _refuse_while_live(conversation)
    question = Message(
        conversation=conversation,
        parent_id=conversation.current_leaf_id,
        role=Message.Role.USER,
        parts=text_part(text),
        label=conversation.label,
        collections=conversation.collections,
    )
    question.save(force_insert=True)
    return _open(conversation, question, model)


@transaction.atomic
def retry(user: User, reply_id: UUID, model: str = "") -> Started:
    """Answer the same question again, beside the reply: nothing is overwritten."""
    reply = conversations.access_reply(user.id, reply_id)
    conversation, question = conversations.access_conversation(user.id, reply.conversation_id, lock=True), reply.parent
    conversation.owner = user
    if question is None:
        raise Conflict("This answer has no question to be asked again.")
    _refuse_while_live(conversation)
    return _open(conversation, question, checked_model(model or conversation.model))


@transaction.atomic
def resume(user: User, reply_id: UUID, model: str = "") -> Started:
    """Go on with a reply that did not come to its end, after the text it has."""
    reply = conversations.access_reply(user.id, reply_id)
    conversation = conversations.access_conversation(user.id, reply.conversation_id, lock=True)
    conversation.owner = user
    _refuse_while_live(conversation)
    if reply.status in (Message.Status.STREAMING, Message.Status.COMPLETE) or reply.parent is None:
        raise Conflict("This answer is complete; ask again instead.")
    if reply.children.exists():
        raise Conflict("You have asked on from this answer already. Ask again instead: nothing is lost then.")
    conversation.model = checked_model(model or conversation.model)
    reply.status, reply.error, reply.error_code = Message.Status.STREAMING, "", ""
    reply.lease, reply.lease_until = uuid4(), timezone.now() + LEASE
    reply.save(update_fields=["status", "error", "error_code", "lease", "lease_until"])
    _point_at(conversation, reply)
    return _started(conversation, reply.parent, reply, conversation.model)


def _refuse_while_live(conversation: Conversation) -> None:
    now = timezone.now()
    if any(lease_until and lease_until > now for (lease_until,) in _STREAMING.rows(conversation=conversation.id)):
        raise Conflict("An answer is still being written here. Stop it, or wait until it is complete.")


def _open(conversation: Conversation, question: Message, model: str) -> Started:
    reply = Message(
        conversation=conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        status=Message.Status.STREAMING,
        label=conversation.label,
        model=model,
        lease=uuid4(),
        lease_until=timezone.now() + LEASE,
    )
    reply.save(force_insert=True)
    _point_at(conversation, reply)
    return _started(conversation, question, reply, model)


def _point_at(conversation: Conversation, reply: Message) -> None:
    conversation.current_leaf = reply
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["current_leaf", "updated_at", "model", "collections"])


def _started(conversation: Conversation, question: Message, reply: Message, model: str) -> Started:
    caller = conversations.caller_of(conversation, reply.id)
    usage.reserve(reply=reply.id, user_id=conversation.owner_id, team=caller.team)
    reader, asked = choices.scope(conversation.owner, question.collections)
    request = TurnRequest(
        question=question.text,
        history=_history(conversation, question),
        label=Sensitivity(conversation.label),
        model=model,
        catalogue=tuple(catalogue.models()),
        reader=reader,
        caller=caller,
        written=reply.text,
        cited=sources.cited(reply, conversation.owner) if reply.text else (),
        asked=asked,
    )
    return Started(conversation.id, reply.id, question.id, request, cast(UUID, reply.lease), reply.receipt)


def _history(conversation: Conversation, question: Message) -> tuple[ChatMessage, ...]:
    """The turns before `question`; a new conversation has none, and asks the database nothing."""
    if question.parent_id is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [Message._meta.pk.get_db_prep_value(question.parent_id, connection), EARLIER])
        said = [ChatMessage(role, text_of(json.loads(parts))) for role, parts in cursor.fetchall()]
    return tuple(message for message in said if message.text)


@transaction.atomic
def checkpoint(started: Started, text: str, label: Sensitivity) -> bool:
    """Keep the text so far and renew the lease; False where the reply is no longer this run's to write."""
    mine = Message.objects.filter(id=started.reply, lease=started.lease, status=Message.Status.STREAMING)
    renewed = mine.update(parts=text_part(text), label=label, lease_until=timezone.now() + LEASE)
    if renewed:
        _raise_conversation(started.reply, label)
    return bool(renewed)


def _raise_conversation(reply_id: UUID, label: Sensitivity) -> None:
    Conversation.objects.filter(messages__id=reply_id, label__lt=label).update(label=label)


@transaction.atomic
def close(started: Started, outcome: Outcome, entries: Sequence[Entry]) -> bool:
    """Write how the reply ended, with its citations and ledger entries. False where it is no longer this run's.

    One that was swept because its process slept too long is still this run's, until somebody continues it.
    """
    open_or_swept = Q(status=Message.Status.STREAMING) | Q(error_code=SWEPT)
    closed = Message.objects.filter(open_or_swept, id=started.reply, lease=started.lease).update(
        parts=text_part(outcome.text),
        status=outcome.status,
        label=outcome.label,
        model=outcome.model,
        error=outcome.error,
        error_code=outcome.error_code,
        receipt=outcome.receipt,
        lease_until=None,
    )
    if closed:
        _raise_conversation(started.reply, outcome.label)
        Citation.objects.bulk_create(
            [Citation(reply_id=started.reply, **source) for source in outcome.sources], ignore_conflicts=True
        )
    usage.close(started.reply, entries)
    return bool(closed)


def sweep() -> list[tuple[UUID, UUID]]:
    """End the replies whose process died, as (conversation, reply): their text stays, marked interrupted."""
    swept = []
    lost = Message.objects.filter(status=Message.Status.STREAMING, lease_until__lt=timezone.now())
    for reply_id, conversation_id in lost.values_list("id", "conversation_id"):
        if _end_lost(reply_id):
            logger.warning("reply %s lost its process; its text is kept", reply_id)
            swept.append((conversation_id, reply_id))
    return swept


@transaction.atomic
def _end_lost(reply_id: UUID) -> bool:
    lost = Message.objects.filter(id=reply_id, status=Message.Status.STREAMING, lease_until__lt=timezone.now())
    reply = lost.first()
    if reply is None:
        return False
    # What it was given to cite is lost as well, but for what an earlier part of it cites.
    text = citations.without_unknown(reply.text, reply.citations.values_list("number", flat=True))
    ended = lost.update(
        parts=text_part(text), status=Message.Status.INTERRUPTED, error=INTERRUPTED, error_code=SWEPT, lease_until=None
    )
    if ended:
        usage.close(reply_id, [])
    return bool(ended)
