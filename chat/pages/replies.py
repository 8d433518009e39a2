"""Views of one reply: show it, stop it, copy it, and open its thoughts and the passages that it cites."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.comparisons.access import open_comparison_of
from chat.conversations import access
from chat.live import runner, snapshots
from chat.models import Message
from chat.pages import check_text, comparisons, drawing, fragments, thoughts
from chat.pages import conversation as pages
from chat.turns import cited_sources
from chat.turns.citations import without_unknown
from langai_site.accounts.limits import costly, unlimited
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import NotFoundError
from search.language_names import in_language
from search.pages.document_page import drawn, heading_of


@require_POST
@by_person
@unlimited("What is being written can be stopped at any time.")
async def stop(request: HttpRequest, reply: UUID) -> HttpResponse:
    found = await as_user(request, _access_reply, reply)
    if found.status == Message.Status.STREAMING:
        await runner.stop(reply)
    return HttpResponse(status=204) if request.htmx else redirect("chat:conversation", found.conversation_id)  # type: ignore[attr-defined]


def _access_reply(user: User, reply: UUID) -> Message:
    return access.access_reply(user.id, reply)


def _reply_as_shown(user: User, reply: UUID) -> Message:
    return access.reply_as_shown(user.id, reply)


def _place_of(user: User, reply: UUID) -> str:
    return pages.place_of(_access_reply(user, reply).conversation, reply)


@require_safe
@costly
@by_person
async def reply(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show one reply as it is now, for pages whose socket is blocked. Opened directly, redirect to its page."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(await as_user(request, _place_of, reply))
    found = await as_user(request, _reply_as_shown, reply)
    if not found.is_live and (compared := open_comparison_of(found)):
        return await comparisons.one_answer(request, compared, reply)
    bubble = await drawing.bubble_of(found, await pages.snapshot_of(found))
    return await pages.drawn(request, "chat/bubble.html#bubble", {"bubble": bubble})


@require_safe
@costly
@by_person
async def source(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Send the answer as markdown, as it was written, but without citations: their numbers mean nothing elsewhere."""
    try:
        found = await as_user(request, _access_reply, reply)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    text = await drawing.off_loop(without_unknown, found.text, ())
    return HttpResponse(
        text, content_type="text/markdown; charset=utf-8", headers={"Cache-Control": "private, no-store"}
    )


@require_safe
@costly
@by_person
async def thinking(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show the model's thoughts so far: under their line in the thread, or as a separate page."""
    try:
        found = await as_user(request, _access_reply, reply)
        is_live = found.status == Message.Status.STREAMING
        text = await snapshots.thinking(reply) if is_live else None
        if text is None:
            # It may have ended meanwhile.
            found = await as_user(request, _access_reply, reply)
            text = found.thinking.text if found.thinking else None
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    if text is None and not is_live:
        raise NotFoundError(_("The model's thoughts are not stored with this answer."))
    html = await drawing.off_loop(thoughts.rendered, text or "")
    template = "chat/thinking.html#thought" if request.htmx else "chat/thinking.html"  # type: ignore[attr-defined]
    context = {"html": html, "name": fragments.short_id(reply), "url": request.path}
    return await pages.drawn(request, template, context | {"back_url": reverse("chat:reply", args=[reply])})


@require_safe
@costly
@by_person
async def citation(request: HttpRequest, reply: UUID, number: int) -> HttpResponse:
    """Show the passage that a number stands for: in the side panel, or as a separate page."""
    snapshot = await snapshots.snapshot(reply)
    try:
        excerpt, checks = await as_user(request, cited_sources.excerpt_with_checks, reply, number, snapshot)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = "chat/citation.html#panel" if request.htmx else "chat/citation.html"  # type: ignore[attr-defined]
    place = urlencode({"page": excerpt.page, "start": excerpt.start, "end": excerpt.end})
    shown_checks = check_text.shown_for(checks, number)
    context = {
        "excerpt": excerpt,
        "number": number,
        "drawn": await drawing.off_loop(drawn, excerpt),
        "heading": heading_of(excerpt),
        "place": fragments.place_of(excerpt),
        "language": in_language(excerpt.foreign),
        "checks": shown_checks,
        "is_doubtful": any(check.is_doubtful for check in shown_checks),
        "caution": check_text.CAUTION,
        "document_url": f"{reverse('search:source', args=[excerpt.source_id])}?{place}",
        "current_url": reverse("search:source", args=[excerpt.current]) if excerpt.current else "",
        "ask_url": f"{reverse('chat:new')}?document={excerpt.document}" if excerpt.document else "",
        "back_url": reverse("chat:reply", args=[reply]),
    }
    return render(request, template, context)
