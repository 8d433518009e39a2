"""The view that lets a model write what a person could ask next."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from chat.conversations import access
from chat.live import asking_next
from chat.models import Message
from chat.pages import conversation as pages
from chat.pages import suggestions
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user, by_person


@require_POST
@by_person
async def suggest(request: HttpRequest, reply: UUID) -> HttpResponse:
    """Let a model suggest questions; without JavaScript on the conversation's page."""
    user_id = await as_user(request, _id)
    written = await asking_next.written(user_id, reply)
    found = await as_user(request, _reply, reply)
    context = await as_user(request, lambda user: suggestions.context_of(user.id, found, written))
    if request.htmx:  # type: ignore[attr-defined]
        return await pages.drawn(request, f"{suggestions.TEMPLATE}#next", context)
    return await pages.latest_page(request, found.conversation_id, **context)


def _id(user: User) -> int:
    return user.id


def _reply(user: User, reply: UUID) -> Message:
    return access.reply_as_shown(user.id, reply)
