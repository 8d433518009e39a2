"""Moves, pins, archives and deletes many conversations at once, each time with one step to undo it. Synchronous."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import attachments, folder_files, folders
from chat.conversations.access import UNDO_FOR
from chat.conversations.lists import PINS_MAX
from chat.events import ConversationGone, group_of
from chat.models import Conversation, Folder, ListChange, Message
from langai_site.accounts import holds
from langai_site.audit.recording import record_each
from langai_site.errors import InvalidError, NotFoundError
from langai_site.sentences import counted_sentence, sentence
from langai_site.web import broadcast

# Conversations that can be changed at once.
MOST = 500
NONE_CHOSEN = gettext_noop("Choose at least one conversation.")


class Action(StrEnum):
    """What can be done with many conversations at once."""

    MOVE = "move"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    PIN = "pin"
    UNPIN = "unpin"
    DELETE = "delete"


_FIELDS = {
    Action.MOVE: "folder_id",
    Action.ARCHIVE: "archived_at",
    Action.UNARCHIVE: "archived_at",
    Action.PIN: "pinned_at",
    Action.UNPIN: "pinned_at",
    Action.DELETE: "deleted_at",
}
# What was done, for the notice that offers to undo it.
_DONE = {
    Action.ARCHIVE: sentence("list.archived", "Archived %(what)s."),
    Action.UNARCHIVE: sentence("list.unarchived", "Took %(what)s out of the archive."),
    Action.PIN: sentence("list.pinned", "Pinned %(what)s."),
    Action.UNPIN: sentence("list.unpinned", "Unpinned %(what)s."),
    Action.DELETE: sentence("list.deleted", "Deleted %(what)s."),
}
_MOVED = sentence("list.moved", "Moved %(what)s to “%(folder)s”.")
_TAKEN_OUT = sentence("list.taken_out", "Took %(what)s out of the folder.")
_ONE = sentence("list.one", "“%(title)s”")
_SEVERAL = counted_sentence("list.several", "%(count)s conversation", "%(count)s conversations")
_FOLDER_DELETED = sentence("list.folder_deleted", "Deleted the folder “%(name)s”.")
_DELETED_WITH = counted_sentence(
    "list.folder_deleted_with",
    "Deleted the folder “%(name)s” and %(count)s conversation.",
    "Deleted the folder “%(name)s” and %(count)s conversations.",
)
_DELETED_WITHOUT = counted_sentence(
    "list.folder_deleted_without",
    "Deleted the folder “%(name)s”. %(count)s conversation that was in it is kept.",
    "Deleted the folder “%(name)s”. %(count)s conversations that were in it are kept.",
)


@dataclass(frozen=True)
class Ordered:
    """What was done: the change that can be undone, the conversations it touched, and their replies to stop."""

    change: ListChange
    ids: Sequence[UUID]
    running: Collection[UUID] = ()


@transaction.atomic
def order(user_id: int, ids: Collection[UUID], action: Action, folder_id: UUID | None = None) -> Ordered:
    """Do `action` with those of these conversations that are still there; MOVE without a folder takes them out of it.

    A move changes no label. Raises InvalidError and NotFoundError.
    """
    is_into = action == Action.MOVE and folder_id
    # Before the conversations are locked, in the order in which a folder is deleted.
    folder = folders.access_folder(user_id, folder_id, lock=True) if is_into and folder_id else None
    rows = chosen(user_id, ids, lock=True)
    if action == Action.PIN:
        _refuse_too_many_pins(user_id, rows)
    words = _moved(rows, folder) if action == Action.MOVE else _DONE[action](what=_counted(rows))
    value: UUID | datetime | None = folder.id if folder else None
    if action in (Action.ARCHIVE, Action.PIN, Action.DELETE):
        value = timezone.now()
    change = _set(user_id, rows, _FIELDS[action], value, words)
    return Ordered(change, [row.id for row in rows], _gone(rows) if action == Action.DELETE else ())


def chosen(user_id: int, ids: Collection[UUID], *, lock: bool = False) -> list[Conversation]:
    """Return those of these conversations that are this person's and still there.

    Raises InvalidError if none or too many were chosen, and NotFoundError if none of them is there.
    """
    if not ids:
        raise InvalidError(_(NONE_CHOSEN))
    if len(set(ids)) > MOST:
        raise InvalidError(
            _("You chose %(count)s conversations; %(most)s are allowed at once.")
            % {"count": len(set(ids)), "most": MOST}
        )
    mine = Conversation.objects.of(user_id).reachable().filter(id__in=ids).order_by("id")
    rows = list(mine.select_for_update(of=("self",)) if lock else mine)
    if not rows:
        raise NotFoundError(_("These conversations were deleted, or are not yours."))
    return rows


def _refuse_too_many_pins(user_id: int, rows: Sequence[Conversation]) -> None:
    pinned = Conversation.objects.of(user_id).alive().filter(pinned_at__isnull=False)
    if pinned.exclude(id__in=[row.id for row in rows]).count() + len(rows) > PINS_MAX:
        raise InvalidError(
            _("%(most)s conversations can be pinned. Unpin some first, or put them into a folder.") % {"most": PINS_MAX}
        )


def _moved(rows: Sequence[Conversation], folder: Folder | None) -> str:
    if folder:
        return _MOVED(what=_counted(rows), folder=folder.name)
    return _TAKEN_OUT(what=_counted(rows))


def _counted(rows: Sequence[Conversation]) -> str:
    return _ONE(title=rows[0].title) if len(rows) == 1 else _SEVERAL(count=len(rows))


def _set(user_id: int, rows: Iterable[Conversation], field: str, value: object, words: str) -> ListChange:
    """Set a field of these conversations, and record what it was."""
    before = {str(row.id): _written(getattr(row, field)) for row in rows}
    change = ListChange.objects.create(owner_id=user_id, field=field, before=before, words=words)
    for some in _chunks([*map(UUID, before)]):
        Conversation.objects.filter(id__in=some).update(**{field: value})
    return change


def _written(value: Any) -> str | None:  # noqa: ANN401 - a time or an id
    return value.isoformat() if isinstance(value, datetime) else value and str(value)


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[first : first + MOST] for first in range(0, len(ids), MOST))


def _gone(rows: Sequence[Conversation]) -> list[UUID]:
    """Tell the open pages that these are deleted; return the replies that are being written in them."""
    running: list[UUID] = []
    for some in _chunks([row.id for row in rows]):
        running += Message.objects.live().filter(conversation__in=some).values_list("id", flat=True)
    gone = ConversationGone(type="conversation.gone")
    record_each("conversation.delete", "conversation", [row.id for row in rows])
    for row in rows:
        transaction.on_commit(partial(broadcast.send, group_of(row.id), {**gone}))
    return running


@transaction.atomic
def delete_folder(user_id: int, folder_id: UUID, *, with_conversations: bool = False) -> Ordered:
    """Delete a folder and those in it. Their conversations are kept, outside of folders, unless told otherwise."""
    gone = folders.with_inner(user_id, folder_id)
    mine = Conversation.objects.of(user_id).alive().filter(folder__in=gone)
    rows = list(mine.select_for_update(of=("self",)).order_by("id").only("id", "folder_id", "deleted_at", "title"))
    name = next(folder.name for folder in gone if folder.id == folder_id)
    words = _fate(name, len(rows), with_conversations=with_conversations)
    now = timezone.now()
    field, value = ("deleted_at", now) if with_conversations else ("folder_id", None)
    change = _set(user_id, rows, field, value, words)
    change.folders = [str(folder.id) for folder in gone]
    change.save(update_fields=["folders"])
    # If one that was deleted before comes back, it must not be in a folder that nobody sees.
    before = Conversation.objects.of(user_id).filter(folder__in=gone, deleted_at__isnull=False)
    before.exclude(deleted_at=now).update(folder=None)
    Folder.objects.filter(id__in=[folder.id for folder in gone]).update(deleted_at=now)
    return Ordered(change, [row.id for row in rows], _gone(rows) if with_conversations else ())


def _fate(name: str, count: int, *, with_conversations: bool) -> str:
    """Return what was done with a folder and with so many conversations in it."""
    if not count:
        return _FOLDER_DELETED(name=name)
    return (_DELETED_WITH if with_conversations else _DELETED_WITHOUT)(name=name, count=count)


def last_change(user_id: int, change_id: str | None) -> ListChange | None:
    """Return a person's change with that id, if it can still be undone."""
    try:
        key = UUID(change_id or "")
    except ValueError:
        return None
    found = _undoable(user_id).filter(id=key).first()
    if found and (found.field == "deleted_at" or found.folders):
        found.held_by = holds.of_person(user_id)
    return found


def _undoable(user_id: int) -> QuerySet[ListChange]:
    return ListChange.objects.filter(owner_id=user_id, at__gte=timezone.now() - UNDO_FOR)


@transaction.atomic
def undo(user_id: int, change_id: UUID) -> None:
    """Undo a change of many conversations in one step. What was deleted for good meanwhile stays deleted.

    Raises NotFoundError if it was undone already, is too long ago, or is somebody else's.
    """
    change = _undoable(user_id).select_for_update().filter(id=change_id).first()
    if change is None:
        raise NotFoundError(_("This can no longer be undone."))
    _restore_folders(user_id, change.folders)
    known = {str(pk) for pk in Folder.objects.of(user_id).values_list("pk", flat=True)}
    groups: defaultdict[str | None, list[UUID]] = defaultdict(list)
    for conversation, value in change.before.items():
        # The folder that it was in may have been deleted since.
        groups[None if change.field == "folder_id" and value not in known else value].append(UUID(conversation))
    for value, ids in groups.items():
        for some in _chunks(ids):
            Conversation.objects.of(user_id).filter(id__in=some).update(**{change.field: _read(change.field, value)})
    change.delete()


def _restore_folders(user_id: int, ids: Sequence[str]) -> None:
    back = Folder.objects.owned_by(user_id).filter(id__in=ids)
    back.update(deleted_at=None)
    # The folder around it may have been deleted since, or put into another one.
    back.filter(Q(parent__deleted_at__isnull=False) | Q(parent__parent__isnull=False)).update(parent=None)


def _read(field: str, value: str | None) -> UUID | datetime | None:
    if value is None:
        return None
    return UUID(value) if field == "folder_id" else datetime.fromisoformat(value)


def purge() -> None:
    """Remove for good what can no longer be undone, and the folders that were deleted with it, with their files."""
    over = timezone.now() - UNDO_FOR
    ListChange.objects.filter(at__lt=over).delete()
    gone = Folder.objects.filter(deleted_at__lt=over).exclude(owner__in=holds.people())
    files = folder_files.documents_of(gone.values_list("pk", flat=True))
    gone.delete()
    # If the process is killed here, `attachments.sweep` does it.
    attachments.release(files)
