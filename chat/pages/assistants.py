"""Pages of assistants for those who use them: the gallery, one assistant, and what `@` offers in the composer."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.assistants import access, drafting, editing, using
from chat.llm.built_in import BUILT_IN
from chat.models import Assistant
from chat.pages import assistant_forms
from chat.pages import conversation as pages
from chat.pages.signing_in import page_of_person
from chat.routing.route import AUTO
from langai_site.accounts import sharing
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.outbound import catalogue
from langai_site.sensitivity import Sensitivity

LIST, PAGE = "chat/assistants.html", "chat/assistant.html"
QUERY_MAX_CHARS = 200


@require_safe
@costly
@page_of_person
async def gallery(request: HttpRequest) -> HttpResponse:
    """Show the assistants that a person may use, with their favourites first."""
    query = request.GET.get("q", "")[:QUERY_MAX_CHARS]
    cards = await as_user(request, _cards, query)
    return await pages.drawn(request, LIST, {"cards": cards, "query": query})


@require_safe
@costly
@page_of_person
async def offered(request: HttpRequest) -> HttpResponse:
    """Show what `@` in the composer offers. Opened directly, redirect to the gallery."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("chat:assistants")
    return await pages.drawn(request, f"{LIST}#offered", {"cards": await as_user(request, _cards, "")})


def _cards(user: User, query: str) -> list[access.Card]:
    return access.gallery(user.pk, query)


@require_safe
@costly
@page_of_person
async def assistant(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Show an assistant: what it does and reads for this person; to its editors also how it is used."""
    if published := await as_user(request, _tried, assistant):
        return redirect("chat:assistant-draft", published)
    return await pages.drawn(request, PAGE, await as_user(request, _context, assistant))


def _tried(user: User, assistant_id: UUID) -> UUID | None:
    """Return the assistant whose draft this is, if it is one of the person's."""
    draft = drafting.draft_of_trial(user.pk, assistant_id)
    return draft.assistant_id if draft else None


def _context(user: User, assistant_id: UUID) -> dict[str, Any]:
    shown = access.access_assistant(user.pk, assistant_id)
    may_edit, is_mine = access.may_edit(user.pk, shown), shown.owner_id == user.pk
    return {
        "assistant": shown,
        "shown_name": using.in_use(shown).name,
        "is_mine": is_mine,
        "may_edit": may_edit,
        "is_favourite": shown.favoured_by.filter(pk=user.pk).exists(),
        "model": _model(user, shown),
        "reach": access.reach(shown, access.readable_ids(user.pk)),
        "missing": access.missing(user.pk, shown),
        "label": Sensitivity(shown.label).in_text if shown.label else "",
        "figures": access.figures(shown) if may_edit else None,
        "shared": sharing.words_of(shown) if is_mine else "",
        "withdrawn": shown.withdrawn_why if shown.withdrawn_at else "",
        "versions": assistant_forms.versions_of(user, shown) if may_edit else (),
    }


def _model(user: User, shown: Assistant) -> dict[str, Any]:
    """Return the name of an assistant's model as people know it, and whether this person cannot have it."""
    if shown.model == AUTO:
        return {"name": _("Auto"), "is_gone": False}
    known = {model.name: model.display_name for model in (*catalogue.models(user.pk), *BUILT_IN)}
    return {"name": known.get(shown.model, shown.model), "is_gone": shown.model not in known}


@require_POST
@page_of_person
async def favour(request: HttpRequest, assistant: UUID) -> HttpResponse:
    """Add an assistant to the person's favourites, or take it from them."""
    is_favourite = request.POST.get("favourite") == "on"
    await as_user(request, _favour, assistant, is_favourite)
    if request.POST.get("from") == "gallery":
        return redirect(f"{reverse('chat:assistants')}#a-{assistant}")
    return redirect("chat:assistant", assistant)


def _favour(user: User, assistant_id: UUID, is_favourite: bool) -> None:
    access.favour(user.pk, assistant_id, is_favourite=is_favourite)


@require_POST
@page_of_person
async def copy(request: HttpRequest, assistant: UUID) -> HttpResponse:
    made = await as_user(request, editing.copy, assistant)
    return redirect("chat:assistant-change", made.pk)


@require_POST
@page_of_person
async def delete(request: HttpRequest, assistant: UUID) -> HttpResponse:
    await as_user(request, _delete, assistant)
    return redirect(f"{reverse('chat:assistants')}?deleted=1")


def _delete(user: User, assistant_id: UUID) -> None:
    editing.delete(user.pk, assistant_id)
