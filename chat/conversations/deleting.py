"""Deletes branches of a conversation and brings them back. Synchronous.

A branch is a message with all that follows it. It is hidden at once, from pages, exports and search, and removed for
good by `removing.purge_deleted`. The conversation keeps its label: what was sent was sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import access, branches
from chat.events import BranchGone, group_of
from chat.models import Conversation, Message
from langai_site.accounts import holds
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, NotFoundError
from langai_site.web import broadcast

ONLY_ANSWER = gettext_noop(
    "This is the only answer to its question. Delete the question, or ask again and then delete this answer."
)
GONE_FOR_GOOD = gettext_noop("This was deleted for good and cannot be brought back.")
FOLLOWS_DELETED = gettext_noop("The message before it was deleted as well. Restore that one first.")


@dataclass(frozen=True)
class DeletedBranch:
    """A branch that was deleted, and the replies in it that must be stopped.

    `is_whole`: it was all that the conversation contained, so the conversation was deleted instead.
    """

    conversation: Conversation
    message: UUID
    running: Collection[UUID]
    is_whole: bool = False


@transaction.atomic
def delete(user_id: int, message_id: UUID) -> DeletedBranch:
    """Delete a message with all that follows it; `restore` brings it back within UNDO_FOR.

    If its branch is shown, the branch beside it that was shown last is shown instead, or what it follows.
    Raises NotFoundError, and ConflictError for the only answer to a question, which would then have none.
    """
    conversation_id = access.access_message(user_id, message_id).conversation_id
    conversation = access.access_conversation(user_id, conversation_id, lock=True)
    message = access.access_message(user_id, message_id)
    versions = Message.objects.kept().filter(conversation=conversation, parent_id=message.parent_id)
    is_only = not versions.exclude(id=message_id).exists()
    if is_only and message.role == Message.Role.ASSISTANT:
        raise ConflictError(_(ONLY_ANSWER))
    if is_only and message.parent_id is None:
        _conversation, running = access.delete(user_id, conversation_id)
        return DeletedBranch(conversation, message_id, running, is_whole=True)
    record("branch.delete", "message", message_id)
    return _hide(conversation, message)


def _hide(conversation: Conversation, message: Message) -> DeletedBranch:
    ids, now = branches.ids_below(message), timezone.now()
    running: list[UUID] = []
    if conversation.current_leaf_id in ids:
        branches.leave(conversation)
    for some in branches.chunks(ids):
        kept = Message.objects.kept().filter(id__in=some)
        running += kept.live().values_list("id", flat=True)
        kept.update(deleted_at=now)
    if conversation.current_leaf_id in ids:
        conversation.current_leaf_id = branches.last_shown_below(conversation.id, message.parent_id)
        conversation.save(update_fields=["current_leaf"])
    _tell(conversation, message.id, running)
    return DeletedBranch(conversation, message.id, running)


def _tell(conversation: Conversation, message_id: UUID, running: Sequence[UUID]) -> None:
    gone = BranchGone(type="branch.gone", message=str(message_id), replies=[str(reply) for reply in running])
    transaction.on_commit(partial(broadcast.send, group_of(conversation.id), {**gone}))


@transaction.atomic
def restore(user_id: int, message_id: UUID) -> Conversation:
    """Bring a deleted branch back and show it; what was deleted in it before stays deleted.

    Raises NotFoundError if it was removed for good, and ConflictError if what it follows is deleted.
    """
    found = _deleted(user_id, message_id)
    if found is None:
        raise NotFoundError(_(GONE_FOR_GOOD))
    conversation = access.access_conversation(user_id, found.conversation_id, lock=True)
    # Again: what it follows may have been deleted before the conversation was locked.
    found = _deleted(user_id, message_id)
    if found is None:
        raise NotFoundError(_(GONE_FOR_GOOD))
    if found.parent and found.parent.deleted_at:
        raise ConflictError(_(FOLLOWS_DELETED))
    for some in branches.chunks(branches.ids_below(found)):
        Message.objects.filter(id__in=some, deleted_at=found.deleted_at).update(deleted_at=None)
    branches.leave(conversation)
    conversation.current_leaf_id = branches.last_shown_leaf(found)
    conversation.save(update_fields=["current_leaf"])
    return conversation


def deleted(user_id: int, message_id: str) -> Message | None:
    """Return the person's deleted message with that id, if its branch can still be restored."""
    try:
        found = _deleted(user_id, UUID(message_id))
    except ValueError:
        return None
    if found:
        found.held_by = holds.of_person(user_id)
    return found


def _deleted(user_id: int, message_id: UUID) -> Message | None:
    theirs = Message.objects.owned_by(user_id)
    return (
        theirs.select_related("parent").filter(id=message_id, deleted_at__gt=timezone.now() - access.UNDO_FOR).first()
    )
