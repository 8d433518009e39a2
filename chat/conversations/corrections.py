"""Lets a person correct an answer. What the model had written is kept beside it. Synchronous.

The corrected text takes the place of the answer's text: later questions, search, copies and exports use it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from chat.conversations import access, drafts, label_rises, labels
from chat.events import ReplyCorrected, group_of
from chat.history import rows as history_rows
from chat.models import Conversation, Message
from chat.models.feedback import Feedback
from langai_site import detectors
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity
from langai_site.web import broadcast

# A correction may be as long as the answer that it begins with, and some characters longer.
LEAST_MOST = 20_000


@transaction.atomic
def correct(user_id: int, reply_id: UUID, text: str, *, label: Sensitivity | None = None) -> Message:
    """Replace the text of an answer by the person's own; the answer's first text is kept as its original.

    The text is scanned like a message, and may raise the conversation's label; `label` does, too. With the words of
    the original, the answer is as it was. Raises NotFoundError, InvalidError, and ConflictError while it is written.
    """
    conversation, reply = _locked(user_id, reply_id)
    written = drafts.text(text, most=most_chars(reply))
    original = reply.text if reply.original is None else reply.original
    if written == drafts.text(original, most=len(original)):
        written = original
    found = labels.corrected(label, Sensitivity(conversation.label), detectors.scan(written))
    access.raise_label(conversation, found)
    conversation.save(update_fields=["label", "label_cause"])
    reply.label = max(reply.label, labels.label_of(found))
    return _write(conversation, reply, original, written)


def most_chars(reply: Message) -> int:
    """Return how many characters a correction of this answer may have."""
    return max(LEAST_MOST, 2 * len(reply.text))


@transaction.atomic
def put_back(user_id: int, reply_id: UUID) -> Message:
    """Give an answer the text again that the model had written. It keeps the label that the correction gave it."""
    conversation, reply = _locked(user_id, reply_id)
    original = reply.text if reply.original is None else reply.original
    return _write(conversation, reply, original, original)


def _locked(user_id: int, reply_id: UUID) -> tuple[Conversation, Message]:
    """Return a reply that has ended, with its conversation, locked until the transaction ends."""
    conversation_id = access.access_reply(user_id, reply_id).conversation_id
    conversation = access.access_conversation(user_id, conversation_id, lock=True)
    if label_rises.reach(conversation_id):
        conversation.refresh_from_db(fields=["label", "label_cause"])
    reply = access.access_reply(user_id, reply_id)
    if reply.status == Message.Status.STREAMING:
        raise ConflictError(_("This answer is still being written. Stop it, or wait until it is complete."))
    if not reply.text.strip():
        raise ConflictError(_("There is no text here to edit. Ask again instead."))
    return conversation, reply


def _write(conversation: Conversation, reply: Message, original: str, text: str) -> Message:
    reply.parts = [*_others(reply), *_texts(original, text)]
    # Nobody who wrote it before may write it now, and a page that was disconnected sees that it has changed.
    reply.lease = uuid4()
    reply.save(update_fields=["parts", "label", "lease"])
    # Whoever shared the answer agreed to the text that it had then.
    Feedback.objects.filter(reply=reply.id, shared=True).update(shared=False)
    history_rows.replace([history_rows.of_message(reply, conversation.owner_id)])
    corrected = ReplyCorrected(type="reply.corrected", reply=str(reply.id))
    transaction.on_commit(partial(broadcast.send, group_of(conversation.id), {**corrected}))
    return access.reply_as_shown(conversation.owner_id, reply.id)


def _others(reply: Message) -> Sequence[dict[str, Any]]:
    return [part for part in reply.parts if part["type"] not in ("original", "text")]


def _texts(original: str, text: str) -> Sequence[dict[str, Any]]:
    said = {"type": "text", "text": text}
    return [said] if text == original else [{"type": "original", "text": original}, said]
