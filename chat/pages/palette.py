"""Places and actions by their words: conversations, messages, documents, pages. Ctrl+K opens the list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from chat.conversations import access, lists
from chat.history import finding
from chat.history.finding import FoundConversation
from chat.pages import conversation as pages
from chat.pages import drawing
from chat.pages.history import Result, matching, result_of
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from search.keywords.letters import folded
from search.pages.snippets import SnippetPiece
from search.services.titles import titled

THEMES = {
    "": _("Theme: same as the system"),
    "light": _("Theme: light"),
    "dark": _("Theme: dark"),
    "contrast": _("Theme: high contrast"),
}
# Entries of each group at most, and conversations while nothing is typed.
MOST, RECENT = 6, 8
QUERY_MAX_CHARS = 200
KEYS = (
    ((_("Ctrl K"),), _("Go to a conversation, a document or an action")),
    ((_("Ctrl Shift O"),), _("New chat")),
    (("/",), _("Write a message")),
    (("/",), _("In a message: choose a prompt")),
    (("@",), _("In a message: choose an assistant")),
    ((_("Enter"),), _("Send it; with Shift, begin a new line")),
    (("↑",), _("In an empty message: edit your last one")),
    (("Alt ↑", "Alt ↓"), _("Go to the message before or after")),
    (("Alt ←", "Alt →"), _("Show the version before or after")),
    ((_("Ctrl Shift C"),), _("Copy the last answer")),
    (("Esc",), _("Stop the answer, or close what is open")),
    (("?",), _("Show these keys")),
)


@dataclass(frozen=True)
class PaletteEntry:
    """An entry of the list. `theme` is set if it changes the theme, and `is_keys` if it shows the keys."""

    title: str
    url: str = ""
    note: str = ""
    words: str = ""
    pieces: Sequence[SnippetPiece] = ()
    theme: str | None = None
    is_keys: bool = False
    number: int = 0


@dataclass(frozen=True)
class PlaceGroup:
    """Entries under a heading."""

    heading: str
    places: Sequence[PaletteEntry]


@require_safe
@costly
@by_person
async def palette(request: HttpRequest) -> HttpResponse:
    """Show what `q` finds; without it, recent conversations and all actions."""
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:QUERY_MAX_CHARS]
    try:
        actions, documents, recent = await as_user(request, _of_person, request, query)
        user_id = await as_user(request, _id)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    found = await drawing.off_loop(_conversations, user_id, query) if query else [PlaceGroup(gettext("Recent"), recent)]
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    # What has the words in its title stands before messages that have them somewhere.
    by_title, by_message = found[:1], found[1:]
    groups = [
        *by_title,
        PlaceGroup(gettext("Documents"), documents),
        PlaceGroup(gettext("Actions"), actions),
        *by_message,
    ]
    context = _context(groups)
    context |= {"query": query, "query_max": QUERY_MAX_CHARS, "is_part": is_part}
    if not is_part:
        return await pages.drawn(request, "chat/palette.html", context)
    is_typed = "typed" in request.GET
    part = "options" if is_typed else "dialog"
    return await pages.drawn(request, f"chat/palette.html#{part}", context | {"is_typed": is_typed})


@require_safe
@by_person
async def keys(request: HttpRequest) -> HttpResponse:
    """Show the keyboard shortcuts."""
    try:
        await as_user(request, _id)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    template = "chat/keys.html#keys" if request.htmx else "chat/keys.html"  # type: ignore[attr-defined]
    return await pages.drawn(request, template, {"listed": KEYS})


def _id(user: User) -> int:
    return user.id


def _context(groups: Iterable[PlaceGroup]) -> dict[str, Any]:
    """Return the groups that have entries, with the entries numbered through all of them."""
    shown, total = [], 0
    for group in groups:
        places = [replace(place, number=total + at) for at, place in enumerate(group.places, 1)]
        total += len(places)
        if places:
            shown.append(PlaceGroup(group.heading, places))
    return {"groups": shown, "total": total}


def _of_person(
    user: User, request: HttpRequest, query: str
) -> tuple[list[PaletteEntry], list[PaletteEntry], list[PaletteEntry]]:
    """Return the actions and documents that match, and the newest conversations if nothing is typed."""
    offered = [*_actions(), *(_admin_pages(request, query) if user.is_staff else [])]
    actions = [action for action in offered if _has_words(action, query)]
    if not query:
        recent = access.listed(user.id, among=lists.OPEN)[0][:RECENT]
        return actions, [], [_of_conversation(row.id, row.title) for row in recent]
    documents = [
        PaletteEntry(source.title, reverse("search:source", args=[source.id]), source.collection.name)
        for source in titled(user, query.split(), MOST)
    ]
    return actions[:MOST], documents, []


def _of_conversation(key: UUID, title: str) -> PaletteEntry:
    return PaletteEntry(title, reverse("chat:conversation", args=[key]))


def _has_words(place: PaletteEntry, query: str) -> bool:
    text = folded(f"{place.title} {place.words}")
    return all(word in text for word in folded(query).split())


def _actions() -> list[PaletteEntry]:
    pages_of_all = [
        PaletteEntry(gettext("New chat"), reverse("chat:new"), words=gettext("start conversation")),
        PaletteEntry(
            gettext("Search your conversations"), reverse("chat:history"), words=gettext("find history messages")
        ),
        PaletteEntry(
            gettext("All chats"), reverse("chat:all"), words=gettext("conversations list choose move export delete")
        ),
        PaletteEntry(gettext("Folders"), reverse("chat:folders"), words=gettext("new folder order")),
        PaletteEntry(gettext("Archive"), reverse("chat:archive"), words=gettext("archived conversations")),
        PaletteEntry(
            gettext("Assistants"), reverse("chat:assistants"), words=gettext("gallery instructions favourites bots")
        ),
        PaletteEntry(gettext("New assistant"), reverse("chat:assistant-new"), words=gettext("make create")),
        PaletteEntry(gettext("Prompts"), reverse("chat:prompts"), words=gettext("saved templates commands variables")),
        PaletteEntry(gettext("Search documents"), reverse("search:search"), words=gettext("find passages")),
        PaletteEntry(gettext("Library"), reverse("documents:library"), words=gettext("documents collections files")),
        PaletteEntry(
            gettext("Review tables"), reverse("chat:reviews"), words=gettext("questions documents compare cells")
        ),
        PaletteEntry(gettext("Usage"), reverse("usage:mine"), words=gettext("cost budget spending tokens")),
        PaletteEntry(gettext("Models"), reverse("chat:models"), words=gettext("prices")),
        PaletteEntry(
            gettext("Your account"),
            reverse("accounts:account"),
            words=gettext("settings profile e-mail name password text size"),
        ),
        PaletteEntry(gettext("API keys"), reverse("accounts:keys"), words=gettext("account programs tokens")),
        PaletteEntry(gettext("Keyboard shortcuts"), reverse("chat:keys"), words=gettext("help keys"), is_keys=True),
    ]
    look = gettext("look colours")
    themes = [PaletteEntry(str(title), words=f"{look} {name}", theme=name) for name, title in THEMES.items()]
    return [*pages_of_all, *themes]


def _admin_pages(request: HttpRequest, query: str) -> list[PaletteEntry]:
    """Return the pages of the admin that this person may open; only its home if nothing is typed."""
    home = PaletteEntry(gettext("Admin"), reverse("admin:index"), words=gettext("administration settings"))
    if not query:
        return [home]
    models = [(app["name"], model) for app in admin.site.get_app_list(request) for model in app["models"]]
    return [home] + [
        PaletteEntry(gettext("Admin: %(page)s") % {"page": model["name"]}, model["admin_url"], words=str(name))
        for name, model in models
        if model["admin_url"]
    ]


def _conversations(user_id: int, query: str) -> list[PlaceGroup]:
    """Return the conversations whose title has the words, and those with a message that has them."""
    matches = matching(query)
    by_title: list[PaletteEntry] = []
    by_message: list[PaletteEntry] = []
    for found in finding.find(user_id, query, most=3 * MOST).found:
        if found.message is None or _has_words(PaletteEntry(found.conversation.title), query):
            by_title.append(_of_conversation(found.conversation.id, found.conversation.title))
        elif len(by_message) < MOST:
            by_message.append(_of_message(found, result_of(found, matches)))
    return [PlaceGroup(gettext("Conversations"), by_title[:MOST]), PlaceGroup(gettext("Messages"), by_message)]


def _of_message(found: FoundConversation, result: Result) -> PaletteEntry:
    return PaletteEntry(
        found.conversation.title, result.url, date_format(found.at, gettext("j M Y")), pieces=result.pieces
    )
