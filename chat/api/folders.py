"""Lists a person's folders for programs."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from chat.api.schemas import FolderList
from chat.conversations import folders
from chat.conversations.folders import FolderRow
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.web.api_errors import documented

router = Router(tags=["Conversations"])


@router.get("", auth=door(Scope.CHAT), response={200: FolderList} | documented())
async def folders_list(request: HttpRequest) -> dict[str, Any]:
    """List your folders."""
    return await in_database_thread(_listed, person_of(request).pk)


def _listed(user_id: int) -> dict[str, Any]:
    rows = folders.tree(user_id, counted=True)
    return {"folders": [_out(one) for row in rows for one in (row, *row.inner)]}


def _out(row: FolderRow) -> dict[str, Any]:
    folder = row.folder
    names = ("id", "name", "instructions", "collections")
    return {name: getattr(folder, name) for name in names} | {
        "parent": folder.parent_id,
        "conversations": row.count,
    }
