"""The API with which programs manage documents: list what may be read, upload and delete what is managed."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Query

from documents import services
from documents.models import Document
from documents.services import library
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import InvalidError, UnreadableError
from langai_site.sensitivity import Sensitivity
from langai_site.web.api_errors import documented
from langai_site.web.stated_labels import HEADER, highest_stated, labels_in

S = TypeVar("S", bound=Schema)

router = Router(tags=["Documents"])
PAGE_MAX = 1_000_000
WORDS_MAX = 200
# Describes the multipart form of an upload. A thread reads the form; ninja would read it in the event loop.
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["collection", "file"],
                    "properties": {
                        "collection": {"type": "integer", "description": "One that you manage."},
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string", "maxLength": 300},
                        "sensitivity": {"type": "string", "enum": ["public", "internal", "confidential"]},
                    },
                }
            }
        },
    }
}


class CollectionOut(Schema):
    """A collection that you may read; `managed`: you may upload to it."""

    id: int
    name: str
    description: str
    label: str
    documents: int
    managed: bool


class DocumentOut(Schema):
    """A document. `status` is queued, working (with `progress` in per cent), ready or failed (with its `error`).

    `unread` says in words what of the file was not read, or was read with a doubt.
    """

    id: UUID
    title: str
    label: str
    status: str
    progress: int
    stage: str
    error: str
    unread: list[str]
    version: int
    file_name: str
    size: int
    pages: int | None
    added_at: datetime
    added_by: str


class DocumentInCollection(DocumentOut):
    collection: int


class DocumentList(Schema):
    """One page of `pages`; `found` documents fit."""

    documents: list[DocumentOut]
    found: int
    page: int
    pages: int


class CollectionList(Schema):
    collections: list[CollectionOut]


@router.get("/collections", auth=door(Scope.DOCUMENTS), response={200: CollectionList} | documented())
async def collections(request: HttpRequest) -> dict[str, Any]:
    """The collections that you may read, with the ids that search, chat and uploads take."""
    shelves = await apart(library.shelves, person_of(request))
    return {"collections": [_out(CollectionOut, shelf, shelf.label) for shelf in shelves]}


@router.get("/documents", auth=door(Scope.DOCUMENTS), response={200: DocumentList} | documented(404))
async def documents(
    request: HttpRequest,
    collection: int = Query(..., ge=1, le=2**31),
    q: str = Query("", max_length=WORDS_MAX, description="Words in title, file name or folder."),
    page: int = Query(1, ge=1, le=PAGE_MAX),
) -> dict[str, Any]:
    """The documents of a collection, newest first."""
    listed = await apart(_listing, person_of(request), collection, q, page)
    items = [_out(DocumentOut, item, item.label) for item in listed.items]
    return {"documents": items, "found": listed.found, "page": listed.page, "pages": listed.pages}


def _listing(user: User, collection: int, words: str, page: int) -> library.Listing:
    return library.listing(library.shelf(user, collection), words=words, page=page)


def _out(schema: type[S], value: object, label: Sensitivity, **more: object) -> S:
    named = {name: getattr(value, name) for name in schema.model_fields if name not in ("label", *more)}
    return schema(**named | {"label": label.slug} | more)


@router.post(
    "/documents",
    auth=door(Scope.DOCUMENTS),
    response={202: DocumentInCollection} | documented(404, 409, 413, 415),
    openapi_extra=UPLOAD,
)
async def upload(request: HttpRequest) -> Status[DocumentInCollection]:
    """Upload a file as multipart/form-data. It is read in the background: ask for its status."""
    user = person_of(request)
    # In a thread: a long upload is read from disk, hashed and copied.
    document = await apart(_uploaded, request, user)
    return Status(202, await _shown(user, document.pk))


def _uploaded(request: HttpRequest, user: User) -> Document:
    if request.content_type != "multipart/form-data":
        raise InvalidError("Send the file as multipart/form-data.", code="wrong_type", status=415)
    file, collection = request.FILES.get("file"), request.POST.get("collection", "")
    if file is None or not (collection.isascii() and collection.isdigit() and len(collection) < 10):
        raise UnreadableError("Send a “file”, and as “collection” the id of one that you manage.")
    return services.upload(
        collection=library.managed_collection(user, int(collection)),
        file=file,
        user=user,
        title=request.POST.get("title", "").replace("\0", ""),
        sensitivity=_label(request),
    )


def _label(request: HttpRequest) -> Sensitivity:
    try:
        fields = ((name, value) for name, values in request.POST.lists() for value in values)
        stated = highest_stated(request.headers.get(HEADER), *labels_in(fields))
    except InvalidError as error:
        raise UnreadableError(error.message) from None
    return stated or Sensitivity.PUBLIC


@router.get(
    "/documents/{uuid:document}", auth=door(Scope.DOCUMENTS), response={200: DocumentInCollection} | documented(404)
)
async def document(request: HttpRequest, document: UUID) -> DocumentInCollection:
    """One document, and how far it is on its way to being searched."""
    return await _shown(person_of(request), document)


async def _shown(user: User, document: UUID) -> DocumentInCollection:
    item, collection = await in_database_thread(library.item, user, document)
    return _out(DocumentInCollection, item, item.label, collection=collection.pk)


@router.delete("/documents/{uuid:document}", auth=door(Scope.DOCUMENTS), response={204: None} | documented(404))
async def delete(request: HttpRequest, document: UUID) -> Status[None]:
    """Delete a document that you manage, with all that search knows of it."""
    await apart(_deleted, person_of(request), document)
    return Status(204, None)


def _deleted(user: User, document: UUID) -> None:
    services.delete(library.managed_document(user, document))
