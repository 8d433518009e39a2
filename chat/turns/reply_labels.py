"""The label of a reply and that of its conversation: each is raised to the other when the reply ends. Synchronous."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chat.conversations import access, labels
from chat.models import Conversation, Message
from chat.turns.receipt import Receipt
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.sensitivity import Sensitivity

# Read at the end of every reply, which seldom has to be raised.
_REPLY = UUID(int=2**128 - 982451653)
_ENDED = CompiledQuery(
    lambda reply: Message.objects.filter(id=reply).order_by().values_list("label", "receipt", "conversation__label"),
    reply=_REPLY,
)


def raise_conversation(conversation_id: UUID, causes: Sequence[labels.Cause]) -> None:
    """Raise the conversation to the label that its reply has reached."""
    lower = Conversation.objects.filter(id=conversation_id, label__lt=labels.label_of(causes))
    for conversation in lower.select_related("owner").select_for_update(of=("self",)):
        access.raise_label(conversation, causes)
        conversation.save(update_fields=["label", "label_cause"])


def reach(reply_id: UUID) -> None:
    """Raise a reply that has just ended, and its receipt, to the label of its conversation.

    Somebody may have raised the conversation after the reply's turn read its label last. The caller holds the
    conversation, so that it cannot rise again before the reply has ended.
    """
    [(label, receipt, reached)] = _ENDED.rows(reply=reply_id)
    # A turn that was refused, and so raised nothing, may tell of a label above its conversation's.
    is_told_lower = receipt.get("label") in [lower.stored_name for lower in Sensitivity if lower < reached]
    if is_told_lower or label < reached:
        _raise(reply_id, is_told_lower=is_told_lower)


def _raise(reply_id: UUID, *, is_told_lower: bool) -> None:
    reply = Message.objects.select_related("conversation").get(id=reply_id)
    cause, receipt = access.so_far(reply.conversation), Receipt.from_json(reply.receipt)
    if is_told_lower:
        receipt = replace(receipt, label=cause.label.stored_name, label_causes=(cause,))
    Message.objects.filter(id=reply_id).update(label=max(reply.label, cause.label), receipt=receipt.to_json())
