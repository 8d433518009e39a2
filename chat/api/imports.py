"""Operations that import conversations from a file of another program, or of LangAI."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from chat.models import Transfer
from chat.transfers import access
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import InvalidError, MalformedError
from langai_site.web.api_errors import documented
from langai_site.web.stated_labels import highest_in_form

router = Router(tags=["Imports"])
# As of an upload: a thread reads the form.
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "sensitivity": {
                            "type": "string",
                            "enum": ["public", "internal", "confidential"],
                            "description": "The lowest label of what is imported; detections can raise it.",
                        },
                    },
                }
            }
        },
    }
}


class LeftOut(Schema):
    """Something that was not imported: why, how often, and a few of its names."""

    reason: str
    count: int
    examples: list[str]


class ItemCounts(Schema):
    """What became of the prompts or assistants of a file; `same` are those that you had already."""

    found: int
    imported: int
    same: int
    broken: int


class ImportReport(Schema):
    """What became of the conversations: `found` is the sum of the four after it. `files` are those of messages."""

    programs: list[str]
    found: int
    imported: int
    updated: int
    same: int
    broken: int
    files: int
    prompts: ItemCounts | None
    assistants: ItemCounts | None
    left_out: list[LeftOut]


class ImportOut(Schema):
    """An import. `error` says why it failed. `report` grows while it runs and is complete when `state` is done."""

    id: UUID
    file_name: str
    size: int
    state: Literal["queued", "working", "done", "failed"]
    percent: int
    error: str | None
    report: ImportReport | None
    created_at: datetime
    ended_at: datetime | None = Field(description="The report is kept for 7 days after this.")


class ImportList(Schema):
    imports: list[ImportOut]


@router.post("", auth=door(Scope.CHAT), response={202: ImportOut} | documented(409, 413, 415), openapi_extra=FORM)
async def import_start(request: HttpRequest) -> Status[dict[str, Any]]:
    """Upload an export of ChatGPT, Claude, Open WebUI or LangAI as multipart/form-data; it is imported soon after.

    Importing the same file again adds nothing twice.
    """
    return Status(202, _out(await apart(_started, request, person_of(request))))


def _started(request: HttpRequest, user: User) -> Transfer:
    if request.content_type != "multipart/form-data":
        raise InvalidError("Send the file as multipart/form-data.", code="wrong_type", status=415)
    file = request.FILES.get("file")
    if file is None:
        raise MalformedError("Send the export as “file”.")
    return access.start_import(user, file, highest_in_form(request.headers, request.POST))


@router.get("", auth=door(Scope.CHAT), response={200: ImportList} | documented())
async def imports_list(request: HttpRequest) -> dict[str, Any]:
    """List your imports of the last 7 days, newest first."""
    rows = await in_database_thread(access.listed, person_of(request).pk)
    return {"imports": [_out(row) for row in rows if row.kind == Transfer.Kind.IMPORT]}


@router.get("/{uuid:transfer}", auth=door(Scope.CHAT), response={200: ImportOut} | documented(404))
async def import_read(request: HttpRequest, transfer: UUID) -> dict[str, Any]:
    """Read how far an import is, and what was found, imported and left out."""
    return _out(await in_database_thread(_access_import, person_of(request).pk, transfer))


@router.delete("/{uuid:transfer}", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def import_remove(request: HttpRequest, transfer: UUID) -> Status[None]:
    """Remove an import with its file and report; one that runs stops. What was imported stays."""
    await in_database_thread(_remove, person_of(request).pk, transfer)
    return Status(204, None)


def _access_import(user_id: int, transfer: UUID) -> Transfer:
    row = access.access_transfer(user_id, transfer)
    if row.kind != Transfer.Kind.IMPORT:
        raise access.TransferGoneError(_(access.GONE))
    return row


def _remove(user_id: int, transfer: UUID) -> None:
    access.remove(user_id, _access_import(user_id, transfer).pk)


def _out(row: Transfer) -> dict[str, Any]:
    names = ("id", "file_name", "size", "percent", "created_at", "ended_at")
    report = {"programs": [], "prompts": None, "assistants": None, "left_out": [], **row.report} if row.report else None
    return {name: getattr(row, name) for name in names} | {
        "state": row.status,
        "error": row.error or None,
        "report": report,
    }
