"""The API with which programs manage documents: list what may be read, upload and delete what is managed."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.params.functions import Query

from documents import care, services
from documents.models import EXTERNAL_ID_MAX, Document
from documents.services import library
from documents.upload_form import UploadFields
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import MalformedError
from langai_site.sensitivity import Sensitivity
from langai_site.web.api_errors import documented

S = TypeVar("S", bound=Schema)

router = Router(tags=["Documents"])
PAGE_MAX = 1_000_000
WORDS_MAX = 200
FILE = {"type": "string", "format": "binary"}
PARTS = {"type": "string", "description": "Instead of a file: the id of a complete upload."}
TITLE = {"type": "string", "maxLength": 300}
SENSITIVITY = {"type": "string", "enum": ["public", "internal", "confidential"]}
COLLECTION = {"type": "integer", "description": "One that you manage."}
EXTERNAL_ID = {
    "type": "string",
    "maxLength": EXTERNAL_ID_MAX,
    "description": "How your program names the document, such as its address; unique in the collection.",
}


def _form(required: tuple[str, ...], **fields: dict[str, Any]) -> dict[str, Any]:
    """Describe the multipart form of an upload. A thread reads the form; ninja would read it in the event loop."""
    schema = {"type": "object", "required": list(required), "properties": fields}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


OWNER = {"type": "string", "description": "Who looks after it: an owner of the collection. Empty for nobody."}
REVIEW_BY = {"type": "string", "description": "The day by which it is to be reviewed, like 2027-01-31. Empty for none."}
CARE = {"owner": OWNER, "review_by": REVIEW_BY}


UPLOAD = _form(
    ("collection",),
    collection=COLLECTION,
    file=FILE,
    upload=PARTS,
    title=TITLE,
    sensitivity=SENSITIVITY,
    external_id=EXTERNAL_ID,
    **CARE,
)
SYNC = _form(
    ("collection", "external_id"),
    upload=PARTS,
    collection=COLLECTION,
    external_id={**EXTERNAL_ID, "minLength": 1},
    file=FILE,
    title=TITLE,
    sensitivity=SENSITIVITY,
    **CARE,
)
REPLACE = _form((), file=FILE, upload=PARTS, title=TITLE, sensitivity=SENSITIVITY, **CARE)


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

    `unread` names the parts of the file that were not read, or are uncertain. `external_id` is how the program
    that keeps the document up to date names it. `owner` is the name of the person who looks after it, as people see it,
    and `review_by` the day by which they should review it.
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
    external_id: str
    owner: str
    review_by: date | None


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
    external_id: str = Query("", max_length=EXTERNAL_ID_MAX, description="Only the document that has this one."),
) -> dict[str, Any]:
    """The documents of a collection, newest first."""
    listed = await apart(_listing, person_of(request), collection, q, page, external_id)
    items = [_out(DocumentOut, item, item.label) for item in listed.items]
    return {"documents": items, "found": listed.found, "page": listed.page, "pages": listed.pages}


def _listing(user: User, collection: int, words: str, page: int, external_id: str) -> library.Listing:
    if external_id:
        return library.of_external_id(library.shelf(user, collection), external_id)
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
    form = UploadFields(request)
    collection = library.managed_collection(user, form.collection)
    checked = care.checked(form.collection, form.care)
    return services.upload(
        collection=collection,
        file=form.file(user),
        user=user,
        title=form.title,
        sensitivity=form.label or Sensitivity.PUBLIC,
        external_id=form.external_id,
        care=checked,
    )


@router.put(
    "/documents",
    auth=door(Scope.DOCUMENTS),
    response={200: DocumentInCollection, 202: DocumentInCollection} | documented(404, 409, 413, 415),
    openapi_extra=SYNC,
)
async def put(request: HttpRequest) -> Status[DocumentInCollection]:
    """Create the document with this `external_id`, or replace its file.

    With the same file as before nothing is read again, and the answer is 200. A title and a label are changed where
    they are given; a label only rises.
    """
    return await _synced(request, _put)


def _put(request: HttpRequest, user: User) -> services.SyncResult:
    form = UploadFields(request)
    if not form.external_id:
        raise MalformedError("Send as “external_id” how your program names the document.")
    return services.put(library.managed_collection(user, form.collection), form.external_id, form.wanted(user))


@router.put(
    "/documents/{uuid:document}",
    auth=door(Scope.DOCUMENTS),
    response={200: DocumentInCollection, 202: DocumentInCollection} | documented(404, 409, 413, 415),
    openapi_extra=REPLACE,
)
async def replace(request: HttpRequest, document: UUID) -> Status[DocumentInCollection]:
    """Replace a document's file. Until the new one is read, the version before is searched.

    With the same file as before nothing is read again, and the answer is 200. A title and a label are changed where
    they are given; a label only rises.
    """
    return await _synced(request, lambda request, user: _replaced(request, user, document))


def _replaced(request: HttpRequest, user: User, document: UUID) -> services.SyncResult:
    found = library.managed_document(user, document)
    return services.bring_to(found, UploadFields(request).wanted(user))


async def _synced(
    request: HttpRequest, work: Callable[[HttpRequest, User], services.SyncResult]
) -> Status[DocumentInCollection]:
    user = person_of(request)
    synced = await apart(work, request, user)
    return Status(202 if synced.is_queued else 200, await _shown(user, synced.document.pk))


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
