"""The files of a folder, which all conversations in it are given. Synchronous: callers choose the thread.

They are attachments with a folder instead of a message. Like those they belong to one person, and so does the folder.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.conversations import attachments, folders
from chat.conversations.attachments import GONE, AttachedFile
from chat.models import Attachment, Conversation, Folder
from langai_site.accounts.models import User
from langai_site.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from django.core.files import File

FILES_MAX = 50


def add(user: User, folder_id: UUID, file: "File[bytes]") -> AttachedFile:
    """Store a file for a folder; one that is in it already stays there once.

    Raises NotFoundError if the folder is not this person's, and InvalidError if the file is refused.
    """
    _refuse_full(folders.access_folder(user.pk, folder_id))
    stored = attachments.upload(user, file)
    try:
        with transaction.atomic():
            folder = folders.access_folder(user.pk, folder_id, lock=True)
            if known := _files([folder.pk]).filter(document=stored.document).first():
                Attachment.objects.filter(pk=stored.id).delete()
                return attachments.shown([known])[0]
            _refuse_full(folder)
            Attachment.objects.filter(pk=stored.id, message=None).update(folder=folder)
    except (InvalidError, NotFoundError):
        attachments.remove(user.pk, stored.id)
        raise
    return stored


def _refuse_full(folder: Folder) -> None:
    if _files([folder.pk]).count() >= FILES_MAX:
        words = ngettext(
            "A folder can have %(most)s file. Remove one first.",
            "A folder can have %(most)s files. Remove some first.",
            FILES_MAX,
        )
        raise InvalidError(words % {"most": FILES_MAX})


def files_in(folder: Folder) -> list[AttachedFile]:
    """Return the files of a folder in the order in which they were added."""
    return attachments.shown(list(_files([folder.pk])))


def remove(user_id: int, folder_id: UUID, attachment: UUID) -> None:
    """Remove a file from a folder. Raises NotFoundError."""
    folder = folders.access_folder(user_id, folder_id)
    row = _files([folder.pk]).filter(pk=attachment).first()
    if row is None:
        raise NotFoundError(_(GONE))
    attachments.discard(row)


def applying(user_id: int, folder_id: UUID | None) -> list[Attachment]:
    """Return what a conversation in this folder of the person is given: the folder's files and those around it."""
    if folder_id is None:
        return []
    mine = Folder.objects.of(user_id).filter(Q(pk=folder_id) | Q(children=folder_id)).values_list("pk", flat=True)
    return list(_files(list(mine)).filter(owner=user_id))


def applying_in(user_id: int, conversation_id: UUID) -> list[Attachment]:
    """Return the files of the folder that a conversation of this person is in at this moment."""
    mine = Conversation.objects.of(user_id).alive().filter(pk=conversation_id)
    return applying(user_id, mine.order_by().values_list("folder", flat=True).first())


def documents_of(folder_ids: Iterable[UUID]) -> set[UUID]:
    """Return the files that these folders have, also if they are deleted."""
    found = Attachment.objects.filter(folder__in=list(folder_ids))
    return set(found.order_by().values_list("document", flat=True))


def _files(folder_ids: Sequence[UUID]) -> QuerySet[Attachment]:
    return Attachment.objects.filter(folder__in=folder_ids, removed_at=None).order_by("created_at", "pk")
