"""Takes over the knowledge of an Open WebUI: each becomes a collection with its readers and files."""

from collections.abc import Mapping
from typing import Any

from django.core.files import File
from django.db import transaction

from documents.models import Document
from documents.services.files import SameFileError, unreadable
from documents.services.uploads import upload
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.openwebui import Grant, MoveIn
from search.models import Collection

THING, FILES = "collections", "documents"
NAME_MAX = 100
MARK = "openwebui"
NOT_THERE = "left out: not in the folder of files"
NO_FOLDER = "left out: no folder of files was given (--files)"
UNREADABLE = "left out: of a type that cannot be read, too large or empty"


def move(moving: MoveIn) -> None:
    """Make a collection of each knowledge, with the people and teams that may read it there.

    Writing includes reading; managing stays with its owner.
    """
    grants = moving.grants("knowledge")
    files: dict[str, list[str]] = {}
    for row in moving.database.rows("knowledge_file", "knowledge_id", "file_id"):
        files.setdefault(row["knowledge_id"], []).append(str(row["file_id"]))
    for row in moving.database.rows("knowledge", "id", "user_id", "name", "description"):
        _move_one(moving, row, grants.get(row["id"], []), files.get(row["id"], []))
    folders = moving.database.count("knowledge_directory")
    moving.report.note(FILES, "were in folders of a knowledge: LangAI's collections have none", count=folders)


def _move_one(moving: MoveIn, row: Mapping[str, Any], grants: list[Grant], files: list[str]) -> None:
    owner = moving.people.get(row["user_id"])
    if owner is None:
        moving.report.note(THING, "left out: their owner was left out", str(row["name"]))
        return
    if moving.dry_run:
        moving.report.note(THING, "made", str(row["name"]))
        for key in files:
            _would_move(moving, key)
        return
    collection, is_new = _collection(row, User.objects.get(pk=owner))
    moving.report.note(THING, "made" if is_new else "are here already", collection.name)
    if is_new:
        _open_to(moving, collection, grants)
    for key in files:
        _move_file(moving, collection, str(row["id"]), key)


@transaction.atomic
def _collection(row: Mapping[str, Any], owner: User) -> tuple[Collection, bool]:
    """Return the collection that an earlier run made, or a new one. One of that name that others made is not used."""
    # Others may give their documents such ids by the API: then they uploaded them.
    mine = Document.objects.filter(uploaded_by=None, collection__kind=Collection.Kind.LIBRARY)
    moved = mine.filter(external_id__startswith=f"{MARK}:{row['id']}:").select_related("collection").first()
    if moved:
        return moved.collection, False
    wanted = " ".join(str(row["name"] or "").split())[: NAME_MAX - 20] or "Knowledge"
    for name in (wanted, f"{wanted} (Open WebUI)", f"{wanted} ({str(row['id'])[:8]})"):
        found = Collection.objects.filter(name=name, kind=Collection.Kind.LIBRARY).first()
        if found is None:
            made = Collection.objects.create(name=name, description=str(row["description"] or ""))
            made.owners.add(owner)
            return made, True
        if found.owners.filter(pk=owner.pk).exists() and not found.documents.exists():
            return found, False
    raise LangAIError(f"There are three collections of the name “{wanted}” already. Rename one, then run this again.")


def _open_to(moving: MoveIn, collection: Collection, grants: list[Grant]) -> None:
    for grant in grants:
        if grant.is_everyone:
            collection.everyone = True
            collection.save()
        elif grant.kind == "group" and grant.key in moving.teams:
            collection.teams.add(moving.teams[grant.key])
        elif grant.kind == "user" and grant.key in moving.people:
            collection.users.add(moving.people[grant.key])
        else:
            moving.report.note("readers of collections", "left out: the person or the group was left out")
            continue
        moving.report.note("readers of collections", "moved")


def _would_move(moving: MoveIn, key: str) -> None:
    name, path = moving.file(key)
    if path is None:
        moving.report.note(FILES, _missing(moving), name)
    elif unreadable(name, path.stat().st_size):
        moving.report.note(FILES, UNREADABLE, name)
    else:
        moving.report.note(FILES, "queued for reading")


def _missing(moving: MoveIn) -> str:
    return NOT_THERE if moving.files else NO_FOLDER


def _move_file(moving: MoveIn, collection: Collection, knowledge: str, key: str) -> None:
    name, path = moving.file(key)
    if path is None:
        moving.report.note(FILES, _missing(moving), name)
        return
    mark = f"{MARK}:{knowledge}:{key}"
    try:
        with path.open("rb") as stream:
            upload(collection=collection, file=File(stream, name=name), user=None, external_id=mark)
    except SameFileError:
        moving.report.note(FILES, "are here already")
    except LangAIError:
        moving.report.note(FILES, UNREADABLE, name)
    else:
        moving.report.note(FILES, "queued for reading")
