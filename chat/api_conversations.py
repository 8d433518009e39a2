"""Programs read, keep and delete their person's conversations."""

import json
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from ninja.responses import NinjaJSONEncoder

from chat.api_schemas import ConversationFull, ConversationList, ConversationOut, label_of, message_of
from chat.models import Conversation, Message
from chat.services import conversations, exporting, runner
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.scopes import Scope
from langai_site.api_errors import documented
from langai_site.errors import Invalid
from langai_site.writer import write

router = Router(tags=["Conversations"])
TYPES = {"json": "application/json", "markdown": "text/markdown; charset=utf-8"}
ENDINGS = {"json": "json", "markdown": "md"}
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


@router.get("", auth=door(Scope.CHAT), response={200: ConversationList} | documented())
async def conversations_list(
    request: HttpRequest,
    source: Literal["page", "api"] | None = Query(None, description="Only those that were begun there."),
    after: str = Query("", max_length=100, description="`next` of the page before."),
) -> dict[str, Any]:
    """Your conversations, newest first."""
    place = conversations.Place.read(after)
    if after and place is None:
        raise Invalid("“after” is no place in the list. Send “next” of the page before as it was.")
    found, rest = await write(conversations.listed, person_of(request).pk, place, source)
    return {"conversations": [_out(row) for row in found], "next": str(rest) if rest else None}


@router.get("/{uuid:conversation}", auth=door(Scope.CHAT), response={200: ConversationFull} | documented(404))
async def conversation(request: HttpRequest, conversation: UUID) -> ConversationFull:
    """One conversation with the messages of the branch that its page shows."""
    return _full(*await write(_branch, person_of(request).pk, conversation))


@router.delete("/{uuid:conversation}", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def conversation_delete(request: HttpRequest, conversation: UUID) -> Status:
    """Delete a conversation; what is being written in it stops."""
    await runner.stop_shown(await write(conversations.delete, person_of(request).pk, conversation))
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
    """The same as a file to keep."""
    row, branch = await write(_branch, person_of(request).pk, conversation)
    if format == "markdown":
        text = exporting.markdown(row, branch)
    else:
        text = json.dumps(_full(row, branch).model_dump(), cls=NinjaJSONEncoder, ensure_ascii=False, indent=1)
    name = f"conversation-{row.created_at:%Y-%m-%d}-{str(row.id)[:8]}.{ENDINGS[format]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=TYPES[format], headers=headers)


def _branch(user_id: int, conversation_id: UUID) -> tuple[Conversation, list[Message]]:
    found = conversations.access_conversation(user_id, conversation_id)
    return found, conversations.branch(found)


def _out(row: Conversation) -> ConversationOut:
    return ConversationOut(**_values(row))


def _full(row: Conversation, branch: list[Message]) -> ConversationFull:
    return ConversationFull(**_values(row), messages=[message_of(message) for message in branch])


def _values(row: Conversation) -> dict[str, Any]:
    names = ("id", "title", "source", "created_at", "updated_at")
    return {name: getattr(row, name) for name in names} | {"label": label_of(row.label)}
