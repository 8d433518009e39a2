"""Continues a conversation in a new one: the branch up to an answer is copied, and both go on by themselves.

A branch can have thousands of messages. They are copied in pieces, each in a transaction of its own, so that others
write in between. Until all are there the new conversation counts as deleted: nobody sees it, and the worker removes it
if the process dies meanwhile.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.conversations import access, attachments, branches, label_rises, passage_changes
from chat.history import rows as history_rows
from chat.models import Citation, Conversation, GivenDocument, Message
from langai_site.accounts.models import User
from langai_site.errors import ConflictError

# Copied from message to message. Leases belong to the runs that wrote the originals.
FIELDS = (
    *("role", "parts", "label", "causes", "options", "model", "collections"),
    *("error", "error_code", "receipt", "created_at"),
)


def fork(user: User, reply_id: UUID) -> Conversation:
    """Return a new conversation of this person with the branch up to a reply, its label and its citations.

    Call it on a thread that nobody waits for. Raises NotFoundError, and ConflictError while the reply is being written.
    """
    new, ids = _begin(user, reply_id)
    copies = {key: uuid4() for key in ids}
    for some in branches.chunks(ids):
        with transaction.atomic():
            _copy(new, branches.read(some), copies)
    return _finish(new, copies[reply_id])


@transaction.atomic
def _begin(user: User, reply_id: UUID) -> tuple[Conversation, list[UUID]]:
    """Write the new conversation, still hidden; return it and the messages that it is to have."""
    old_id = access.access_reply(user.id, reply_id).conversation_id
    old = access.access_conversation(user.id, old_id, lock=True)
    # Again: it may have been deleted before the conversation was locked.
    if access.access_reply(user.id, reply_id).status == Message.Status.STREAMING:
        raise ConflictError(_("This answer is still being written. Stop it, or wait until it is complete."))
    if label_rises.reach(old.id):
        old.refresh_from_db(fields=["label", "label_cause"])
    new = Conversation(
        owner=user,
        title=old.title,
        titled_by=old.titled_by if old.titled_by == Conversation.TitledBy.PERSON else Conversation.TitledBy.MODEL,
        label=old.label,
        label_cause=old.label_cause,
        source=access.PAGE,
        model=old.model,
        collections=old.collections,
        folder_id=old.folder_id,
        assistant_id=old.assistant_id,
        uses_instructions=old.uses_instructions,
        # A copy does not outlive a temporary original.
        keeping=old.keeping,
        expires_at=old.expires_at,
        deleted_at=timezone.now(),
    )
    new.save(force_insert=True)
    return new, branches.ids_up_to(old, reply_id)


@transaction.atomic
def _finish(new: Conversation, leaf: UUID) -> Conversation:
    """Show the new conversation, with the label that its documents have by now."""
    new.deleted_at, new.current_leaf_id = None, leaf
    new.save(update_fields=["deleted_at", "current_leaf"])
    history_rows.add(history_rows.of_title(new))
    label_rises.catch_up_copy(new.id)
    new.refresh_from_db(fields=["label", "label_cause"])
    return new


def _copy(new: Conversation, messages: Sequence[Message], copies: dict[UUID, UUID]) -> None:
    Message.objects.bulk_create(
        Message(
            id=copies[message.id],
            conversation=new,
            parent_id=copies.get(message.parent_id) if message.parent_id else None,
            status=_ended(message.status),
            **{name: getattr(message, name) for name in FIELDS},
        )
        for message in messages
    )
    attachments.copy({message.id: copies[message.id] for message in messages})
    history_rows.copy({message.id: copies[message.id] for message in messages}, new.id)
    # So that the label of the copies rises with that of the documents that they were made from.
    GivenDocument.objects.bulk_create(
        GivenDocument(reply_id=copies[given.reply_id], document=given.document)
        for given in GivenDocument.objects.filter(reply_id__in=[message.id for message in messages])
    )
    Citation.objects.bulk_create(
        Citation(reply_id=copies[message.id], **model_to_dict(citation, exclude=["id", "reply"]))
        for message in messages
        for citation in message.citations.all()
    )
    passage_changes.copy({message.id: copies[message.id] for message in messages})


def _ended(status: str) -> str:
    """Return the status of a copy: nobody writes it any more."""
    return Message.Status.INTERRUPTED if status == Message.Status.STREAMING else status
