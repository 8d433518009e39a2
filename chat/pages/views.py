"""Pages and posts of chat: thin doors to the services. The posts do their database work in one hop."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import access, chosen_collections, drafts
from chat.live import runner, snapshots
from chat.models import Conversation, Message
from chat.pages import conversation as pages
from chat.pages import drawing, fragments, receipt_text
from chat.routing.route import AUTO
from chat.turns import cited_sources, previews, storage
from langai_site.accounts.limits import costly, counted_as_page, unlimited
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOut, as_user, by_person
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from langai_site.web.error_middleware import with_headers
from langai_site.web.stated_labels import highest_stated


def new_context(user: User, deleted: str | None) -> dict[str, Any]:
    """The new chat's page, with the offer to bring back the conversation that was deleted just now."""
    return pages.page_context(user) | {"deleted": access.deleted(user.id, deleted) if deleted else None}


@require_safe
@by_person
async def new(request: HttpRequest) -> HttpResponse:
    try:
        context = await as_user(request, new_context, request.GET.get("deleted"))
    except SignedOut:
        return redirect("account_login")
    return await pages.drawn(request, pages.PAGE, context)


@require_safe
@by_person
async def sidebar(request: HttpRequest) -> HttpResponse:
    """The list of conversations, for the pages of other rooms; or its older part, to be added to what is shown."""
    after = access.Place.read(request.GET.get("after", ""))
    if not request.htmx:  # type: ignore[attr-defined]
        context = await as_user(request, pages.page_context)
        context |= await as_user(request, pages.list_context, after)
        return await pages.drawn(request, pages.PAGE, context)
    context = await as_user(request, pages.list_context, after)
    shown = request.htmx.current_url or ""  # type: ignore[attr-defined]
    items = (item for _heading, items in context["groups"] for item in items)
    context["conversation"] = next((item for item in items if f"/conversations/{item.id}/" in shown), None)
    return await pages.drawn(request, f"{pages.PAGE}#{'listed' if after else 'sidebar'}", context)


@require_safe
@costly
@by_person
async def conversation(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """The end of a conversation; with `before`, what stands before a message; `reply` shows another version of it."""
    try:
        if reply := request.GET.get("reply"):
            return redirect(await as_user(request, _show, conversation, reply))
        if before := request.GET.get("before"):
            return await pages.earlier_page(request, conversation, before)
        return await pages.latest_page(request, conversation)
    except SignedOut:
        return redirect(f"{reverse('account_login')}?next={request.path}")


def _show(user: User, conversation: UUID, reply: str) -> str:
    """Show the branch that holds a reply; the address at which the reply is then seen."""
    try:
        key = UUID(reply)
    except ValueError:
        return reverse("chat:conversation", args=[conversation])
    return pages.place_of(access.show(user.id, key), key)


async def begin(
    request: HttpRequest, open_turn: Callable[[User], storage.Started], replaces: str = ""
) -> storage.Started:
    """Open a turn for whoever is signed in, and start its reply."""
    begun = await runner.begin(lambda: as_user(request, open_turn), replaces)
    return begun.started


@by_person
async def start(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("chat:new")
    try:
        started = await begin(request, lambda user: storage.post(user, None, **message_of(request)))
    except LangAIError as error:
        return await refused(request, error)
    return moved(request, reverse("chat:conversation", args=[started.conversation]))


def message_of(request: HttpRequest) -> dict[str, Any]:
    """A posted message, as `turns.post` takes it. Raises Invalid."""
    form = request.POST
    return {
        "text": form.get("text", ""),
        "model": form.get("model", AUTO),
        "collections": form.getlist("collections"),
        "label": highest_stated(*form.getlist("label")),
        "options": drafts.options(form),
    }


def pick_of(request: HttpRequest) -> drafts.Pick:
    """Which model is to answer again, and what of the passages it is given."""
    form = request.POST
    return drafts.Pick(form.get("model", ""), form.get("models") == "local", form.get("passages") == "allowed")


def moved(request: HttpRequest, url: str) -> HttpResponse:
    """On to another page: htmx fetches it into this one."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(url)
    return HttpResponse(headers={"HX-Redirect": url})


async def refused(request: HttpRequest, error: LangAIError, conversation: UUID | None = None) -> HttpResponse:
    """Tell why a message was not taken. Without JavaScript the page comes again, with the text still in it."""
    if request.htmx or isinstance(error, SignedOut) or "text" not in request.POST:  # type: ignore[attr-defined]
        raise error
    if conversation:
        page = await pages.latest_page(request, conversation, request.POST, refusal=error.message)
    else:
        context = await as_user(request, pages.page_context, form=request.POST)
        page = await pages.drawn(request, pages.PAGE, context | {"refusal": error.message})
    page.status_code = error.status
    return with_headers(page, error)


@by_person
async def post(request: HttpRequest, conversation: UUID) -> HttpResponse:
    if request.method != "POST":
        return redirect("chat:conversation", conversation)
    try:
        started = await begin(request, lambda user: storage.post(user, conversation, **message_of(request)))
    except LangAIError as error:
        return await refused(request, error, conversation)
    return await begun(request, started, is_new=True)


@require_POST
@by_person
async def retry(request: HttpRequest, reply: UUID) -> HttpResponse:
    pick = pick_of(request)
    started = await begin(request, lambda user: storage.retry(user, reply, pick), replaces=str(reply))
    return await begun(request, started)


@require_POST
@by_person
async def resume(request: HttpRequest, reply: UUID) -> HttpResponse:
    pick = pick_of(request)
    started = await begin(request, lambda user: storage.resume(user, reply, pick), replaces=str(reply))
    return await begun(request, started)


async def begun(request: HttpRequest, started: storage.Started, *, is_new: bool = False) -> HttpResponse:
    """A page with an open socket is drawn by it; one without gets what now follows in its thread.

    `is_new`: the question is new, and not one that is answered again.
    """
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:conversation", started.conversation)
    if request.headers.get("X-Socket") == "open":
        return HttpResponse(status=204)
    if "before=" in (request.htmx.current_url or ""):  # type: ignore[attr-defined]
        return moved(request, reverse("chat:conversation", args=[started.conversation]))
    frame = await pages.new_end(request, started.conversation, is_new=is_new)
    return HttpResponse(frame, headers={"HX-Reswap": "none"})


@require_POST
@by_person
@counted_as_page
async def preview(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """What would become of the message in the composer. A POST, so that the text does not end up in access logs."""
    draft = draft_of(request)
    before = await as_user(request, previews.before, conversation, draft)
    context = receipt_text.preview(await previews.preview(*before, draft)) if draft.text.strip() else {}
    return render(request, "chat/page.html#preview", context)


def draft_of(request: HttpRequest) -> previews.Draft:
    message = message_of(request)
    return previews.Draft(
        text=message["text"][: settings.MESSAGE_MAX_CHARS],
        pick=drafts.Pick(drafts.model(message["model"])),
        label=message["label"],
        options=message["options"],
        documents=chosen_collections.NONE not in message["collections"],
    )


@require_POST
@by_person
async def lower_label(request: HttpRequest, conversation: UUID) -> HttpResponse:
    form = request.POST
    label = highest_stated(*form.getlist("label"))
    lowered = await as_user(request, _lower_label, conversation, label, form.get("reason", ""))
    return moved(request, reverse("chat:conversation", args=[lowered.id]))


def _lower_label(user: User, conversation: UUID, label: Sensitivity | None, reason: str) -> Conversation:
    return access.lower_label(user.id, conversation, label, reason)


@require_POST
@by_person
@unlimited("What is being written can be stopped at any time.")
async def stop(request: HttpRequest, reply: UUID) -> HttpResponse:
    found = await as_user(request, _access_reply, reply)
    if found.status == Message.Status.STREAMING:
        await runner.stop(reply)
    return HttpResponse(status=204) if request.htmx else redirect("chat:conversation", found.conversation_id)  # type: ignore[attr-defined]


def _delete(user: User, conversation: UUID) -> Conversation:
    return access.delete(user.id, conversation)


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
    """One reply as it stands: what a page polls whose socket is blocked. Opened by itself, the page that shows it."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(await as_user(request, _place_of, reply))
    found = await as_user(request, _reply_as_shown, reply)
    bubble = await drawing.bubble_of(found, await pages.snapshot_of(found))
    return await pages.drawn(request, f"{pages.PAGE}#bubble", {"bubble": bubble})


@require_safe
@costly
@by_person
async def citation(request: HttpRequest, reply: UUID, number: int) -> HttpResponse:
    """The passage that a number stands for: in the side panel, or as a page of its own."""
    snapshot = await snapshots.snapshot(reply)
    try:
        excerpt = await as_user(request, cited_sources.excerpt, reply, number, snapshot)
    except SignedOut:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = "chat/citation.html#panel" if request.htmx else "chat/citation.html"  # type: ignore[attr-defined]
    place = urlencode({"page": excerpt.page, "start": excerpt.start, "end": excerpt.end})
    context = {
        "excerpt": excerpt,
        "place": fragments.place_of(excerpt),
        "document_url": f"{reverse('search:source', args=[excerpt.source_id])}?{place}",
        "current_url": reverse("search:source", args=[excerpt.current]) if excerpt.current else "",
        "back_url": reverse("chat:reply", args=[reply]),
    }
    return render(request, template, context)


@require_POST
def rename(request: HttpRequest, conversation: UUID) -> HttpResponse:
    renamed = access.rename(request.user.id, conversation, request.POST.get("title", ""))  # type: ignore[arg-type]
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:conversation", conversation)
    is_open = str(conversation) in (request.htmx.current_url or "")  # type: ignore[attr-defined]
    context = {"item": renamed, "conversation": renamed if is_open else None, "oob": True}
    return render(request, "chat/page.html#renamed", context)


@require_POST
@by_person
async def delete(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Hide a conversation and offer it back; what is being written in it stops. A page that shows it moves on."""
    deleted = await as_user(request, _delete, conversation)
    await runner.stop_shown(deleted)
    if request.htmx and request.POST.get("open") != str(conversation):  # type: ignore[attr-defined]
        return render(request, "chat/page.html#undo", {"deleted": deleted})
    return moved(request, f"{reverse('chat:new')}?deleted={conversation}")


@require_POST
def restore(request: HttpRequest, conversation: UUID) -> HttpResponse:
    access.restore(request.user.id, conversation)  # type: ignore[arg-type]
    return moved(request, reverse("chat:conversation", args=[conversation]))
