"""Operations on the files that programs attach to messages. They call the same services as the pages."""

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from chat.conversations import attachments
from chat.conversations.attachments import AttachedFile
from langai_site.accounts import partial_uploads
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import InvalidError, MalformedError
from langai_site.web.api_errors import documented
from langai_site.web.stated_labels import HEADER_WORDS, highest_in_form

router = Router(tags=["Files"])
# Describes the multipart form of an upload. A thread reads the form; ninja would read it in the event loop.
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "upload": {"type": "string", "description": "Instead: the id of a complete upload."},
                        "sensitivity": {
                            "type": "string",
                            "enum": ["public", "internal", "confidential"],
                            "description": HEADER_WORDS,
                        },
                    },
                }
            }
        },
    }
}


class FileOut(Schema):
    """A file for a message. `state` is waiting, ready or failed; `words` say the same to a person, or why it failed.

    `pages` is null until it is read. `picture`: models that see pictures are shown it.
    """

    id: UUID
    name: str
    media_type: str
    size: int
    state: Literal["waiting", "ready", "failed"]
    words: str
    pages: int | None
    picture: bool


def _out(file: AttachedFile) -> FileOut:
    return FileOut(
        id=file.id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        state=file.state.state,
        words=file.state.words,
        pages=file.state.pages,
        picture=file.is_picture,
    )


@router.post(
    "/files", auth=door(Scope.CHAT), response={202: FileOut} | documented(404, 409, 413, 415), openapi_extra=UPLOAD
)
async def upload(request: HttpRequest) -> Status[FileOut]:
    """Upload a file as multipart/form-data, and send its id as one of `attachments` with a message.

    A message waits for its files to be read. A file that is not sent within a day is deleted.
    """
    return Status(202, _out(await apart(_uploaded, request, person_of(request))))


def _uploaded(request: HttpRequest, user: User) -> AttachedFile:
    if request.content_type != "multipart/form-data":
        raise InvalidError("Send the file as multipart/form-data.", code="wrong_type", status=415)
    file = partial_uploads.sent_file(user.pk, request.FILES.get("file"), request.POST.get("upload"))
    if file is None:
        raise MalformedError("Send a “file”, or as “upload” the id of one that is complete.")
    with file:
        return attachments.upload(user, file, highest_in_form(request.headers, request.POST))


@router.get("/files/{uuid:file}", auth=door(Scope.CHAT), response={200: FileOut} | documented(404))
async def file(request: HttpRequest, file: UUID) -> FileOut:
    """One file, and how far it is on its way to being read."""
    return _out(await in_database_thread(_found, person_of(request).pk, file))


def _found(user_id: int, file: UUID) -> AttachedFile:
    return attachments.shown([attachments.access(user_id, file)])[0]


@router.delete("/files/{uuid:file}", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def delete(request: HttpRequest, file: UUID) -> Status[None]:
    """Delete a file that was not sent with a message. Those that were go with their conversation."""
    await apart(attachments.remove, person_of(request).pk, file)
    return Status(204, None)
