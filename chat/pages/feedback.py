"""Pages on which people say what they think of an answer, and on which owners and admins read what was said."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.conversations import feedback, feedback_review
from chat.models import Message
from chat.models.feedback import Feedback, Reason
from chat.pages import conversation as pages
from chat.pages import fragments
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import LangAIError

TEMPLATE = "chat/feedback.html"
PERIODS = (30, 90, 365)
GOOD, BAD = "good", "bad"


@require_http_methods(["GET", "HEAD", "POST"])
@by_person
async def opinion(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show the form in which a person says what they think of an answer, or save it."""
    if request.method == "POST":
        return await _saved(request, reply)
    try:
        context = await as_user(request, _context, reply)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")
    return await pages.drawn(request, TEMPLATE, context | {"is_open": True})


async def _saved(request: HttpRequest, reply: UUID) -> HttpResponse:
    form, is_part = request.POST, bool(request.htmx)  # type: ignore[attr-defined]
    try:
        context = await as_user(request, _save, reply, form)
    except LangAIError as error:
        if is_part or isinstance(error, SignedOutError) or "explains" not in form:
            raise
        context = await as_user(request, _context, reply)
        context |= {"is_open": True, "refusal": error.shown, "comment": form.get("comment", "")}
        return await pages.drawn(request, TEMPLATE, context, status=error.status)
    if is_part:
        return await pages.drawn(request, f"{TEMPLATE}#saved", context)
    if context["is_open"]:
        return redirect("chat:feedback", reply)
    return redirect(await as_user(request, _place_of, reply))


def _save(user: User, reply: UUID, form: Any) -> dict[str, Any]:  # noqa: ANN401 - a QueryDict
    """Save what a form says, and return what to draw. A thumb alone opens the form for the reasons."""
    says, explains = form.get("opinion", ""), "explains" in form
    if says not in (GOOD, BAD):
        feedback.withdraw(user.id, reply)
    elif explains:
        reasons, comment = form.getlist("reason"), form.get("comment", "")
        feedback.explain(
            user.id, reply, good=says == GOOD, reasons=reasons, comment=comment, shared=bool(form.get("shared"))
        )
    else:
        feedback.rate(user.id, reply, good=says == GOOD)
    is_known = says in (GOOD, BAD)
    return _context(user, reply) | {"is_open": is_known and not explains, "is_saved": is_known and explains}


def _context(user: User, reply_id: UUID) -> dict[str, Any]:
    reply, given = feedback.of(user.id, reply_id)
    return context_of(reply, given)


def context_of(reply: Message, given: Feedback | None) -> dict[str, Any]:
    """Return what the buttons and the form show."""
    return {
        "bubble": fragments.Bubble(reply.id, reply.role, opinion=fragments.opinion_words(given)),
        "given": given,
        "comment": given.comment if given else "",
        "reasons": [(reason, given is not None and reason.value in given.reasons) for reason in Reason],
        "comment_max": feedback.COMMENT_MAX,
        "cites": reply.citations.exists(),
        "back_url": reverse("chat:reply", args=[reply.id]),
    }


def _place_of(user: User, reply_id: UUID) -> str:
    reply, _given = feedback.of(user.id, reply_id)
    return pages.place_of(reply.conversation, reply.id)


@require_safe
@costly
@by_person
async def review(request: HttpRequest) -> HttpResponse:
    """Show owners and admins what people say of answers."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else PERIODS[0]
    try:
        found = await as_user(request, feedback_review.review, days)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    context = {"review": found, "days": days, "periods": PERIODS, "tables": tables(found)}
    return await pages.drawn(request, "chat/feedback_review.html", context)


def tables(found: feedback_review.FeedbackReview) -> list[tuple[str, str, Any]]:
    """Return the tables with their headings and what their first column is called."""
    by_collection = _("By cited collection") if found.is_admin else _("Your collections")
    of_all = [(_("By model"), _("Model"), found.models), (_("By label"), _("Label"), found.labels)]
    return [(by_collection, _("Collection"), found.collections), *(of_all if found.is_admin else [])]
