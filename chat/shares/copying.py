"""Copies a shared conversation, so that its reader can continue it as their own."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from chat.conversations import access, attachments, keeping, label_rises, labels
from chat.history import rows as history_rows
from chat.models import Attachment, Citation, Conversation, GivenDocument, Message, Share
from chat.models.keeping import ORDER, Keeping
from chat.shares import reading
from chat.shares.reading import SharedFile, SharedMessage
from langai_site.accounts.models import User
from langai_site.attached_files import file_store
from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity, highest
from search.services.present import labels_of

# Messages that are copied in one transaction.
AT_ONCE = 50
CAUSE = "a conversation that {} shared with you"


def copy(user: User, token: str) -> Conversation:
    """Return a new conversation of the reader with all that the link shows them, and its label. Raises NotFoundError.

    Citations of documents that they may not read are left out. Documents that answers were given stay known, so that
    the label rises with theirs.
    """
    share, label = reading.access_link(user, token)
    messages = reading.messages_of(user, share)
    files = {file.key: _own(user, file) for message in messages for file in message.files}
    return _write(user, share, label, messages, files)


def _own(user: User, file: SharedFile) -> UUID | None:
    """Store a file once more as the reader's own; None if it is gone, or over what their chats may hold."""
    row = Attachment.objects.filter(pk=file.key).first()
    original = file_store().original(row.document) if row else None
    if row is None or original is None:
        return None
    try:
        with original.path.open("rb") as stream:
            # What its owner stated with it is not in its text, where the copy's reader would find it again.
            label = highest(*labels_of([row.document]).values())
            return attachments.upload(user, File(stream, name=file.name), label).id
    except (FileNotFoundError, InvalidError):
        return None


def _write(
    user: User,
    share: Share,
    label: Sensitivity,
    messages: Sequence[SharedMessage],
    files: dict[UUID, UUID | None],
) -> Conversation:
    """Write the copy in pieces, so that others write in between. It counts as deleted until all of it is there."""
    new = _begun(user, share, label)
    last: Message | None = None
    for start in range(0, len(messages), AT_ONCE):
        with transaction.atomic():
            for shared in messages[start : start + AT_ONCE]:
                last = _copied(new, shared, last, files)
    with transaction.atomic():
        new.current_leaf, new.deleted_at = last, None
        new.save(update_fields=["current_leaf", "deleted_at"])
        history_rows.add(history_rows.of_title(new))
        label_rises.catch_up_copy(new.id)
    new.refresh_from_db(fields=["label", "label_cause"])
    return new


@transaction.atomic
def _begun(user: User, share: Share, label: Sensitivity) -> Conversation:
    now, original = timezone.now(), share.conversation
    # A copy outlives neither a temporary original nor what its reader may keep.
    longest = max(keeping.choice(user.pk).offered[0], Keeping(original.keeping), key=ORDER.index)
    ends = filter(None, (keeping.end_of(longest, now), original.expires_at))
    new = Conversation(
        owner=user,
        title=original.title,
        titled_by=Conversation.TitledBy.MODEL,
        label_cause=labels.STARTED,
        source=access.PAGE,
        keeping=longest,
        expires_at=min(ends, default=None),
        deleted_at=now,
    )
    access.raise_label(new, [access.began(), labels.Cause(label, CAUSE.format(share.owner))])
    new.save(force_insert=True)
    return new


def _copied(new: Conversation, shared: SharedMessage, last: Message | None, files: dict[UUID, UUID | None]) -> Message:
    row = shared.row
    made = Message.objects.create(
        id=uuid4(),
        conversation=new,
        parent=last,
        role=row.role,
        parts=[{"type": "text", "text": shared.text}] if shared.text else [],
        status=row.status,
        label=row.label,
        model=row.model,
        error=row.error,
        created_at=row.created_at,
    )
    history_rows.add(history_rows.of_message(made, new.owner_id))
    for position, file in enumerate(shared.files):
        if own := files.get(file.key):
            Attachment.objects.filter(pk=own, message=None).update(message=made, position=position)
    given = GivenDocument.objects.filter(reply=row).values_list("document", flat=True)
    GivenDocument.objects.bulk_create(GivenDocument(reply=made, document=document) for document in given)
    readable = [source.citation for source in shared.sources if source.citation]
    for citation in readable:
        citation.pk, citation.reply = None, made
    Citation.objects.bulk_create(readable)
    return made
