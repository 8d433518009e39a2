"""Views that delete a branch of a conversation, and bring it back."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat.conversations import access, deleting
from chat.conversations.deleting import DeletedBranch
from chat.live import runner
from chat.models import Conversation, Message
from chat.pages import conversation as pages
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import ConflictError


@require_http_methods(["GET", "HEAD", "POST"])
@by_person
async def delete(request: HttpRequest, message: UUID) -> HttpResponse:
    """Delete a message with all that follows it, and offer to undo it. Opened as a page, ask first."""
    if request.method != "POST":
        return await _question(request, message)
    try:
        gone = await as_user(request, _delete, message)
    except ConflictError as error:
        if request.htmx:  # type: ignore[attr-defined]
            raise
        return await _question(request, message, error.shown, error.status)
    await runner.stop_all(gone.running)
    return pages.moved(request, _place_after(gone))


def _place_after(gone: DeletedBranch) -> str:
    if gone.is_whole:
        return f"{reverse('chat:new')}?deleted={gone.conversation.id}"
    return f"{reverse('chat:conversation', args=[gone.conversation.id])}?undo={gone.message}"


async def _question(request: HttpRequest, message: UUID, refusal: str = "", status: int = 200) -> HttpResponse:
    try:
        found = await as_user(request, _access, message)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    context = {"message": found, "refusal": refusal}
    return await pages.drawn(request, "chat/delete_branch.html", context, status=status)


@require_POST
@by_person
async def restore(request: HttpRequest, message: UUID) -> HttpResponse:
    restored = await as_user(request, _restore, message)
    return pages.moved(request, reverse("chat:conversation", args=[restored.id]))


def _access(user: User, message: UUID) -> Message:
    return access.access_message(user.id, message)


def _delete(user: User, message: UUID) -> DeletedBranch:
    return deleting.delete(user.id, message)


def _restore(user: User, message: UUID) -> Conversation:
    return deleting.restore(user.id, message)
