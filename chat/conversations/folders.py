"""The only access to folders, and what their owner does with them. Synchronous.

A folder belongs to one person, and so does everything in it. It can stand in another folder, but no deeper. Only one
folder's instructions apply to a conversation: those of its own folder or, if that has none, of the folder around it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from chat.conversations import chosen_collections
from chat.conversations.chosen_collections import Chosen
from chat.models import Conversation, Folder
from chat.values import FolderInstructions
from langai_site.errors import InvalidError, NotFoundError
from langai_site.numbers import grouped

FOLDERS_MAX, NAME_MAX, INSTRUCTIONS_MAX = 200, 60, 4_000
GONE = gettext_noop("This folder was deleted, or is not yours.")


class FolderGoneError(NotFoundError):
    link = ("chat:folders", gettext_lazy("Show your folders"))


@dataclass(frozen=True)
class FolderForm:
    """A folder as its person wants it. `parent` is the folder around it; `collections` what new chats in it search."""

    name: str
    colour: int = Folder.Colour.GREY
    parent: UUID | None = None
    instructions: str = ""
    collections: Chosen = None


@dataclass(frozen=True)
class FolderRow:
    """A folder in a list: `count` conversations are in it that are not archived, and `inner` are the folders in it."""

    folder: Folder
    count: int = 0
    inner: tuple["FolderRow", ...] = ()


def access_folder(user_id: int, folder_id: UUID, *, lock: bool = False) -> Folder:
    """Return the folder, with the one around it, to its owner. Raises NotFoundError.

    `lock` keeps others from deleting it until the transaction ends, if the database has row locks.
    """
    mine = Folder.objects.of(user_id).select_related("parent")
    found = (mine.select_for_update(of=("self",)) if lock else mine).filter(id=folder_id).first()
    if found is None:
        raise FolderGoneError(_(GONE))
    return found


def tree(user_id: int, *, counted: bool = False) -> list[FolderRow]:
    """Return a person's folders by name, each with those in it; with how many conversations are in each on request."""
    folders = sorted(Folder.objects.of(user_id), key=lambda folder: (folder.name.casefold(), folder.name))
    counts = _counts(user_id) if counted and folders else {}
    return [_row(folder, folders, counts) for folder in folders if folder.parent_id is None]


def _row(folder: Folder, folders: Iterable[Folder], counts: Mapping[UUID, int]) -> FolderRow:
    inner = (FolderRow(one, counts.get(one.id, 0)) for one in folders if one.parent_id == folder.id)
    return FolderRow(folder, counts.get(folder.id, 0), tuple(inner))


def _counts(user_id: int) -> dict[UUID, int]:
    mine = Conversation.objects.of(user_id).alive().filter(archived_at=None, folder__isnull=False)
    return dict(mine.order_by().values_list("folder").annotate(count=Count("pk")))


def inside(folder: Folder) -> list[Folder]:
    """Return the folders in this one, by name."""
    return list(Folder.objects.of(folder.owner_id).filter(parent=folder))


@transaction.atomic
def create(user_id: int, form: FolderForm) -> Folder:
    mine = _locked(user_id)
    if len(mine) >= FOLDERS_MAX:
        raise InvalidError(
            _("You have %(most)s folders, which is the most. Delete one that you do not need.") % {"most": FOLDERS_MAX}
        )
    folder = Folder(owner_id=user_id)
    _write(folder, form, mine)
    folder.save(force_insert=True)
    return folder


@transaction.atomic
def change(user_id: int, folder_id: UUID, form: FolderForm) -> Folder:
    """Change a folder's settings. Its conversations keep their labels; its instructions apply from the next message."""
    mine = _locked(user_id)
    if folder_id not in mine:
        raise FolderGoneError(_(GONE))
    folder = mine[folder_id]
    _write(folder, form, mine)
    folder.save()
    return folder


def _locked(user_id: int) -> dict[UUID, Folder]:
    """Return a person's folders by id, locked, so that two changes at once cannot nest them too deep."""
    return {folder.id: folder for folder in Folder.objects.of(user_id).select_for_update().order_by("id")}


def _write(folder: Folder, form: FolderForm, mine: Mapping[UUID, Folder]) -> None:
    folder.name, folder.instructions = _name(form.name), _instructions(form.instructions)
    if form.colour not in Folder.Colour.values:
        raise InvalidError(_("This colour is not known. Choose one from the list."))
    folder.colour, folder.collections = form.colour, form.collections
    folder.parent = _parent(folder, form.parent, mine)


def _name(written: str) -> str:
    name = " ".join(written.replace("\0", "").split())
    if not name:
        raise InvalidError(_("Give the folder a name."))
    if len(name) > NAME_MAX:
        raise InvalidError(
            _("The name has %(count)s characters; %(most)s are allowed.")
            % {"count": grouped(len(name)), "most": grouped(NAME_MAX)}
        )
    return name


def _instructions(written: str) -> str:
    text = written.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > INSTRUCTIONS_MAX:
        raise InvalidError(
            _("The instructions have %(count)s characters; %(most)s are allowed.")
            % {"count": grouped(len(text)), "most": grouped(INSTRUCTIONS_MAX)}
        )
    return text


def _parent(folder: Folder, parent_id: UUID | None, mine: Mapping[UUID, Folder]) -> Folder | None:
    if parent_id is None:
        return None
    parent = mine.get(parent_id)
    if parent is None:
        raise FolderGoneError(_("The folder to put it in was deleted, or is not yours."))
    if parent.id == folder.id:
        raise InvalidError(_("A folder cannot be in itself."))
    if parent.parent_id:
        raise InvalidError(_("“%(name)s” is in a folder already, and folders nest only once.") % {"name": parent.name})
    if any(other.parent_id == folder.id for other in mine.values()):
        raise InvalidError(
            _("“%(name)s” has folders in it, so it cannot be put into another folder.") % {"name": folder.name}
        )
    return parent


def possible_parents(user_id: int, folder: Folder | None = None) -> Sequence[Folder]:
    """Return the folders that this one, or a new one, can be put into."""
    if folder and Folder.objects.of(user_id).filter(parent=folder).exists():
        return []
    top = Folder.objects.of(user_id).filter(parent=None)
    return list(top.exclude(pk=folder.pk) if folder else top)


def instructions_for(user_id: int, folder_id: UUID | None) -> FolderInstructions | None:
    """Return the instructions that apply in a folder of this person, as they are now; None if there are none."""
    for folder in _chain(user_id, folder_id):
        if folder.instructions:
            return FolderInstructions(folder.name, folder.instructions)
    return None


def instructions_in(user_id: int, conversation_id: UUID) -> FolderInstructions | None:
    """Return the instructions that apply in a conversation of this person, as they are now."""
    mine = Conversation.objects.of(user_id).alive().filter(pk=conversation_id)
    return instructions_for(user_id, mine.order_by().values_list("folder", flat=True).first())


def collections_for(user_id: int, folder_id: UUID | None) -> Chosen:
    """Return what a new chat in a folder searches: the ids, without those that the person may not read; None: all."""
    for folder in _chain(user_id, folder_id):
        if folder.collections is not None:
            return chosen_collections.chosen(user_id, [str(pk) for pk in folder.collections])
    return None


def _chain(user_id: int, folder_id: UUID | None) -> Iterable[Folder]:
    """Yield a folder of this person and the one around it."""
    if folder_id is None:
        return
    found = Folder.objects.of(user_id).select_related("parent").filter(pk=folder_id).first()
    for folder in (found, found.parent if found else None):
        if folder and folder.deleted_at is None and folder.owner_id == user_id:
            yield folder


def with_inner(user_id: int, folder_id: UUID) -> list[Folder]:
    """Return a folder and those in it. Raises NotFoundError."""
    access_folder(user_id, folder_id)
    return list(Folder.objects.of(user_id).filter(Q(pk=folder_id) | Q(parent=folder_id)).select_for_update())
