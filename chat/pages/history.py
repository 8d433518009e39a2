"""Search in one's own conversations: a page, and its results in the sidebar while somebody types."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from chat.conversations import folders
from chat.history import finding
from chat.history.finding import FoundConversation, HistoryFilters, HistoryFindings
from chat.llm.built_in import BUILT_IN
from chat.pages import conversation as pages
from chat.pages import drawing
from chat.pages.ordering import uuid_of
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.outbound import catalogue
from langai_site.sensitivity import Sensitivity
from search.pages.marking import matcher
from search.pages.snippets import Match, SnippetPiece, snippet

PAGE = "chat/history.html"
# Characters of a result's text.
LENGTH = 180
PERIODS = ((7, _("the last 7 days")), (30, _("the last 30 days")), (365, _("the last year")))


@dataclass(frozen=True)
class Result:
    """A conversation that was found. `pieces` are a stretch of its newest matching message; without one, empty."""

    found: FoundConversation
    url: str
    pieces: Sequence[SnippetPiece]

    @property
    def more(self) -> int:
        """Return how many other messages of the conversation match."""
        return max(0, self.found.count - 1)


@require_safe
@costly
@by_person
async def search(request: HttpRequest) -> HttpResponse:
    """Show the conversations that match `q`. For htmx, only the results, or the sidebar's list if nothing is asked."""
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    query, filters = request.GET.get("q", "").strip()[: finding.QUERY_MAX_CHARS], filters_of(request.GET)
    try:
        user_id, choices = await as_user(request, _choices)
        if is_part and not query:
            context = await as_user(request, pages.list_context)
            return await pages.drawn(request, "chat/sidebar.html#sidebar", context | pages.shown_in(request, context))
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    # One more than are shown tells whether there are more.
    most = finding.SHOWN + 1
    found = await drawing.off_loop(partial(finding.find, user_id, request.GET.get("q", ""), filters, most=most))
    context = choices | await drawing.off_loop(_context, query, filters, found)
    return await pages.drawn(request, f"{PAGE}{'#sidebar' if is_part else ''}", context)


def _choices(user: User) -> tuple[int, dict[str, Any]]:
    """Return the person's id, and what their results can be narrowed to besides dates and labels."""
    models = [*catalogue.models(user.id), *BUILT_IN]
    return user.id, {"folder_rows": folders.tree(user.id), "history_models": models}


def filters_of(form: QueryDict) -> HistoryFilters:
    """Read the filters of a form; values that are not known filter nothing."""
    labels = {label.slug: label for label in Sensitivity}
    days = {str(number): number for number, _words in PERIODS}
    return HistoryFilters(
        labels.get(form.get("label", "")),
        days.get(form.get("days", "")),
        uuid_of(form.get("folder", "")),
        form.get("model", "").replace("\0", "")[:200],
        form.get("files") == "1",
    )


def _context(query: str, filters: HistoryFilters, findings: HistoryFindings) -> dict[str, Any]:
    matches = matching(query)
    return {
        "query": query,
        "query_max": finding.QUERY_MAX_CHARS,
        "filters": filters,
        "findings": findings,
        "results": [result_of(found, matches) for found in findings.found[: finding.SHOWN]],
        "is_cut": len(findings.found) > finding.SHOWN,
        "history_labels": list(Sensitivity),
        "periods": PERIODS,
    }


def matching(query: str) -> Callable[[str], Sequence[Match]]:
    """Return a function that finds the query's words in a text, and words that begin like its last one."""
    matches, last = matcher(query), query.split()[-1:]
    start = re.compile(rf"\b{re.escape(last[0])}\w*", re.IGNORECASE) if last and last[0].isalnum() else None

    def found(text: str) -> Sequence[Match]:
        begun = start.finditer(text) if start else ()
        return [*matches(text), *(Match(word.start(), word.end(), "last") for word in begun)]

    return found


def result_of(found: FoundConversation, matches: Callable[[str], Sequence[Match]]) -> Result:
    """Return a conversation that was found with its address and the stretch that shows why."""
    page = reverse("chat:conversation", args=[found.conversation.id])
    if found.message is None:
        return Result(found, page, ())
    text = " ".join(found.message.text[: finding.SNIPPET_CHARS].split())
    return Result(found, f"{page}?reply={found.message.id}", snippet(text, matches(text), LENGTH))
