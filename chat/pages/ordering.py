"""Posts that move, pin, archive, delete or export many conversations, and the lists in which they are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import access, folders, lists, ordering
from chat.conversations.folders import FolderRow
from chat.conversations.ordering import Action, Ordered
from chat.live import runner
from chat.models import Conversation
from chat.pages import conversation as pages
from chat.pages import transfers
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.errors import InvalidError

PAGE = "chat/talks.html"
ARRANGE = "chat/arrange.html"
# After these, rows are missing from the sidebar; after the others, the sidebar is drawn again.
LEAVING = (Action.ARCHIVE, Action.DELETE)


@dataclass(frozen=True)
class TalkRow:
    """A conversation in a list with boxes to tick; `folder` is the name of its folder, if the list is not of one."""

    conversation: Conversation
    folder: str = ""


@require_POST
@by_person
async def order(request: HttpRequest) -> HttpResponse:
    """Do something with the chosen conversations: what `action` says. Then show the list again, with the undo."""
    form = request.POST
    if form.get("action") == "export":
        return await transfers.exported(request, ids_of(form))
    done = await as_user(request, _order, form)
    await runner.stop_all(done.running)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(with_change(back_of(form), done))
    return await _ordered(request, done, Action(form["action"]), form.get("folder", ""))


def _order(user: User, form: QueryDict) -> Ordered:
    try:
        action = Action(form.get("action", ""))
    except ValueError:
        raise InvalidError(_("Choose what to do with the conversations.")) from None
    return ordering.order(user.id, ids_of(form), action, uuid_of(form.get("folder", "")))


async def _ordered(request: HttpRequest, done: Ordered, action: Action, folder: str) -> HttpResponse:
    """Return the notice with the undo; with it the sidebar, or which rows of it are gone."""
    context: dict[str, Any] = {"changed": done.change, "back": request.htmx.current_url_abs_path or "/"}  # type: ignore[attr-defined]
    if action in LEAVING or (action == Action.MOVE and folder):
        return await pages.drawn(request, f"{ARRANGE}#gone", context | {"gone": done.ids})
    context |= await as_user(request, pages.list_context)
    context |= pages.shown_in(request, context) | {"oob": True}
    return await pages.drawn(request, f"{ARRANGE}#sorted", context)


def ids_of(form: QueryDict) -> list[UUID]:
    """Return the chosen conversations. What is not an id is left out."""
    return [key for text in dict.fromkeys(form.getlist("ids")) if (key := uuid_of(text))]


def uuid_of(text: str) -> UUID | None:
    """Return the id that a form names; None if it names none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def back_of(form: QueryDict) -> str:
    """Return the page of ours to go back to."""
    back = form.get("back", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_ours else reverse("chat:all")


def with_change(page: str, done: Ordered | None) -> str:
    """Return the address of a page, with the change that it offers to undo."""
    address = urlsplit(page)
    query = QueryDict(address.query, mutable=True)
    query.pop("changed", None)
    if done:
        query["changed"] = str(done.change.id)
    return address._replace(query=query.urlencode()).geturl()


@require_POST
@by_person
async def undo(request: HttpRequest, change: UUID) -> HttpResponse:
    await as_user(request, _undo, change)
    return redirect(with_change(back_of(request.POST), None))


def _undo(user: User, change: UUID) -> None:
    ordering.undo(user.id, change)


@require_safe
@by_person
async def arrange(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Show what can be done with one conversation: a page, or for htmx the forms in the menu of its row."""
    context = await as_user(request, _arrange, conversation)
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    page = request.htmx.current_url_abs_path if is_part else ""  # type: ignore[attr-defined]
    context["back"] = page or reverse("chat:conversation", args=[conversation])
    context["is_open"] = f"/conversations/{conversation}/" in context["back"]
    return await pages.drawn(request, f"{ARRANGE}#choices" if is_part else ARRANGE, context)


def _arrange(user: User, conversation: UUID) -> dict[str, Any]:
    return {"item": access.access_conversation(user.id, conversation), "folder_rows": folders.tree(user.id)}


@require_safe
@costly
@by_person
async def everything(request: HttpRequest) -> HttpResponse:
    return await _list_page(request, lists.OPEN, {"heading": gettext_lazy("All chats")})


@require_safe
@costly
@by_person
async def archived(request: HttpRequest) -> HttpResponse:
    return await _list_page(request, lists.ARCHIVED, {"heading": gettext_lazy("Archive"), "is_archive": True})


async def _list_page(request: HttpRequest, among: Q, context: dict[str, Any]) -> HttpResponse:
    try:
        context |= await as_user(request, talks_context, request.GET, among)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    return await pages.drawn(request, f"{PAGE}#rows" if is_part else PAGE, context)


def talks_context(user: User, query: QueryDict, among: Q, *, is_folder: bool = False) -> dict[str, Any]:
    """Return a list with boxes to tick, the part that begins after `after`, and the change that can be undone."""
    after = access.ListPlace.read(query.get("after", ""))
    found, older = access.listed(user.id, after, None, among)
    rows = folders.tree(user.id)
    names = {} if is_folder else names_of(rows)
    return {
        "talks": [TalkRow(row, names.get(row.folder_id, "") if row.folder_id else "") for row in found],
        "older": older,
        "is_first": after is None,
        "folder_rows": rows,
        "changed": ordering.last_change(user.id, query.get("changed")),
        "most": ordering.MOST,
    }


def names_of(rows: Sequence[FolderRow]) -> dict[UUID, str]:
    """Return the names of folders by their ids; those in another folder say so."""
    names = {row.folder.id: row.folder.name for row in rows}
    return names | {one.folder.id: f"{row.folder.name} / {one.folder.name}" for row in rows for one in row.inner}
