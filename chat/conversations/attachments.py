"""The only access to the files that people attach to their messages. Synchronous: callers choose the thread.

A file is uploaded before its message is sent, and belongs to nothing until then, or is put into a folder
(`folder_files.py`). What is never sent, and what no
message has any more, is removed by `sweep`: each step may be the last one before the process is killed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from chat.models import Attachment, Message
from langai_site.accounts import holds
from langai_site.accounts.models import User
from langai_site.attached_files import FileState, ServedFile, file_store
from langai_site.errors import InvalidError, NotFoundError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity

if TYPE_CHECKING:
    from django.core.files import File

GONE = gettext_noop("This file is not there any more. Attach it again.")
# How long a file without a message is kept: as long as somebody may still be writing it.
UNSENT_FOR = timedelta(days=1)
# How long a stored file may be without any attachment: an upload that is about to write it takes seconds.
UNKNOWN_FOR = timedelta(hours=1)
# Files swept in one go.
AT_ONCE = 200
MB = 1024 * 1024


@dataclass(frozen=True)
class AttachedFile:
    """An attachment with how far its file is, as its owner sees it."""

    id: UUID
    document: UUID
    name: str
    media_type: str
    size: int
    state: FileState

    @property
    def is_picture(self) -> bool:
        return self.state.is_picture


def upload(user: User, file: "File[bytes]", label: Sensitivity | None = None) -> AttachedFile:
    """Store a file for a message that is still being written. Raises InvalidError if it is refused.

    `label` is the lowest that it may get, whatever is found in it.
    """
    _refuse_over_quota(user, file.size or 0)
    # A file that was there already may be released at this moment: then it is stored once more.
    lowest = label or Sensitivity.PUBLIC
    row = _stored(user, file, lowest) or _stored(user, file, lowest)
    if row is None:
        raise InvalidError(_(GONE))
    return shown([row])[0]


def _stored(user: User, file: "File[bytes]", lowest: Sensitivity) -> Attachment | None:
    """Store a file and attach it; None if it is gone by then."""
    stored = file_store().store(user, file, lowest)
    with transaction.atomic():
        row = Attachment.objects.create(
            owner=user, document=stored.document, name=stored.name, media_type=stored.media_type, size=stored.size
        )
        if file_store().hold(stored.document):
            return row
        row.delete()
    return None


def refuse(user: User, name: str, size: int, _collection: int | None = None) -> None:
    """Raise InvalidError for a file that could not be stored, before any of it is sent."""
    file_store().refuse(name, size)
    _refuse_over_quota(user, size)


def _refuse_over_quota(user: User, size: int) -> None:
    most = settings.ATTACHMENTS_MB
    used = Attachment.objects.filter(owner=user).order_by().values("document", "size").distinct()
    held = sum(row["size"] for row in used) if most else 0
    if most and held + size > most * MB:
        raise InvalidError(
            _(
                "Your chats hold %(held)s MB of files, and %(most)s MB are allowed. Delete chats whose files you no "
                "longer need, then attach the file again."
            )
            % {"held": grouped(held // MB), "most": grouped(most)},
            code="over_quota",
            status=413,
        )


def access(user_id: int, attachment: UUID) -> Attachment:
    """Return an attachment to its owner, unless its message or folder was deleted. Raises NotFoundError."""
    found = Attachment.objects.filter(owner=user_id, pk=attachment).filter(_reachable()).first()
    if found is None:
        raise NotFoundError(_(GONE))
    return found


def _reachable() -> Q:
    of_message = Q(message__isnull=False, message__conversation__deleted_at=None, message__deleted_at=None)
    of_folder = Q(folder__isnull=False, folder__deleted_at=None)
    return of_message | Q(removed_at=None) & (of_folder | Q(message=None, folder=None))


def unsent(user_id: int, ids: Collection[UUID]) -> list[AttachedFile]:
    """Return those of `ids` that this person may still send, in the order of `ids`."""
    rows = Attachment.objects.unsent().filter(owner=user_id).in_bulk(list(ids))
    return shown([rows[pk] for pk in dict.fromkeys(ids) if pk in rows])


def documents_named(user_id: int, ids: Sequence[UUID]) -> list[UUID]:
    """Return the files of those of `ids` that are this person's, sent or not, in the order of `ids`."""
    rows = Attachment.objects.filter(owner=user_id, removed_at=None).in_bulk(list(ids)) if ids else {}
    return [rows[pk].document for pk in ids if pk in rows]


def lost() -> FileState:
    """Return the state of a file that is not stored any more."""
    return FileState("failed", _(GONE))


def shown(rows: Sequence[Attachment]) -> list[AttachedFile]:
    """Return attachments with the states of their files."""
    states = file_store().states({row.document for row in rows}) if rows else {}
    gone = lost()
    return [
        AttachedFile(row.pk, row.document, row.name, row.media_type, row.size, states.get(row.document, gone))
        for row in rows
    ]


def of_messages(messages: Iterable[UUID]) -> Mapping[UUID, list[AttachedFile]]:
    """Return the files of each of these messages that has some, in order."""
    rows = list(Attachment.objects.filter(message__in=list(messages)).order_by("position", "created_at"))
    files: dict[UUID, list[AttachedFile]] = {}
    for row, file in zip(rows, shown(rows), strict=True):
        assert row.message_id
        files.setdefault(row.message_id, []).append(file)
    return files


def remove(user_id: int, attachment: UUID) -> None:
    """Delete a file that was not sent. Raises NotFoundError."""
    row = Attachment.objects.unsent().filter(owner=user_id, pk=attachment).first()
    if row is None:
        raise NotFoundError(_(GONE))
    discard(row)


def discard(row: Attachment) -> None:
    """Delete an attachment that belongs to no message; what a legal hold keeps is put out of sight instead."""
    if holds.of_row(row) is None:
        row.delete()
        release([row.document])
    else:
        row.removed_at = timezone.now()
        row.save(update_fields=["removed_at"])


def send(message: Message, ids: Sequence[UUID]) -> None:
    """Give a person's unsent files to their message, in the order of `ids`; call it in the message's transaction.

    Raises NotFoundError if one of them cannot be sent, and InvalidError if there are too many.
    """
    wanted = list(dict.fromkeys(ids))
    refuse_too_many(len(wanted))
    for position, pk in enumerate(wanted):
        mine = Attachment.objects.unsent().filter(pk=pk, owner=message.conversation.owner_id)
        if not mine.update(message=message, position=position):
            raise NotFoundError(_(GONE))


def refuse_too_many(count: int) -> None:
    """Raise InvalidError if a message may not have so many files."""
    if count > settings.ATTACHMENTS_PER_MESSAGE:
        most = settings.ATTACHMENTS_PER_MESSAGE
        words = ngettext(
            "A message can have %(most)s file. Remove some of the %(count)s.",
            "A message can have %(most)s files. Remove some of the %(count)s.",
            most,
        )
        raise InvalidError(words % {"most": most, "count": count})


def copy(messages: Mapping[UUID, UUID]) -> None:
    """Give the files of messages to other messages of the same person: to those by which they are replaced or forked.

    The files themselves are not copied.
    """
    rows = Attachment.objects.filter(message__in=list(messages))
    Attachment.objects.bulk_create(
        Attachment(
            owner_id=row.owner_id,
            message_id=messages[row.message_id],
            document=row.document,
            name=row.name,
            media_type=row.media_type,
            size=row.size,
            position=row.position,
        )
        for row in rows
        if row.message_id
    )


def release(documents: Collection[UUID]) -> None:
    """Delete those files that no attachment has any more."""
    unused = set(documents) - _attached(documents)
    while unused:
        try:
            with transaction.atomic():
                file_store().remove(unused)
                # Whoever attaches one of them now holds it first, so either it is seen here, or it is not found there.
                if again := _attached(unused):
                    raise _AttachedAgainError(again)
        except _AttachedAgainError as error:
            unused -= error.documents
        else:
            return


class _AttachedAgainError(Exception):
    def __init__(self, documents: set[UUID]) -> None:
        self.documents = documents


def _attached(documents: Collection[UUID]) -> set[UUID]:
    return set(Attachment.objects.filter(document__in=list(documents)).values_list("document", flat=True))


def documents_of(conversations: Iterable[UUID]) -> set[UUID]:
    """Return the files that were attached in these conversations."""
    rows = Attachment.objects.filter(message__conversation__in=list(conversations))
    return set(rows.order_by().values_list("document", flat=True))


def sweep() -> None:
    """Remove files that were never sent, and those that a hold or a killed process left without an attachment."""
    unsent_long = Q(message=None, folder=None, created_at__lt=timezone.now() - UNSENT_FOR)
    free = Attachment.objects.exclude(owner__in=holds.people())
    old = free.filter(unsent_long | Q(removed_at__isnull=False))
    with transaction.atomic():
        ids = list(old.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
        old.filter(pk__in=ids).delete()
    stored = sorted(file_store().stored_before(timezone.now() - UNKNOWN_FOR))
    for first in range(0, len(stored), AT_ONCE):
        release(stored[first : first + AT_ONCE])


def served(user_id: int, attachment: UUID, *, small: bool = False) -> tuple[ServedFile, bool]:
    """Return what an attachment's address sends, and whether it may be shown in place: only a picture may.

    Raises NotFoundError.
    """
    row = access(user_id, attachment)
    picture = file_store().picture(row.document, small=small)
    file = picture or (None if small else file_store().original(row.document))
    if file is None:
        raise NotFoundError(_(GONE))
    return file, picture is not None
