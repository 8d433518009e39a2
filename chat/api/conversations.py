"""Operations that read, export and delete a person's conversations."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from ninja.params.functions import Query
from ninja.responses import NinjaJSONEncoder

from chat.api.schemas import (
    ConversationChange,
    ConversationFull,
    ConversationList,
    ConversationOut,
    label_of,
    message_of,
)
from chat.conversations import access, branches, export, folders, lists, ordering, verified_state
from chat.conversations.ordering import Action
from chat.live import runner
from chat.models import Conversation, Message
from chat.pages import drawing
from chat.turns import cited_sources
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError
from langai_site.web.api_errors import documented

router = Router(tags=["Conversations"])
# Messages written in one job: other people's pages wait for the same threads, and messages can be long.
AT_ONCE = 25
TYPES = {"json": "application/json; charset=utf-8", "markdown": "text/markdown; charset=utf-8"}
ENDINGS = {"json": "json", "markdown": "md"}
SWITCHES = {"pinned": (Action.PIN, Action.UNPIN), "archived": (Action.ARCHIVE, Action.UNARCHIVE)}
EXPORTS = {
    "responses": {
        200: {
            "description": "The conversation as a file.",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ConversationFull"}},
                "text/markdown": {"schema": {"type": "string"}},
            },
        }
    }
}


@router.get("", auth=door(Scope.CHAT), response={200: ConversationList} | documented(404))
async def conversations_list(
    request: HttpRequest,
    source: Literal["page", "api"] | None = Query(None, description="Only conversations that were started there."),
    after: str = Query("", max_length=100, description="`next` of the previous page."),
    folder: UUID | None = Query(None, description="Only conversations in this folder."),  # noqa: B008
    pinned: bool | None = Query(None, description="Only pinned ones, or only others."),
    archived: bool | None = Query(None, description="Only archived ones, or only others."),
) -> dict[str, Any]:
    """List your conversations, newest first."""
    place = access.ListPlace.read(after)
    if after and place is None:
        raise InvalidError("“after” is not a position in the list. Send “next” of the previous page, unchanged.")
    among = lists.narrowed(folder=folder, pinned=pinned, archived=archived)
    found, rest = await in_database_thread(_listed, person_of(request).pk, place, source, among, folder)
    return {"conversations": [_out(row) for row in found], "next": str(rest) if rest else None}


@router.get("/{uuid:conversation}", auth=door(Scope.CHAT), response={200: ConversationFull} | documented(404))
async def conversation(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Get one conversation with the messages of the branch that its page shows."""
    row = await in_database_thread(access.access_conversation, person_of(request).pk, conversation)
    return HttpResponse(await _json(row), content_type=TYPES["json"])


@router.patch("/{uuid:conversation}", auth=door(Scope.CHAT), response={200: ConversationOut} | documented(404))
async def conversation_change(request: HttpRequest, conversation: UUID, payload: ConversationChange) -> ConversationOut:
    """Rename, move, pin or archive a conversation. A move changes no label."""
    values = payload.dict(exclude_unset=True)
    return _out(await in_database_thread(_change, person_of(request).pk, conversation, values))


@transaction.atomic
def _change(user_id: int, conversation: UUID, values: Mapping[str, Any]) -> Conversation:
    row = access.access_conversation(user_id, conversation)
    if values.get("title") is not None:
        access.rename(user_id, row.id, values["title"])
    if "folder" in values:
        ordering.order(user_id, [row.id], Action.MOVE, values["folder"])
    for name, (on, off) in SWITCHES.items():
        if values.get(name) is not None:
            ordering.order(user_id, [row.id], on if values[name] else off)
    return access.access_conversation(user_id, row.id)


def _listed(
    user_id: int, place: access.ListPlace | None, source: str | None, among: Q, folder: UUID | None
) -> tuple[Sequence[Conversation], access.ListPlace | None]:
    if folder:
        folders.access_folder(user_id, folder)
    return access.listed(user_id, place, source, among)


@router.delete("/{uuid:conversation}", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def conversation_delete(request: HttpRequest, conversation: UUID) -> Status[None]:
    """Delete a conversation. An answer that is being written in it stops."""
    _, running = await in_database_thread(access.delete, person_of(request).pk, conversation)
    await runner.stop_all(running)
    return Status(204, None)


@router.get(
    "/{uuid:conversation}/export",
    auth=door(Scope.CHAT),
    response={200: None} | documented(404),
    openapi_extra=EXPORTS,
)
async def conversation_export(
    request: HttpRequest, conversation: UUID, format: Literal["json", "markdown"] = "json"
) -> HttpResponse:
    """Export the conversation as a file."""
    row = await in_database_thread(access.exported, person_of(request).pk, conversation)
    content = await (_markdown(row) if format == "markdown" else _json(row, indent=1))
    name = f"conversation-{row.created_at:%Y-%m-%d}-{str(row.id)[:8]}.{ENDINGS[format]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=TYPES[format], headers=headers)


async def _markdown(row: Conversation) -> bytes:
    return await _joined(f"{export.heading(row)}\n\n", "\n\n", await _pieces(row, export.markdown), "\n")


async def _json(row: Conversation, indent: int | None = None) -> bytes:
    """Return a ConversationFull as JSON, written in pieces, because a long one at once would hold up everybody."""
    separator = ",\n" if indent else ", "
    head = f'{_written(_out(row), indent)[:-1].rstrip()}{separator}"messages": ['
    return await _joined(
        head, separator, await _pieces(row, partial(_messages, indent=indent, owner=row.owner_id)), "]}"
    )


async def _joined(head: str, separator: str, pieces: Iterable[bytes], end: str) -> bytes:
    """Join the pieces with a single copy, off the event loop: some conversations have megabytes."""
    between = (part for piece in pieces for part in (separator.encode(), piece))
    parts = [head.encode(), *islice(between, 1, None), end.encode()]
    return await drawing.off_loop(b"".join, parts)


def _messages(messages: Iterable[Message], indent: int | None, owner: int) -> str:
    every = list(messages)
    checks = cited_sources.readable_checks(owner, every)
    verified_state.attach(owner, every)
    return ", ".join(_written(message_of(message, checks[message.id]), indent) for message in every)


def _written(value: Schema, indent: int | None) -> str:
    return json.dumps(value.model_dump(), cls=NinjaJSONEncoder, ensure_ascii=False, indent=indent)


async def _pieces(row: Conversation, told: Callable[[Iterable[Message]], str]) -> list[bytes]:
    """Return the branch that the page shows, its messages written by `told`, in pieces that take turns with others."""
    ids = await drawing.off_loop(branches.ids, row)
    pieces = [await drawing.off_loop(_piece, chunk, told) for chunk in branches.chunks(ids, AT_ONCE)]
    return [piece for piece in pieces if piece]


def _piece(ids: Sequence[UUID], told: Callable[[Iterable[Message]], str]) -> bytes:
    return told(branches.read(ids)).encode()


def _out(row: Conversation) -> ConversationOut:
    return ConversationOut(**_values(row))


def _values(row: Conversation) -> dict[str, Any]:
    names = ("id", "title", "source", "created_at", "updated_at", "expires_at")
    order = {"folder": row.folder_id, "pinned": row.pinned_at is not None, "archived": row.archived_at is not None}
    values = {name: getattr(row, name) for name in names}
    return values | {"label": label_of(row.label), "keep": row.keeping} | order
