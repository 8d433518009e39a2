"""Pages that show conversations, and posts that change one. They only call services."""

from collections.abc import Collection
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import access, deleting, forks
from chat.live import runner
from chat.models import Conversation, Message
from chat.pages import conversation as pages
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.database.writer import apart
from langai_site.sensitivity import Sensitivity
from langai_site.stale_forms import SEEN
from langai_site.web.stated_labels import highest_stated


@require_safe
@by_person
async def new(request: HttpRequest) -> HttpResponse:
    try:
        context = await as_user(request, pages.new_context, request.GET)
    except SignedOutError:
        return redirect("account_login")
    return await pages.drawn(request, pages.PAGE, context)


@require_safe
@by_person
async def sidebar(request: HttpRequest) -> HttpResponse:
    """Draw the list of conversations for other pages, or an older part of it, which is appended to the list."""
    after = access.ListPlace.read(request.GET.get("after", ""))
    if not request.htmx:  # type: ignore[attr-defined]
        context = await as_user(request, pages.page_context)
        context |= await as_user(request, pages.list_context, after)
        return await pages.drawn(request, pages.PAGE, context)
    context = await as_user(request, pages.list_context, after)
    context |= pages.shown_in(request, context)
    return await pages.drawn(request, f"chat/sidebar.html#{'listed' if after else 'sidebar'}", context)


@require_safe
@costly
@by_person
async def conversation(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Show the end of a conversation, the part `before` a message, or the branch with a message (`reply`)."""
    try:
        if reply := request.GET.get("reply"):
            return redirect(await as_user(request, _show, conversation, reply))
        if before := request.GET.get("before"):
            return await pages.earlier_page(request, conversation, before)
        if undo := request.GET.get("undo"):
            gone = await as_user(request, _deleted_branch, undo)
            return await pages.latest_page(request, conversation, deleted_branch=gone)
        return await pages.latest_page(request, conversation)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")


def _deleted_branch(user: User, message: str) -> Message | None:
    return deleting.deleted(user.id, message)


def _show(user: User, conversation: UUID, message: str) -> str:
    """Switch to the branch that has a message; return the address that shows the message."""
    try:
        key = UUID(message)
    except ValueError:
        return reverse("chat:conversation", args=[conversation])
    return pages.place_of(access.show(user.id, key), key)


@require_POST
@by_person
async def lower_label(request: HttpRequest, conversation: UUID) -> HttpResponse:
    form = request.POST
    label, seen = (highest_stated(*form.getlist(name)) for name in ("label", SEEN))
    lowered = await as_user(request, _lower_label, conversation, label, form.get("reason", ""), seen)
    return pages.moved(request, reverse("chat:conversation", args=[lowered.id]))


def _lower_label(
    user: User, conversation: UUID, label: Sensitivity | None, reason: str, seen: Sensitivity | None
) -> Conversation:
    return access.lower_label(user.id, conversation, label, reason, seen)


@require_POST
def rename(request: HttpRequest, conversation: UUID) -> HttpResponse:
    renamed = access.rename(request.user.id, conversation, request.POST.get("title", ""))  # type: ignore[arg-type]
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:conversation", conversation)
    is_open = str(conversation) in (request.htmx.current_url or "")  # type: ignore[attr-defined]
    context = {"item": renamed, "conversation": renamed if is_open else None, "folder": renamed.folder, "oob": True}
    return render(request, "chat/page.html#renamed", context)


@require_POST
@by_person
async def fork(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Open a new conversation that begins with the branch up to a reply."""
    user = await as_user(request, _same)
    new = await apart(forks.fork, user, reply)
    return pages.moved(request, reverse("chat:conversation", args=[new.id]))


def _same(user: User) -> User:
    return user


@require_POST
@by_person
async def delete(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Hide a conversation and offer to restore it; a reply in it is stopped. A page that shows it moves on."""
    deleted, running = await as_user(request, _delete, conversation)
    await runner.stop_all(running)
    if request.htmx and request.POST.get("open") != str(conversation):  # type: ignore[attr-defined]
        return render(request, "chat/page.html#undo", {"deleted": deleted})
    return pages.moved(request, f"{reverse('chat:new')}?deleted={conversation}")


def _delete(user: User, conversation: UUID) -> tuple[Conversation, Collection[UUID]]:
    return access.delete(user.id, conversation)


@require_POST
def restore(request: HttpRequest, conversation: UUID) -> HttpResponse:
    access.restore(request.user.id, conversation)  # type: ignore[arg-type]
    return pages.moved(request, reverse("chat:conversation", args=[conversation]))
