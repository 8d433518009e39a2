"""Pages of folders: all of them, and one with its conversations and settings. They only call services."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import chosen_collections, folder_files, folders, lists, ordering
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Ordered
from chat.live import runner
from chat.models import Folder
from chat.pages import conversation as pages
from chat.pages import folder_files as folder_file_pages
from chat.pages.ordering import talks_context, uuid_of, with_change
from langai_site import detectors
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import InvalidError

LIST, PAGE = "chat/folders.html", "chat/folder.html"
# What a new chat in a folder searches if the folder does not say: as the folder around it, or everything.
AS_AROUND = "around"


@by_person
async def folder_list(request: HttpRequest) -> HttpResponse:
    """Show all folders with a form for a new one; a post makes it and opens it."""
    try:
        if request.method == "POST":
            made = await as_user(request, _create, request.POST)
            return redirect("chat:folder", made.id)
        context = await as_user(request, _list_context, request.GET.get("changed"))
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    except InvalidError as error:
        context = await as_user(request, _list_context, None)
        context |= {"refusal": error.shown, "form": request.POST}
        return await pages.drawn(request, LIST, context, status=error.status)
    return await pages.drawn(request, LIST, context)


def _list_context(user: User, changed: str | None) -> dict[str, Any]:
    return {
        "folder_rows": folders.tree(user.id, counted=True),
        "colours": Folder.Colour.choices,
        "parents": folders.possible_parents(user.id),
        "changed": ordering.last_change(user.id, changed),
        "name_max": folders.NAME_MAX,
    }


def _create(user: User, form: QueryDict) -> Folder:
    return folders.create(user.id, _form_of(user, form))


def _form_of(user: User, form: QueryDict) -> FolderForm:
    """Read a folder's form. Fields that it does not have stay at their defaults."""
    colour = form.get("colour", "")
    values = form.getlist("collections")
    return FolderForm(
        name=form.get("name", ""),
        colour=int(colour) if colour.isascii() and colour.isdigit() and len(colour) < 3 else Folder.Colour.GREY,
        parent=uuid_of(form.get("parent", "")),
        instructions=form.get("instructions", ""),
        collections=None if not values or AS_AROUND in values else chosen_collections.chosen(user.id, values),
    )


@require_safe
@costly
@by_person
async def folder(request: HttpRequest, folder: UUID) -> HttpResponse:
    """Show a folder: its conversations, with boxes to tick, and its settings. For htmx, an older part of the list."""
    try:
        context = await as_user(request, _context, folder, request.GET)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    return await pages.drawn(request, f"{PAGE}#rows" if request.htmx else PAGE, context)  # type: ignore[attr-defined]


def _context(user: User, folder_id: UUID, query: QueryDict, form: QueryDict | None = None) -> dict[str, Any]:
    shown = folders.access_folder(user.id, folder_id)
    choice = chosen_collections.offer(user.id, shown.collections)
    found = detectors.shown(detectors.scan(shown.instructions))
    return talks_context(user, query, lists.in_folder(shown.id), is_folder=True) | {
        "folder": shown,
        "inner": folders.inside(shown),
        "colours": Folder.Colour.choices,
        "parents": folders.possible_parents(user.id, shown),
        "choice": replace(choice, scope=AS_AROUND) if shown.collections is None else choice,
        "found": found,
        "found_label": found[0].label if found else None,
        "around": _around(shown),
        "name_max": folders.NAME_MAX,
        "instructions_max": folders.INSTRUCTIONS_MAX,
        "form": form,
        "files_around": len(folder_files.files_in(shown.parent)) if shown.parent else 0,
        **folder_file_pages.context(folder_files.files_in(shown)),
    }


def _around(folder: Folder) -> Folder | None:
    """Return the folder whose instructions apply because this one has none."""
    return folder.parent if folder.parent and not folder.instructions and folder.parent.instructions else None


@require_POST
@by_person
async def settings(request: HttpRequest, folder: UUID) -> HttpResponse:
    """Save a folder's settings; if that is refused, show them again as they were sent."""
    try:
        await as_user(request, _change, folder, request.POST)
    except InvalidError as error:
        context = await as_user(request, _context, folder, request.GET, request.POST)
        return await pages.drawn(request, PAGE, context | {"refusal": error.shown}, status=error.status)
    return redirect(f"{reverse('chat:folder', args=[folder])}?saved=1")


def _change(user: User, folder_id: UUID, form: QueryDict) -> Folder:
    return folders.change(user.id, folder_id, _form_of(user, form))


@require_POST
@by_person
async def delete(request: HttpRequest, folder: UUID) -> HttpResponse:
    """Delete a folder; its conversations are kept unless the form says otherwise."""
    done = await as_user(request, _delete, folder, with_conversations=request.POST.get("conversations") == "delete")
    await runner.stop_all(done.running)
    return redirect(with_change(reverse("chat:folders"), done))


def _delete(user: User, folder_id: UUID, with_conversations: bool) -> Ordered:
    return ordering.delete_folder(user.id, folder_id, with_conversations=with_conversations)
