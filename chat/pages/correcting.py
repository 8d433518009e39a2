"""Views in which a person corrects an answer, reads what the model had written, and puts it back."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.conversations import access, corrections
from chat.markdown import rendering
from chat.models import Message
from chat.pages import conversation as pages
from chat.pages import drawing, fragments
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import LangAIError, NotFoundError
from langai_site.sensitivity import Sensitivity
from langai_site.web.error_middleware import with_headers
from langai_site.web.stated_labels import highest_stated


@require_http_methods(["GET", "HEAD", "POST"])
@by_person
async def correct(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show the form in which an answer is corrected; store the correction, or put the original back."""
    if request.method != "POST":
        try:
            return await _form(request, reply)
        except SignedOutError:
            return redirect(f"{reverse('account_login')}?next={request.path}")
    form = request.POST
    text, label = form.get("text", ""), highest_stated(*form.getlist("label"))
    try:
        if "original" in form:
            corrected = await as_user(request, _put_back, reply)
        else:
            corrected = await as_user(request, _correct, reply, text, label)
    except LangAIError as error:
        if request.htmx or isinstance(error, SignedOutError | NotFoundError):  # type: ignore[attr-defined]
            raise
        try:
            return with_headers(await _form(request, reply, text, error), error)
        except NotFoundError:
            raise error from None
    return await _corrected_response(request, corrected)


async def _corrected_response(request: HttpRequest, reply: Message) -> HttpResponse:
    """Answer with the corrected bubble; empty if the page's socket is open, which draws it."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(await drawing.off_loop(pages.place_of, reply.conversation, reply.id))
    if request.headers.get("X-Socket") == "open":
        return HttpResponse(status=204)
    frame = await drawing.corrected_frame(reply)
    return HttpResponse(frame + fragments.label_frame(reply.conversation), headers={"HX-Reswap": "none"})


async def _form(request: HttpRequest, reply: UUID, text: str = "", error: LangAIError | None = None) -> HttpResponse:
    found = await as_user(request, _access, reply)
    context = {
        "bubble": await drawing.bubble_of(found),
        "text": text or found.text,
        "refusal": error.shown if error else "",
        "is_corrected": found.original is not None,
        "max_chars": corrections.most_chars(found),
    }
    template = "chat/correct.html#editing" if request.htmx else "chat/correct.html"  # type: ignore[attr-defined]
    return await pages.drawn(request, template, context, status=error.status if error else 200)


@require_safe
@costly
@by_person
async def original(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Show what the model had written before its person corrected it: under the answer, or as a page."""
    try:
        found = await as_user(request, _access, reply)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    if found.original is None:
        raise NotFoundError(_("This answer is as the model wrote it."))
    cites = fragments.cite_urls(reply, sorted(citation.number for citation in found.citations.all()))
    context = {
        "html": fragments.safe(await drawing.off_loop(rendering.render, found.original, cites)),
        "bubble": await drawing.bubble_of(found),
        "back_url": reverse("chat:reply", args=[reply]),
    }
    template = "chat/original.html#original" if request.htmx else "chat/original.html"  # type: ignore[attr-defined]
    return await pages.drawn(request, template, context)


def _access(user: User, reply: UUID) -> Message:
    return access.reply_as_shown(user.id, reply)


def _correct(user: User, reply: UUID, text: str, label: Sensitivity | None) -> Message:
    return corrections.correct(user.id, reply, text, label=label)


def _put_back(user: User, reply: UUID) -> Message:
    return corrections.put_back(user.id, reply)
