"""Writes the rows of a turn that runs: checkpoints, then one transaction that closes them. Synchronous."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from chat.conversations import label_rises, labels
from chat.events import CitedSource
from chat.gaps import noting
from chat.history import rows as history_rows
from chat.history.rows import IndexedText
from chat.models import Citation, Conversation, Message
from chat.turns import citations, prompts, reply_labels, sealing
from chat.turns.receipt import EMPTY, Receipt
from chat.turns.storage import LEASE, Started, text_part
from chat.values import ThinkingText
from langai_site.errors import LangAIError
from langai_site.sentences import sentence
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Entry

logger = logging.getLogger(__name__)

SWEPT = "lost"
INTERRUPTED = sentence("ended.interrupted", "The answer was interrupted. What had been written is kept.")()


@dataclass(frozen=True)
class TurnOutcome:
    """How a reply ended; `causes` give it its label. `failure` is the error if it failed."""

    text: str
    status: Message.Status
    causes: Sequence[labels.Cause]
    model: str = ""
    error: str = ""
    error_code: str = ""
    receipt: Receipt = EMPTY
    sources: Sequence[CitedSource] = ()
    failure: LangAIError | None = None
    thinking: ThinkingText | None = None


def reply_parts(text: str, thinking: ThinkingText | None) -> list[dict[str, Any]]:
    thought = [{"type": "thinking", "text": thinking.text, "seconds": thinking.seconds}] if thinking else []
    return [*thought, *text_part(text)]


@transaction.atomic
def checkpoint(
    started: Started, text: str, causes: Sequence[labels.Cause], thinking: ThinkingText | None = None
) -> bool:
    """Store the text so far and renew the lease; False if this run may no longer write the reply.

    That is so if another run has taken the reply over, if its person deleted it, or if their account was deactivated
    or deleted.
    """
    # A rise may have raised the reply beyond its turn's causes.
    label = Greatest("label", Value(labels.label_of(causes).value))
    _lock(started.conversation)
    mine = Message.objects.live().kept().filter(id=started.reply, lease=started.lease)
    mine = mine.filter(conversation__owner__is_active=True)
    parts = reply_parts(text, thinking)
    renewed = mine.update(parts=parts, label=label, lease_until=timezone.now() + LEASE)
    if renewed:
        reply_labels.raise_conversation(started.conversation, causes)
    return bool(renewed)


def _lock(conversation_id: UUID) -> None:
    """Lock the conversation until the transaction ends, if the database has row locks.

    Do this before you write one of its replies. Rises lock conversations before replies; the other order could
    deadlock with them.
    """
    if connection.features.has_select_for_update:
        Conversation.objects.select_for_update().filter(id=conversation_id).order_by().values_list("pk").first()


@transaction.atomic
def close(started: Started, outcome: TurnOutcome, entries: Sequence[Entry]) -> bool:
    """Write how the reply ended, with its citations and ledger entries. False if it no longer belongs to this run.

    A reply that was swept because its process slept too long still belongs to this run until somebody continues it.
    """
    _lock(started.conversation)
    if started.is_blind:
        outcome = sealing.sealed(started.reply, outcome)
    open_or_swept = Q(status=Message.Status.STREAMING) | Q(error_code=SWEPT)
    closed = Message.objects.filter(open_or_swept, id=started.reply, lease=started.lease).update(
        parts=reply_parts(outcome.text, outcome.thinking),
        status=outcome.status,
        label=labels.label_of(outcome.causes),
        model=outcome.model,
        error=outcome.error,
        error_code=outcome.error_code,
        receipt=outcome.receipt.to_json(),
        lease_until=None,
    )
    if closed:
        reply_labels.raise_conversation(started.conversation, outcome.causes)
        Citation.objects.bulk_create(
            [Citation(reply_id=started.reply, **source) for source in outcome.sources], ignore_conflicts=True
        )
        label_rises.catch_up(started.reply)
        reply_labels.reach(started.reply)
        if outcome.status == Message.Status.COMPLETE:
            _note_gap(started, outcome)
        owner = cast(int, started.request.caller.user_id)
        history_rows.replace(
            [IndexedText(owner, started.conversation, started.reply, outcome.text, started.request.is_temporary)]
        )
    usage.close(started.reply, entries)
    return bool(closed)


def _note_gap(started: Started, outcome: TurnOutcome) -> None:
    """Note that the documents did not answer a question. Nothing is noted of temporary chats, nor of one with files."""
    request = started.request
    if request.is_temporary or request.attached or not request.documents or outcome.receipt.verified:
        return
    if outcome.receipt.passages:
        noting.note_checked(
            started.reply, outcome.receipt.checks or (), (UUID(one["source"]) for one in outcome.sources)
        )
    else:
        history = prompts.questions(request.history)
        noting.note_nothing(started.reply, request.question, history, request.reader.collections)


def sweep() -> list[tuple[UUID, UUID]]:
    """End the replies whose process died, keep their text, and return them as (conversation, reply)."""
    swept = []
    for reply_id, conversation_id in Message.objects.lost().values_list("id", "conversation_id"):
        if _end_lost(conversation_id, reply_id):
            logger.warning("reply %s lost its process; its text is kept", reply_id)
            swept.append((conversation_id, reply_id))
    return swept


@transaction.atomic
def _end_lost(conversation_id: UUID, reply_id: UUID) -> bool:
    _lock(conversation_id)
    lost = Message.objects.lost().filter(id=reply_id)
    reply = lost.first()
    if reply is None:
        return False
    # The passages that it could cite are lost too, except those that an earlier part of it cites. The documents that
    # it was given are recorded: rises and Continue find them.
    text = citations.without_unknown(reply.text, reply.citations.values_list("number", flat=True))
    ended = lost.update(
        parts=reply_parts(text, reply.thinking),
        status=Message.Status.INTERRUPTED,
        error=INTERRUPTED,
        error_code=SWEPT,
        lease_until=None,
    )
    if ended:
        conversation = reply.conversation
        indexed = IndexedText(conversation.owner_id, conversation_id, reply_id, text, conversation.is_temporary)
        history_rows.replace([indexed])
        label_rises.catch_up(reply_id)
        reply_labels.reach(reply_id)
        usage.close(reply_id, [])
    return bool(ended)
