"""The page on which an editor tries the next version of an assistant before saving it. It only calls services."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from chat.assistants import drafting, using
from chat.evaluation import drafts
from chat.models.keeping import Keeping
from chat.pages import assistant_forms, receipt_text
from chat.pages import conversation as pages
from chat.pages.signing_in import page_of_person
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.database.writer import apart

PAGE = "chat/assistant_draft.html"


@costly
@page_of_person
async def draft(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Show the draft of an assistant; a post of its form makes the draft, and changes nothing for others."""
    if request.method == "POST":
        try:
            await as_user(request, assistant_forms.keep_draft, assistant, request.POST)
        except assistant_forms.REFUSALS as error:
            return await assistant_forms.refused(request, error, assistant)
        return redirect("chat:assistant-draft", assistant)
    user = await as_user(request, _same)
    # Apart: it routes the answers of a month again.
    return await pages.drawn(request, PAGE, await apart(_context, user, assistant))


def _same(user: User) -> User:
    return user


def _context(user: User, assistant_id: UUID) -> dict[str, Any]:
    found = drafting.access_draft(user.pk, assistant_id)
    outcome = drafts.routed(found)
    return {
        "assistant": found.assistant,
        "trial": found.trial,
        "shown_name": using.in_use(found.assistant).name,
        "is_stale": found.version != found.assistant.version,
        "compared": assistant_forms.comparison_of(user, found.assistant, found.trial),
        "cases": drafts.tried(user, found),
        "days": drafts.DAYS,
        "outcome": outcome,
        "costs": [receipt_text.cost(tally.cost.amount) for tally in (outcome.in_force, outcome.draft)],
        "keep": Keeping.HOUR,
        "once": pages.new_key(),
    }


@require_POST
@page_of_person
async def run(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Have the test cases run with the draft."""
    await as_user(request, drafts.request_run, assistant)
    return redirect(f"{reverse('chat:assistant-draft', args=[assistant])}#cases")


@require_POST
@page_of_person
async def publish(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Make the draft the next version of the assistant, for everybody who uses it."""
    await as_user(request, drafting.publish, assistant)
    return redirect(f"{reverse('chat:assistant', args=[assistant])}?saved=1")


@require_POST
@page_of_person
async def discard(request: HttpRequest, assistant: UUID) -> HttpResponse:
    await as_user(request, _discard, assistant)
    return redirect("chat:assistant", assistant)


def _discard(user: User, assistant_id: UUID) -> None:
    drafting.discard(user.pk, assistant_id)
