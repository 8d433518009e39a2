"""The only access to conversations, and what their owner does with them. Synchronous: callers choose the thread."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from chat.conversations import branches, labels, passage_changes
from chat.events import ConversationGone, group_of
from chat.history import rows as history_rows
from chat.models import Conversation, ConversationQuerySet, LabelChange, Message
from langai_site.accounts import holds, open_accounts
from langai_site.audit.recording import record
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity
from langai_site.stale_forms import refuse_changed_label
from langai_site.usage import callers
from langai_site.usage.types import Caller
from langai_site.web import broadcast

# Where a conversation may have been started.
PAGE, API = "page", "api"
LISTED = 60
REASON_MAX = 284
# How long a deleted conversation can be restored before the worker removes it for good.
UNDO_FOR = timedelta(hours=1)
# In the words of static/socket.js, so that a page does not say it twice.
GONE = gettext_noop("This conversation was deleted, or is not yours.")


def _theirs(user: int, conversation: UUID) -> ConversationQuerySet:
    return Conversation.objects.of(user).reachable().filter(id=conversation).order_by()


_USER, _CONVERSATION = -982451653, UUID(int=2**127 - 1)
_THEIRS = CompiledQuery(
    lambda user, conversation: _theirs(user, conversation).values_list("id"), user=_USER, conversation=_CONVERSATION
)
_MINE = CompiledQuery(_theirs, user=_USER, conversation=_CONVERSATION)
_LOCKED = CompiledQuery(
    lambda user, conversation: _theirs(user, conversation).select_for_update(of=("self",)),
    user=_USER,
    conversation=_CONVERSATION,
)


class ConversationGoneError(NotFoundError):
    link = ("chat:new", gettext_lazy("Start a new chat"))


def access_conversation(user_id: int, conversation_id: UUID, *, lock: bool = False) -> Conversation:
    """Return the conversation to its owner; admins have no right to it. Raises NotFoundError.

    `lock` locks it until the transaction ends, if the database has row locks.
    """
    query = _LOCKED if lock else _MINE
    found = query.objects(Conversation, user=user_id, conversation=conversation_id)
    if not found:
        raise ConversationGoneError(_(GONE))
    return found[0]


def require_theirs(user_id: int, conversation_id: UUID) -> None:
    """Check what `access_conversation` checks, without reading the row: every socket needs this at every reply.

    Raises NotFoundError.
    """
    if not _THEIRS.rows(user=user_id, conversation=conversation_id):
        raise ConversationGoneError(_(GONE))


def leaf_of(user_id: int, conversation_id: UUID) -> UUID | None:
    """Return the last message of the branch that is shown. Raises NotFoundError."""
    return access_conversation(user_id, conversation_id).current_leaf_id


def still_theirs(watched: Collection[tuple[int, UUID]]) -> set[tuple[int, UUID]]:
    """Return the (person, conversation) pairs that `access_conversation` would still allow, in one query for 500."""
    ids, open_to = list({conversation for _, conversation in watched}), set()
    for start in range(0, len(ids), 500):
        found = Conversation.objects.reachable().filter(id__in=ids[start : start + 500])
        open_to |= set(found.order_by().values_list("owner_id", "id"))
    return open_to & set(watched)


def access_reply(user_id: int, reply_id: UUID) -> Message:
    """Return a reply in one of this person's conversations, with the conversation. Raises NotFoundError."""
    found = Message.objects.of(user_id).replies().select_related("conversation").filter(id=reply_id).first()
    if found is None:
        raise NotFoundError(_("This answer does not exist, or it is not yours."))
    return found


def access_question(user_id: int, question_id: UUID) -> Message:
    """Return a message that this person wrote, with its conversation. Raises NotFoundError."""
    return access_message(user_id, question_id, Message.Role.USER)


def access_message(user_id: int, message_id: UUID, *roles: str) -> Message:
    """Return a message of one of these roles, or of any, with its conversation. Raises NotFoundError."""
    mine = Message.objects.of(user_id).select_related("conversation").filter(role__in=roles or Message.Role.values)
    found = mine.filter(id=message_id).first()
    if found is None:
        raise NotFoundError(_(branches.GONE))
    return found


def reply_as_shown(user_id: int, reply_id: UUID) -> Message:
    """Return a reply with all that is drawn: citations, versions, conversation, cached HTML. Raises NotFoundError."""
    reply = access_reply(user_id, reply_id)
    prefetch_related_objects([reply], passage_changes.WITH_CHANGES, "cached_html", "feedback")
    passage_changes.attach(user_id, [reply])
    return _with_versions(reply)


def question_as_shown(user_id: int, question_id: UUID) -> Message:
    """Return a message that this person wrote, with its files and versions. Raises NotFoundError."""
    question = access_question(user_id, question_id)
    prefetch_related_objects([question], "attachments")
    return _with_versions(question)


def _with_versions(message: Message) -> Message:
    versions = Message.objects.kept().filter(conversation=message.conversation, parent_id=message.parent_id)
    message.siblings = list(versions.values_list("id", flat=True))
    return message


def ended_reply(user_id: int, reply_id: UUID) -> Message:
    """Return the reply to a program that waited for its end. Raises AccountClosedError and NotFoundError."""
    open_accounts.require_open(user_id)
    return reply_as_shown(user_id, reply_id)


@dataclass(frozen=True)
class ListPlace:
    """The place in the list of conversations where one page ends and the next begins."""

    updated_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.updated_at.isoformat()}_{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> "ListPlace | None":
        """Return the place that `text` names; None if it names none."""
        moment, _, key = text.partition("_")
        try:
            at = datetime.fromisoformat(moment)
            # Moments at either end of time exist in some time zones only.
            return cls(at.astimezone(UTC), UUID(key)) if at.tzinfo else None
        except (ValueError, OverflowError):
            return None


def listed(
    user_id: int, after: ListPlace | None = None, source: str | None = PAGE, among: Q | None = None
) -> tuple[Sequence[Conversation], ListPlace | None]:
    """Return a person's conversations, newest first, and where the next page begins, if there is one.

    `source` selects those from the pages, or from another source; None selects all. `among` is a condition of
    chat.conversations.lists.
    """
    mine = Conversation.objects.of(user_id).alive().filter(among or Q())
    if source:
        mine = mine.filter(source=source)
    if after:
        # In this form, so that databases begin to read their index at the place.
        mine = mine.filter(updated_at__lte=after.updated_at)
        mine = mine.exclude(updated_at=after.updated_at, id__gte=after.id)
    found = list(mine.order_by("-updated_at", "-id")[: LISTED + 1])
    shown = found[:LISTED]
    return shown, ListPlace(shown[-1].updated_at, shown[-1].id) if len(found) > LISTED else None


def titles(user_id: int, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the titles of those of `ids` that are this person's conversations."""
    mine = Conversation.objects.of(user_id).alive().filter(id__in=ids)
    return dict(mine.order_by().values_list("id", "title"))


def caller_of(conversation: Conversation, reply_id: UUID) -> Caller:
    """Return the caller for a reply in the conversation: who asks, from where."""
    return callers.caller_of(conversation.owner, conversation.source, conversation=conversation.id, reply=reply_id)


@transaction.atomic
def exported(user_id: int, conversation_id: UUID) -> Conversation:
    """Return the conversation, which leaves as a file. Raises NotFoundError."""
    conversation = access_conversation(user_id, conversation_id)
    record("conversation.export", "conversation", conversation_id)
    return conversation


def owner_of(conversation_id: UUID) -> int:
    """Return whose a conversation is, also of a deleted one. Raises NotFoundError."""
    found = Conversation.objects.filter(id=conversation_id).values_list("owner", flat=True).first()
    if found is None:
        raise NotFoundError(_("This conversation does not exist."))
    return found


@transaction.atomic
def rename(user_id: int, conversation_id: UUID, title: str) -> Conversation:
    conversation = access_conversation(user_id, conversation_id)
    cleaned = " ".join(title.replace("\0", "").split())
    if not cleaned:
        raise InvalidError(_("A title needs at least one character."))
    if len(cleaned) > 120:
        raise InvalidError(_("A title can have at most 120 characters."))
    conversation.title, conversation.titled_by = cleaned, Conversation.TitledBy.PERSON
    conversation.save(update_fields=["title", "titled_by"])
    history_rows.replace([history_rows.of_title(conversation)])
    return conversation


@transaction.atomic
def delete(user_id: int, conversation_id: UUID) -> tuple[Conversation, Collection[UUID]]:
    """Hide the conversation at once; `restore` brings it back within UNDO_FOR. Also returns the replies to stop."""
    conversation = access_conversation(user_id, conversation_id)
    conversation.deleted_at = timezone.now()
    conversation.save(update_fields=["deleted_at"])
    conversation.held_by = holds.of_person(user_id)
    record("conversation.delete", "conversation", conversation.id)
    gone = ConversationGone(type="conversation.gone")
    transaction.on_commit(partial(broadcast.send, group_of(conversation.id), {**gone}))
    return conversation, list(conversation.messages.live().values_list("id", flat=True))


@transaction.atomic
def restore(user_id: int, conversation_id: UUID) -> Conversation:
    # Longer ago, the worker may have removed some of it.
    can_return = Q(deleted_at=None) | Q(deleted_at__gt=timezone.now() - UNDO_FOR)
    restored = Conversation.objects.of(user_id).filter(can_return, id=conversation_id).update(deleted_at=None)
    if not restored:
        raise NotFoundError(_("This conversation was deleted for good and cannot be brought back."))
    record("conversation.restore", "conversation", conversation_id)
    return access_conversation(user_id, conversation_id)


def deleted(user_id: int, conversation_id: str) -> Conversation | None:
    """Return the person's deleted conversation with that id, if it can still be restored."""
    try:
        key = UUID(conversation_id)
    except ValueError:
        return None
    found = Conversation.objects.of(user_id).filter(id=key, deleted_at__gt=timezone.now() - UNDO_FOR).first()
    if found:
        found.held_by = holds.of_person(user_id)
    return found


def began() -> labels.Cause:
    """Return what gives a new conversation its label."""
    return labels.started(Sensitivity[settings.DEFAULT_SENSITIVITY.upper()])


def so_far(conversation: Conversation | None) -> labels.Cause:
    """Return what an existing or new conversation contributes to the label of its next turn."""
    if conversation is None:
        return began()
    return labels.so_far(Sensitivity(conversation.label), conversation.label_cause)


def raise_label(conversation: Conversation, causes: Sequence[labels.Cause]) -> None:
    """Raise the label to the highest of `causes`, never lower it, and record why. The caller saves the conversation."""
    label = labels.label_of(causes)
    if label > conversation.label:
        _relabel(conversation, label, labels.words_of(causes))


def _relabel(conversation: Conversation, label: Sensitivity, why: str) -> None:
    LabelChange.objects.create(
        conversation=conversation.id,
        user_id=conversation.owner_id,
        username=conversation.owner.username,
        before=conversation.label,
        after=label,
        cause=why,
    )
    conversation.label, conversation.label_cause = label, why


@transaction.atomic
def lower_label(
    user_id: int, conversation_id: UUID, label: Sensitivity | None, reason: str, seen: Sensitivity | None = None
) -> Conversation:
    """Lower the label, for the owner only, and record it: what the conversation contains now counts as `label`.

    Passages that are found again, and detections in new messages, raise it again. `seen` is the label that the owner
    saw before. Raises ConflictError if it has changed since.
    """
    conversation = access_conversation(user_id, conversation_id, lock=True)
    reason = " ".join(reason.replace("\0", "").split())
    if label is not None:
        refuse_changed_label(seen, Sensitivity(conversation.label), label)
    if label is None or label >= conversation.label:
        raise InvalidError(_("Choose a label below the one that the conversation has now."))
    if not reason:
        raise InvalidError(_("Say why the label may be lowered. The reason is recorded."))
    if len(reason) > REASON_MAX:
        raise InvalidError(
            _("The reason has %(count)s characters; %(most)s are allowed.")
            % {"count": grouped(len(reason)), "most": grouped(REASON_MAX)}
        )
    if conversation.messages.live().exists():
        raise ConflictError(_("An answer is still being written here. Stop it, or wait until it is complete."))
    _relabel(conversation, label, labels.lowered(reason))
    conversation.save(update_fields=["label", "label_cause"])
    higher = conversation.messages.filter(label__gt=label)
    higher.update(label=label, causes=labels.written([so_far(conversation)]))
    record("conversation.label", "conversation", conversation.id)
    return conversation


@transaction.atomic
def show(user_id: int, message_id: UUID) -> Conversation:
    """Show the branch with this message that was shown last. One that is shown already stays."""
    message = access_message(user_id, message_id)
    conversation = message.conversation
    if message_id in branches.ids(conversation)[:-1]:
        return conversation
    branches.leave(conversation)
    conversation.current_leaf_id = branches.last_shown_leaf(message)
    conversation.save(update_fields=["current_leaf"])
    return conversation
