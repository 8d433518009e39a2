"""Operations on files that are uploaded in parts. The form that a whole file would go to takes the finished one."""

import re
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Schema, Status
from pydantic import Field

from langai_site import registry
from langai_site.accounts import partial_uploads
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.keys import Credential
from langai_site.accounts.models import PartialUpload
from langai_site.accounts.partial_uploads import PART_MB
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart
from langai_site.errors import MalformedError, NotFoundError
from langai_site.web.api_errors import documented

router = Router(tags=["Uploads"])
RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
BINARY = {"type": "string", "format": "binary"}
PART = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": BINARY}}}}


def register() -> None:
    registry.nightly_job("unfinished uploads", partial_uploads.sweep)
    registry.upload_place(
        r"/api/uploads/(?P<upload>[^/]+)", files=1, check=by_owner, methods=("PUT",), megabytes=PART_MB
    )


class NewUpload(Schema):
    """A file of `size` bytes. It is for a document of `collection`, or for a message if there is none."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=2**40)]
    collection: Annotated[int | None, Field(ge=1, le=2**31)] = None


class UploadOut(Schema):
    """An upload: `received` bytes of it are stored. A part has at most `part_max` bytes."""

    id: UUID
    name: str
    size: int
    received: int
    part_max: int


def _out(row: PartialUpload) -> UploadOut:
    return UploadOut(id=row.pk, name=row.name, size=row.size, received=row.received, part_max=PART_MB * 1024 * 1024)


def by_owner(credential: Credential, upload: str) -> None:
    """Raise NotFoundError unless the upload is the sender's: asked before the web process reads a part."""
    try:
        key = UUID(upload)
    except ValueError:
        raise NotFoundError("This upload is not known.") from None
    partial_uploads.access(credential.user.pk, key)


@router.post("", auth=door(Scope.DOCUMENTS), response={201: UploadOut} | documented(404, 409, 413, 415))
async def begin(request: HttpRequest, upload: NewUpload) -> Status[UploadOut]:
    """Begin to upload a file in parts. It is kept for a day after its last part.

    Type, size and room are checked now. When all parts are sent, name the upload as `upload` in the form that takes a
    whole file: `POST /api/documents`, `PUT /api/documents`, `PUT /api/documents/{document}` or `POST /api/files`.
    """
    name = upload.name.replace("\0", "")
    begun = await apart(partial_uploads.begin, person_of(request), name, upload.size, upload.collection)
    return Status(201, _out(begun))


@router.get("/{uuid:upload}", auth=door(Scope.DOCUMENTS), response={200: UploadOut} | documented(404))
async def show(request: HttpRequest, upload: UUID) -> UploadOut:
    """Say how much of the file has arrived: after a broken connection, continue there."""
    return _out(await apart(partial_uploads.access, person_of(request).pk, upload))


@router.put(
    "/{uuid:upload}",
    auth=door(Scope.DOCUMENTS),
    response={200: UploadOut} | documented(404, 409, 413),
    openapi_extra=PART,
)
async def receive(
    request: HttpRequest,
    upload: UUID,
    content_range: Annotated[str, Header(alias="Content-Range", description="Such as bytes 0-8388607/20000000.")],
) -> UploadOut:
    """Send the next part. Content-Range says which bytes of the file it has; they begin where the last part ended."""
    start, length = _place(content_range)
    return _out(await apart(partial_uploads.receive, person_of(request).pk, upload, start, length, request))


def _place(content_range: str) -> tuple[int, int]:
    """Return where a part begins and how many bytes it has."""
    found = RANGE.fullmatch(content_range)
    first, last, size = map(int, found.groups()) if found else (0, -1, 0)
    if not found or not first <= last < size:
        raise MalformedError("Write Content-Range like “bytes 0-8388607/20000000”.")
    return first, last - first + 1


@router.delete("/{uuid:upload}", auth=door(Scope.DOCUMENTS), response={204: None} | documented(404))
async def cancel(request: HttpRequest, upload: UUID) -> Status[None]:
    """Delete what has arrived of the file."""
    await apart(partial_uploads.cancel, person_of(request).pk, upload)
    return Status(204, None)
