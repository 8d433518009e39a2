"""Pages about answers whose documents changed: what changed in a passage, how an answer differs, and the notices.

Texts are compared on threads of their own: authors of documents choose them, and others must not wait for that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from chat.conversations import access
from chat.conversations.passage_changes import ShownChange
from chat.gaps import access as gaps
from chat.models import Message
from chat.pages import change_words
from chat.pages import conversation as pages
from chat.turns import change_notices
from chat.turns.change_notices import ShownNotice
from chat.verified import notices as verified_notices
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import NotFoundError
from search.passage_changes import differences

UNCHANGED = gettext_noop("This passage has not changed, or you may not read the document any more.")
ONLY_VERSION = gettext_noop("There is no earlier version of this answer to compare it with.")


@require_safe
@costly
@by_person
async def change(request: HttpRequest, reply: UUID, number: int) -> HttpResponse:
    """Show what changed in a cited passage, word by word: in the side panel, or as a separate page."""
    try:
        shown = await as_user(request, _change, reply, number)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = "chat/passage_change.html#panel" if request.htmx else "chat/passage_change.html"  # type: ignore[attr-defined]
    context = {
        "shown": shown,
        "pieces": await asyncio.to_thread(differences, shown.old, shown.new),
        "reply": reply,
        "current_url": _current_url(shown),
        "back_url": reverse("chat:reply", args=[reply]),
    }
    return await pages.drawn(request, template, context)


def _change(user: User, reply: UUID, number: int) -> ShownChange:
    for shown in access.reply_as_shown(user.id, reply).passage_changes:
        if shown.number == number and isinstance(shown, ShownChange):
            return shown
    raise NotFoundError(_(UNCHANGED))


def _current_url(shown: ShownChange) -> str:
    change = shown.change
    place = "" if shown.is_gone else f"?page={change.page}&start={change.start}&end={change.end}"
    # The mark of a passage that runs over to the next page would have no end on the first.
    place = place if change.page == change.end_page else f"?page={change.page}"
    return reverse("search:source", args=[change.source]) + place


@dataclass(frozen=True)
class _Versions:
    """Two answers to the same question, and the number of the earlier one."""

    earlier: Message
    answer: Message
    number: int


@require_safe
@costly
@by_person
async def differs(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show how an answer differs from the version before it, word by word."""
    try:
        versions = await as_user(request, _versions, reply)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    context = {
        "versions": versions,
        "pieces": await asyncio.to_thread(differences, versions.earlier.text, versions.answer.text),
        "back_url": reverse("chat:reply", args=[reply]),
    }
    return await pages.drawn(request, "chat/answer_differs.html", context)


def _versions(user: User, reply: UUID) -> _Versions:
    answer = access.reply_as_shown(user.id, reply)
    ids = list(answer.siblings)
    at = ids.index(answer.id)
    if not at:
        raise NotFoundError(_(ONLY_VERSION))
    return _Versions(access.access_reply(user.id, ids[at - 1]), answer, at)


@require_http_methods(["GET", "HEAD", "POST"])
@by_person
async def notices(request: HttpRequest) -> HttpResponse:
    """List the person's answers that rest on passages which changed; a post marks them as seen."""
    if request.method == "POST":
        await as_user(request, change_notices.mark_seen)
        return redirect("chat:changes")
    try:
        found = await as_user(request, change_notices.unseen)
        due = await as_user(request, verified_notices.unseen)
        answered = await as_user(request, gaps.found_for)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    return await pages.drawn(
        request, "chat/changes.html", {"rows": await asyncio.to_thread(_rows, found), "due": due, "answered": answered}
    )


def _rows(found: Sequence[ShownNotice]) -> list[dict[str, Any]]:
    return [
        {
            "title": notice.conversation_title,
            "url": f"{reverse('chat:conversation', args=[notice.conversation])}?reply={notice.reply}",
            "asked_at": notice.asked_at,
            "lines": [(shown, change_words.line_of(shown, notice.answer)) for shown in notice.changes],
            "reply": notice.reply,
        }
        for notice in found
    ]
