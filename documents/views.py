"""The Library: the documents that a person may read, and their files."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_safe
from django.views.decorators.vary import vary_on_headers

from documents.extraction.registry import accepted
from documents.pages.fields import labels, numbers_of, uuid_of
from documents.services import changing, own, quotas, reviews, sharing
from documents.services.library import (
    NEWEST,
    ORDERS,
    STATES,
    Shelf,
    listing,
    move_targets,
    shelf,
    shelves,
    unread_shelves,
)
from documents.services.originals import original as access_original
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in

WORDS_MAX = 200
PAGE_DIGITS = 6
CHUNK = 256 * 1024
# Each column with its two orders, starting with that of the first click.
COLUMNS = {
    gettext_noop("Title"): ("title", "-title"),
    gettext_noop("Pages"): ("longest", "shortest"),
    gettext_noop("Size"): ("largest", "smallest"),
    gettext_noop("Cited"): ("cited", "-cited"),
    gettext_noop("Added"): (NEWEST, "oldest"),
}


@dataclass(frozen=True)
class LibraryPlace:
    """The part of a collection that is shown: an address of its page."""

    collection: int
    words: str = ""
    order: str = NEWEST
    state: str = ""

    def url(self, page: int = 1) -> str:
        values = {
            "q": self.words,
            "state": self.state,
            "sort": self.order if self.order != NEWEST else "",
            "page": page if page > 1 else "",
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{reverse('documents:collection', args=[self.collection])}{'?' if query else ''}{query}"


@dataclass(frozen=True)
class LibraryColumn:
    """A column's heading: where a click on it leads, and its current order in ARIA's terms."""

    name: str
    url: str
    sorted: str


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    removed = numbers_of(request.GET, "removed")
    is_admin = person.is_staff and person.is_superuser
    context = {
        "shelves": shelves(person),
        "unread": unread_shelves(person),
        "looks_after": reviews.looked_after(person).exists(),
        "may_make": own.may_make(person),
        "removed": own.removed_collection(person, removed[0]) if removed else None,
        "is_admin": is_admin,
        "proposals": sharing.waiting().count() if is_admin else 0,
    }
    return render(request, "documents/library.html", context)


@require_safe
@vary_on_headers("HX-Target")
def collection(request: HttpRequest, collection: int) -> HttpResponse:
    """Show a collection's documents, filtered, sorted and paged; htmx gets only the list."""
    person = signed_in(request)
    found = shelf(person, collection)
    order, state = request.GET.get("sort", ""), request.GET.get("state", "")
    place = LibraryPlace(
        collection,
        request.GET.get("q", "").strip()[:WORDS_MAX],
        order if order in ORDERS else NEWEST,
        state if state in STATES else "",
    )
    listed = listing(found, words=place.words, order=place.order, page=_page(request), state=place.state)
    context = {
        "shelf": found,
        "listing": listed,
        "place": place,
        "words_max": WORDS_MAX,
        "orders": ORDERS,
        "states": STATES,
        "columns": [_column(place, name) for name in COLUMNS],
        "busy": any(item.is_busy for item in listed.items),
        "here": place.url(listed.page),
        "previous_url": place.url(listed.page - 1) if listed.page > 1 else "",
        "next_url": place.url(listed.page + 1) if listed.page < listed.pages else "",
    }
    if found.managed:
        context |= _for_owners(request, person, found)
    fragment = "#documents" if request.headers.get("HX-Target") == "documents" else ""
    return render(request, f"documents/collection.html{fragment}", context)


def _for_owners(request: HttpRequest, person: User, shelf: Shelf) -> dict[str, Any]:
    """Return what those who manage a collection see besides: the undo, where documents can go, and what fits."""
    deleted = uuid_of(request.GET.get("deleted", ""))
    return {
        "deletion": changing.deletion(person, shelf.id, deleted),
        "targets": move_targets(person, shelf.id, is_own=shelf.is_own),
        "most": changing.MOST,
        "labels": labels(),
        "quota": quotas.quota_of(person.pk) if shelf.is_own else None,
        "upload_max": settings.UPLOAD_MAX_MB * quotas.MB,
        "accepted": accepted(),
    }


def _page(request: HttpRequest) -> int:
    page = request.GET.get("page", "")
    return int(page) if page.isdecimal() and len(page) <= PAGE_DIGITS else 1


def _column(place: LibraryPlace, name: str) -> LibraryColumn:
    first, second = COLUMNS[name]
    is_sorted = place.order in COLUMNS[name]
    direction = "descending" if ORDERS[place.order].descending else "ascending"
    url = replace(place, order=second if place.order == first else first).url()
    return LibraryColumn(name, url, direction if is_sorted else "")


@require_safe
@costly
def review(request: HttpRequest) -> HttpResponse:
    """List the documents that a person looks after: those that are due first, then those that matter most."""
    person = signed_in(request)
    return render(request, "documents/review.html", {"rows": reviews.to_review(person), "most": reviews.SHOWN})


@require_GET
def original(request: HttpRequest, document: UUID) -> StreamingHttpResponse:
    """Send the uploaded file as a download, never shown in place, so that nothing in it runs on this site."""
    found = access_original(signed_in(request), document)
    headers = {
        "Content-Length": str(found.size),
        "Content-Disposition": content_disposition_header(True, found.name) or "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(_chunks(found.path), content_type=found.media_type, headers=headers)


async def _chunks(path: str) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(open, path, "rb")
    try:
        while data := await asyncio.to_thread(file.read, CHUNK):
            yield data
    finally:
        file.close()
