"""Takes over the chats of an Open WebUI with their folders, files and ratings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import DataError, IntegrityError

from chat.conversations import attachments
from chat.conversations.folders import INSTRUCTIONS_MAX, NAME_MAX, FolderForm, create
from chat.models import Folder
from chat.transfers import storing
from chat.transfers.readers import openwebui
from chat.transfers.readers.values import (
    BrokenError,
    ImportedConversation,
    ImportedFile,
    mapping_of,
    text_of,
)
from chat.transfers.storing import StoredOutcome, Target
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.openwebui import MoveIn
from langai_site.sensitivity import Sensitivity

CHATS, FOLDERS, FILES, RATINGS = "chats", "folders", "files of messages", "ratings of answers"
COLUMNS = ("id", "user_id", "title", "chat", "created_at", "updated_at", "archived", "pinned", "folder_id")
# What LangAI does not take over, by the table that has it.
LEFT = {
    "tool": "tools",
    "function": "functions",
    "memory": "memories",
    "note": "notes",
    "channel": "channels",
    "shared_chat": "shared links",
}
Ratings = Mapping[str, Mapping[str, tuple[bool, str]]]


def move(moving: MoveIn) -> None:
    """Store each chat as its owner's; those that an earlier run stored get what is new."""
    folders, ratings = _folders(moving), _ratings(moving)
    for row in moving.database.rows("chat", *COLUMNS):
        _move_chat(moving, row, folders, ratings)
    for table, thing in LEFT.items():
        moving.report.note(thing, "left out: LangAI does not take them over", count=moving.database.count(table))


def _folders(moving: MoveIn) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return the path and the instructions of each folder. LangAI has two levels, so deeper ones are joined."""
    rows = {row["id"]: row for row in moving.database.rows("folder", "id", "parent_id", "name", "data")}
    return {key: (_path(key, rows), text_of(mapping_of(row["data"]).get("system_prompt"))) for key, row in rows.items()}


def _path(key: str, rows: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    names: list[str] = []
    place: str | None = key
    while place is not None and place in rows and len(names) < len(rows):
        names.insert(0, (" ".join(str(rows[place]["name"]).split()) or "Folder")[:NAME_MAX])
        place = rows[place]["parent_id"]
    return (names[0], " / ".join(names[1:])[-NAME_MAX:]) if len(names) > 1 else tuple(names)


def _ratings(moving: MoveIn) -> Ratings:
    """Return whether each rated answer is good, with the comment, by chat and message."""
    found: dict[str, dict[str, tuple[bool, str]]] = {}
    for row in moving.database.rows("feedback", "type", "data", "meta"):
        data, meta = mapping_of(row["data"]), mapping_of(row["meta"])
        good = {"1": True, "-1": False}.get(str(data.get("rating")))
        chat, message = meta.get("chat_id"), meta.get("message_id")
        if good is None or not chat or not message:
            moving.report.note(RATINGS, "left out: they name no answer, or are not good or bad")
            continue
        moving.report.note(RATINGS, "found")
        found.setdefault(str(chat), {})[str(message)] = (good, text_of(data.get("comment")))
    return found


def _move_chat(
    moving: MoveIn, row: Mapping[str, Any], folders: Mapping[str, tuple[tuple[str, ...], str]], ratings: Ratings
) -> None:
    owner, title = moving.people.get(row["user_id"]), str(row["title"] or "")
    if owner is None:
        moving.report.note(CHATS, "left out: their owner was left out", title)
        return
    try:
        path, instructions = folders.get(row["folder_id"] or "", ((), ""))
        found = _read(row, path, ratings)
        outcome = StoredOutcome.IMPORTED if moving.dry_run else _stored(moving, owner, found, instructions)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, DataError, IntegrityError) as error:
        why = str(error) if isinstance(error, BrokenError) else "their structure is not the usual one"
        moving.report.note(CHATS, f"left out: {why}", title)
        return
    except LangAIError as error:
        moving.report.note(CHATS, f"left out: {error.message}", title)
        return
    moving.report.note(CHATS, _WORDS[outcome])
    for reason, count in found.left_out.items():
        moving.report.note(CHATS, reason, count=count)


_WORDS = {
    StoredOutcome.IMPORTED: "moved",
    StoredOutcome.UPDATED: "had new messages",
    StoredOutcome.SAME: "are here already",
}


def _read(row: Mapping[str, Any], path: tuple[str, ...], ratings: Ratings) -> ImportedConversation:
    flags = {name: bool(row[name]) for name in ("archived", "pinned")}
    found = openwebui.read({**row, **flags})
    if not found.messages:
        raise BrokenError("they contain no messages")
    rated = ratings.get(found.id, {})
    messages = tuple(
        replace(one, good=rated[one.id][0], details={"feedback": {"comment": rated[one.id][1]}})
        if one.id in rated
        else one
        for one in found.messages
    )
    return replace(found, folder=path, messages=messages)


def _stored(moving: MoveIn, owner: int, found: ImportedConversation, instructions: str) -> StoredOutcome:
    user = User.objects.get(pk=owner)
    noted: Counter[str] = Counter()
    target = Target(
        user,
        Sensitivity.PUBLIC,
        partial(_upload, moving, user),
        lambda reason, _example: noted.update([reason]),
        partial(_folder, moving, user, instructions=instructions),
    )
    outcome = storing.store(found, target)
    for reason, count in noted.items():
        moving.report.note(CHATS, reason, count=count)
    return outcome


def _folder(moving: MoveIn, user: User, path: Sequence[str], *, instructions: str = "") -> UUID | None:
    """Return the person's folder with this path, which is made unless there is one."""
    *above, name = path
    parent = _folder(moving, user, above) if above else None
    found = Folder.objects.of(user.pk).filter(name=name, parent=parent).first()
    if found:
        return found.id
    try:
        made = create(user.pk, FolderForm(name, parent=parent, instructions=instructions[:INSTRUCTIONS_MAX]))
    except LangAIError as error:
        moving.report.note(FOLDERS, f"left out: {error.message}", name)
        return parent
    moving.report.note(FOLDERS, "made")
    return made.id


def _upload(moving: MoveIn, user: User, found: ImportedFile) -> UUID | None:
    """Store a file of a message; return its attachment, or None after noting why not."""
    name, path = moving.file(found.member)
    name = found.name or name
    if found.data is None and path is None:
        moving.report.note(FILES, "left out: not in the folder of files", name)
        return None
    try:
        if found.data is not None:
            stored = attachments.upload(user, ContentFile(found.data, name))
        else:
            assert path
            with path.open("rb") as stream:
                stored = attachments.upload(user, File(stream, name=name))
    except LangAIError:
        moving.report.note(FILES, "left out: of a type that cannot be read, too large or empty", name)
        return None
    moving.report.note(FILES, "moved")
    return stored.id
