"""Two pages: search by meaning, and a passage in its document."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from langai_site.errors import Invalid, NotFound
from search.access import reader_of
from search.services import excerpt, find
from search.types import Excerpt, Findings, Hit, Reader

QUERY_MAX_CHARS = 1000
LIMIT = 20


@dataclass(frozen=True)
class Result:
    """A hit with the address of its passage."""

    hit: Hit
    url: str

    @property
    def percent(self) -> int:
        return round(self.hit.score * 100)


def search(request: HttpRequest) -> HttpResponse:
    """The passages nearest in meaning to `q`."""
    query = request.GET.get("q", "").strip()
    too_long = len(query) > QUERY_MAX_CHARS
    findings = _find(request, query) if query and not too_long else Findings()
    problem = f"Please search with at most {QUERY_MAX_CHARS:,} characters." if too_long else ""
    context = {
        "query": query[:QUERY_MAX_CHARS],
        "query_max": QUERY_MAX_CHARS,
        "problem": problem,
        "notice": findings.notice,
        "results": [Result(hit, passage_url(hit)) for hit in findings.hits],
        "searched": bool(query) and not too_long,
    }
    return render(request, "search/search.html", context, status=400 if too_long else 200)


def _reader(request: HttpRequest) -> Reader:
    if not request.user.is_authenticated:
        raise NotFound("Please sign in.")
    return reader_of(request.user)


def _find(request: HttpRequest, query: str) -> Findings:
    return async_to_sync(find)(query, _reader(request), limit=LIMIT)


def source(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """A page of a document, with the passage marked that `start` and `end` name."""
    page = _number(request.GET, "page", default=1)
    start, end = _number(request.GET, "start"), _number(request.GET, "end")
    shown = excerpt(_reader(request), source_id, page=page, start=start, end=end)
    context = {"excerpt": shown, "previous_url": _page_url(shown, -1), "next_url": _page_url(shown, +1)}
    return render(request, "search/source.html", context)


def passage_url(hit: Hit) -> str:
    query = urlencode({"page": hit.page, "start": hit.start, "end": hit.end})
    return f"{reverse('search:source', args=[hit.source_id])}?{query}#marked"


def _page_url(shown: Excerpt, step: int) -> str:
    number = shown.page + step
    return f"{reverse('search:source', args=[shown.source_id])}?page={number}" if 1 <= number <= shown.pages else ""


def _number(values: QueryDict, name: str, *, default: int = 0) -> int:
    value = values.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(f"The address of this passage is not right: {name} is not a number.")
    return int(value)
