"""The page that shows a document's text."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from langai_site import document_uses
from langai_site.accounts.session import signed_in
from langai_site.errors import InvalidError
from search.access import reader_of
from search.pages.plain_words import plain_words
from search.pages.results import MARKDOWN, kind_of
from search.places import page_text, place_text, unit_name
from search.services import open_page
from search.types import VERIFIED_ANSWER, Excerpt, OpenPage


@require_safe
def source(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Show a page of a document, with the passage from `start` to `end` marked."""
    page = _number(request.GET, "page", default=1)
    start, end = _number(request.GET, "start"), _number(request.GET, "end")
    opened = open_page(reader_of(signed_in(request)), source_id, page=page, start=start, end=end)
    return render(request, "search/source.html", _context(opened))


def _context(opened: OpenPage) -> dict[str, Any]:
    shown = opened.excerpt
    name = opened.names.get(shown.page, "")
    unit = _unit(name, shown.page)
    return {
        "opened": opened,
        "excerpt": shown,
        "drawn": drawn(shown),
        "location": place_text(shown.location),
        "heading": heading_of(shown),
        "kind": kind_of(opened.media_type),
        "is_verified_answer": opened.media_type == VERIFIED_ANSWER,
        "name": "" if unit else name,
        "unit": unit_name(unit or "page"),
        "previous": _beside(opened, -1),
        "next": _beside(opened, +1),
        "parts": [(label, _page_url(opened, page), label == name) for page, label in _parts(opened)],
        "current_url": reverse("search:source", args=[shown.current]) if shown.current else "",
    }


def drawn(shown: Excerpt) -> SafeString | None:
    """Return the HTML of a page of a markdown document; None for other formats, which are shown as they are."""
    draw = document_uses.passage_drawing()
    if shown.media_type != MARKDOWN or draw is None:
        return None
    html = draw(shown.before, shown.marked, shown.after)
    return None if html is None else mark_safe(html)  # noqa: S308 - sanitised, by the same rules as answers


def heading_of(shown: Excerpt) -> str:
    """Return the heading above the marked passage, without signs of markdown."""
    return plain_words(shown.heading) if shown.media_type == MARKDOWN else shown.heading


def _unit(name: str, page: int) -> str:
    """Return the unit of a page name that only counts: `slide 4` of page 4 is a slide. Empty for other names."""
    return name.removesuffix(f" {page}") if name.endswith(f" {page}") else ""


def _parts(opened: OpenPage) -> tuple[tuple[int, str], ...]:
    """Return the parts worth listing: not slides that are only numbered."""
    return () if all(_unit(label, page) for page, label in opened.parts) else opened.parts


def _beside(opened: OpenPage, step: int) -> tuple[str, str] | None:
    """Return the name and address of a neighbouring page, `step` pages away."""
    number = opened.excerpt.page + step
    if number not in opened.names:
        return None
    return place_text(opened.names[number]) or page_text(number), _page_url(opened, number)


def _page_url(opened: OpenPage, page: int) -> str:
    return f"{reverse('search:source', args=[opened.excerpt.source_id])}?{urlencode({'page': page})}"


def _number(values: QueryDict, name: str, *, default: int = 0) -> int:
    value = values.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise InvalidError(_("The address of this passage is not right: %(name)s is not a number.") % {"name": name})
    return int(value)
