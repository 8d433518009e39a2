"""The search page."""

import asyncio
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from langai_site.accounts import limits
from langai_site.accounts.session import SignedOutError, signed_in
from langai_site.database.writer import in_database_thread
from langai_site.request_id import carried
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import drawn
from langai_site.web import languages
from search.access import reader_of
from search.models import Collection, Source
from search.pages import forms, results
from search.pages.marking import matcher
from search.services import find, label_of
from search.services.comparing import question_language
from search.types import Findings, Reader

LIMIT = 30


@require_safe
@login_not_required
async def search(request: HttpRequest) -> HttpResponse:
    """Show what matches `q`, by document. While a person types, htmx requests only the results."""
    part = bool(request.htmx)  # type: ignore[attr-defined]
    try:
        context = await in_database_thread(_context, request, part)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    languages.speak(request, request.user)  # type: ignore[arg-type]
    form: forms.SearchForm = context["form"]
    if form.ready:
        await limits.acount(limits.PAGES, settings.RATE_LIMIT_PAGES, limits.person(request.user))  # type: ignore[arg-type]
    found = await _found(form, context["reader"], context["label"]) if form.ready else Findings()
    # In a thread: this takes milliseconds in which the event loop could not continue other answers.
    documents = await asyncio.to_thread(carried(_documents), form, found)
    context |= {"notice": drawn(found.notice), "findings": found, "documents": documents, "part": part}
    context["found_words"] = results.found_words(len(found.hits), len(documents))
    response = render(request, f"search/search.html{'#found' if part else ''}", context)
    if part:
        response["HX-Replace-Url"] = request.path + form.address()
    # Otherwise the browser may show only the results when the person returns to the page.
    patch_vary_headers(response, ["HX-Request"])
    return response


def _documents(form: forms.SearchForm, found: Findings) -> list[results.FoundDocument]:
    return results.by_document(found.hits, matcher(form.query), question_language(form.query))


async def _found(form: forms.SearchForm, reader: Reader, label: Sensitivity) -> Findings:
    return await find(form.query, reader, label=label, filters=form.filters, limit=LIMIT)


def _context(request: HttpRequest, part: bool) -> dict[str, Any]:
    """Return the context: form, reader and label of the query. The full page also gets the choices of its filters."""
    reader, form = reader_of(signed_in(request)), forms.read(request.GET)
    collections = {} if part and not form.collections else _collections(reader)
    context = {
        "form": form,
        "reader": reader,
        "label": label_of(form.query),
        "chosen": results.chosen(form, collections),
        "query_max": forms.QUERY_MAX_CHARS,
        "without_filters": form.address(filtered=False),
    }
    return context if part else context | {"collections": collections, "kinds": _kinds(reader)}


def _collections(reader: Reader) -> dict[int, str]:
    return dict(Collection.objects.filter(pk__in=reader.collections).values_list("pk", "name"))


def _kinds(reader: Reader) -> list[tuple[str, str]]:
    """Return the types of documents that the reader can find, with their names, sorted by name."""
    live = Source.objects.live().filter(collection__in=reader.collections).order_by()
    types = live.values_list("media_type", flat=True).distinct()
    return sorted(((media_type, results.kind_of(media_type)) for media_type in types), key=lambda kind: kind[1].lower())
