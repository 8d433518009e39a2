"""The API with which programs search documents as people do."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from ninja import Field, Router, Schema
from ninja.params.functions import Header
from pydantic import ConfigDict

from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.callers import caller_of
from langai_site.usage.types import Caller
from langai_site.web.api_errors import documented
from langai_site.web.api_lists import Listed
from langai_site.web.stated_labels import HEADER, HEADER_WORDS, highest_stated
from search import services
from search.access import reader_of
from search.pages.forms import QUERY_MAX_CHARS
from search.types import Filters, Hit, Reader

router = Router(tags=["Search"])
LIMIT_MAX = 20


class Query(Schema):
    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=QUERY_MAX_CHARS)
    limit: int = Field(8, ge=1, le=LIMIT_MAX)
    collections: Listed[int] | None = Field(None, max_length=500, description="Search these alone, by their ids.")


class DocumentRef(Schema):
    id: UUID
    title: str
    file_name: str


class Location(Schema):
    """Where in the document: characters `start` to `end` of `page`, what people call the place, and its heading."""

    page: int
    start: int
    end: int
    name: str
    heading: str


class Metadata(Schema):
    """`language` is the two-letter code of the passage's language; empty if it is not clear."""

    collection: str
    document: DocumentRef
    location: Location
    language: str


class Passage(Schema):
    """A passage; its `score`, 0 to 1, is to be compared within one answer only."""

    id: int
    content: str
    metadata: Metadata
    score: float


class Found(Schema):
    """Passages, best first. `notice` says what could not be searched."""

    documents: list[Passage]
    query: str
    count: int
    notice: str


@router.post("/search", auth=door(Scope.SEARCH), response={200: Found} | documented(413, 415))
async def search(
    request: HttpRequest, body: Query, sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS)
) -> dict[str, Any]:
    """Passages that fit, by meaning and by words, among the documents that you may read."""
    stated = highest_stated(sensitivity) or Sensitivity.PUBLIC
    reader, caller, seen = await in_database_thread(_read_sender, person_of(request), body.query)
    label = highest(stated, seen)
    filters = Filters(None if body.collections is None else tuple(body.collections))
    query = body.query.replace("\0", "")
    found = await services.find(query, reader, label=label, filters=filters, limit=body.limit, caller=caller)
    documents = await in_database_thread(services.documents_of, [hit.source_id for hit in found.hits])
    passages = [_passage(hit, documents[hit.source_id]) for hit in found.hits if hit.source_id in documents]
    return {"documents": passages, "query": body.query, "count": len(passages), "notice": found.notice}


@router.api_operation(["GET", "HEAD"], "/search", auth=None, include_in_schema=False)
async def search_page(request: HttpRequest) -> HttpResponseBase:
    """Redirect a browser that opens this address to the search page."""
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('search:search')}{'?' if query else ''}{query}")


def _read_sender(user: User, query: str) -> tuple[Reader, Caller, Sensitivity]:
    """Return the reader, the caller and the label of the query. An external embedder gets nothing above its ceiling."""
    return reader_of(user), caller_of(user, "api"), services.label_of(query)


def _passage(hit: Hit, document: UUID) -> Passage:
    place = Location(page=hit.page, start=hit.start, end=hit.end, name=hit.location, heading=hit.heading)
    named = DocumentRef(id=document, title=hit.title, file_name=hit.file_name)
    metadata = Metadata(collection=hit.collection, document=named, location=place, language=hit.language)
    return Passage(id=hit.passage_id, content=hit.text, metadata=metadata, score=hit.score)
