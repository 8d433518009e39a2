"""Pages on which people share a conversation, and see and change their links. They only call services."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings as configured
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.models import Conversation, Share
from chat.pages.ordering import uuid_of
from chat.shares import links, reading
from chat.shares.links import ShareForm
from langai_site.accounts import sharing
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, InvalidError
from langai_site.sensitivity import Sensitivity

FORM, LIST = "chat/share.html", "chat/shares.html"
DAYS = {
    1: gettext_lazy("for a day"),
    7: gettext_lazy("for 7 days"),
    30: gettext_lazy("for 30 days"),
    90: gettext_lazy("for 90 days"),
    0: gettext_lazy("until I revoke it"),
}
FIRST_CHARS = 90
REFUSALS = (ConflictError, ForbiddenError, InvalidError)


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def share(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Show the form that shares a conversation; a post makes the link."""
    user = signed_in(request)
    row, offered = links.offered(user.pk, conversation)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            return _made(request, links.create(user, conversation, _form(request.POST)))
        except REFUSALS as error:
            refusal, status = error.shown, error.status
    chosen = set(request.POST.getlist("messages")) if refusal else {str(message.id) for message in offered}
    lines = [(str(one.id), one.role, _first_words(one.text), str(one.id) in chosen) for one in offered]
    context = _context(user, row, None, request.POST if refusal else None)
    context |= {"lines": lines, "links": links.listed(user.pk, conversation), "refusal": refusal}
    return render(request, FORM, context, status=status)


def _made(request: HttpRequest, share: Share) -> HttpResponse:
    messages.success(request, _("The link is ready. Copy it here, and send it to the people who may read it."))
    return redirect("chat:share-settings", share.id)


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= FIRST_CHARS else f"{line[:FIRST_CHARS]}…"


def _form(form: QueryDict) -> ShareForm:
    days = form.get("days", "0")
    chosen = [key for text in form.getlist("messages") if (key := uuid_of(text))]
    is_public = form.get("share") == "public"
    audience = Audience.read(form)
    return ShareForm(
        Audience(seen=audience.seen) if is_public else audience,
        chosen if form.get("which") == "some" else None,
        "sources" in form,
        "files" in form,
        is_public,
        int(days) if days.isascii() and days.isdigit() else -1,
    )


def _context(user: User, row: Conversation, share: Share | None, form: QueryDict | None) -> dict[str, Any]:
    form = None if share and form and sharing.is_stale(share, form) else form
    said: Mapping[str, Any] = form or {}
    context = {
        "conversation": row,
        "share": share,
        "sharing": sharing.context(share, user, form),
        "sources": "sources" in said if form else share.includes_sources if share else True,
        "files": "files" in said if form else bool(share and share.includes_files),
        "which": said.get("which", "all"),
        "days": [(days, words, str(days) == said.get("days", "30")) for days, words in DAYS.items()],
        "may_public": configured.PUBLIC_SHARES and row.label == Sensitivity.PUBLIC,
    }
    is_public = form.get("share") == "public" if form else bool(share and share.is_public)
    return context | ({"sharing": context["sharing"] | {"scope": "public"}} if is_public else {})


@require_http_methods(["GET", "HEAD", "POST"])
@costly
def settings(request: HttpRequest, share: UUID) -> HttpResponse:
    """Show a link with what can be changed of it; a post changes who may read it and what it shows."""
    user = signed_in(request)
    row = links.access_share(user.pk, share)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            links.change(user, share, _form(request.POST))
        except REFUSALS as error:
            refusal, status = error.shown, error.status
        else:
            messages.success(request, _("Saved."))
            return redirect("chat:share-settings", share)
    context = _context(user, row.conversation, row, request.POST if refusal else None)
    address = request.build_absolute_uri(reverse("chat:shared", args=[row.token]))
    return render(request, FORM, context | {"refusal": refusal, "address": address}, status=status)


@require_safe
@costly
def overview(request: HttpRequest) -> HttpResponse:
    """Show all links of a person, and those of others that name them."""
    user = signed_in(request)
    rows = [
        (row, _("everybody with the link") if row.is_public else sharing.words_of(row)) for row in links.listed(user.pk)
    ]
    return render(request, LIST, {"links": rows, "theirs": reading.shared_with(user)})


@require_POST
def update(request: HttpRequest, share: UUID) -> HttpResponse:
    updated = links.update(signed_in(request), share)
    chosen = _("The link now shows the latest version of the messages that you chose. Its address has not changed.")
    whole = _("The link now shows the latest version of the conversation. Its address has not changed.")
    messages.success(request, chosen if updated.shows_chosen else whole)
    return redirect("chat:share-settings", share)


@require_POST
def revoke(request: HttpRequest, share: UUID) -> HttpResponse:
    links.revoke(signed_in(request), share)
    messages.success(request, _("The link is closed. Nobody can open it any more."))
    return redirect("chat:shares")


@require_POST
def delete(request: HttpRequest, share: UUID) -> HttpResponse:
    links.delete(signed_in(request), share)
    messages.success(request, _("The link is deleted."))
    return redirect("chat:shares")
