"""The pages that show conversations, read and drawn without holding up other requests."""

import re
import secrets
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.comparisons import access as comparisons
from chat.conversations import (
    access,
    attachments,
    branches,
    chosen_collections,
    drafts,
    folders,
    instructions,
    keeping,
    lists,
    retention,
)
from chat.conversations.branches import ThreadPart
from chat.events import Snapshot
from chat.gaps import access as gaps
from chat.live import snapshots
from chat.llm.built_in import BUILT_IN
from chat.models import Conversation, Folder, Message
from chat.pages import drawing, fragments, retries, suggestions
from chat.pages.assistant_chip import chip, sent_chip
from chat.pages.file_chips import FileChip, draft_chip
from chat.pages.page_turns import page_turn
from chat.routing.route import AUTO
from chat.turns import change_notices
from chat.verified import access as verified
from chat.verified import notices as verified_notices
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.errors import NotFoundError
from langai_site.outbound import catalogue
from langai_site.usage.spending import budgets, notices

PAGE = "chat/page.html"
IS_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def list_context(user: User, after: access.ListPlace | None = None) -> dict[str, Any]:
    listed, older = access.listed(user.id, after, among=lists.UNSORTED)
    found = {"groups": fragments.grouped(listed, after.updated_at if after else None), "older": older}
    # They stand above the list, so its further parts do not have them.
    return found if after else found | {"sidebar_folders": folders.tree(user.id), "pinned": lists.pinned(user.id)}


def shown_in(request: HttpRequest, listed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conversation of a list that the page shows, by the address that htmx names; None for another page."""
    shown = request.htmx.current_url or ""  # type: ignore[attr-defined]
    items = chain(listed.get("pinned", ()), *(items for _heading, items in listed["groups"]))
    return {"conversation": next((item for item in items if f"/conversations/{item.id}/" in shown), None)}


def new_key() -> str:
    """Return a key for the next message of a page, by which it is stored once although it may be sent again."""
    return secrets.token_urlsafe(12)


def page_context(
    user: User,
    conversation: Conversation | None = None,
    form: QueryDict | None = None,
    folder: str = "",
    assistant: str | None = None,
) -> dict[str, Any]:
    """Return the page's context apart from its thread; `form` is a message that was refused, to be shown again.

    `folder` is where a new conversation is to be put, and `assistant` who answers in it, as an address names them.
    Raises NotFoundError.
    """
    home = _folder(user, conversation, folder)
    searched = conversation.collections if conversation else folders.collections_for(user.id, home.id if home else None)
    models = catalogue.models(user.id)
    chosen = conversation.model if conversation else AUTO
    names = frozenset(model.name for model in (*models, *BUILT_IN))
    gone = chosen not in {AUTO, *names}
    values = form.getlist("collections") if form else []
    return (
        list_context(user)
        | {
            "choice": chosen_collections.offer(user.id, searched, values),
            "conversation": conversation,
            "folder": home,
            "assistant": sent_chip(user.id, conversation, form.get("assistant"), names)
            if form
            else chip(user.id, conversation, assistant, names),
            "models": [*models, *BUILT_IN] if models else [],
            "chosen": AUTO if gone else chosen,
            "gone_model": chosen if gone else "",
            "has_real_model": bool(models),
            "once": new_key(),
            "max_chars": settings.MESSAGE_MAX_CHARS,
            "files_max": settings.ATTACHMENTS_PER_MESSAGE,
            "draft_files": _draft_files(user, form.getlist("attachments")) if form else (),
            "labels": fragments.labels_from(access.so_far(conversation).label),
            "levels": drafts.complexities(),
            "budgets": budgets.exist(),
            "budget_notice": notices.budget_notice(user),
            "otherwise": retries.OTHERWISE,
            "verifies": verified.owns_any(user),
            "strikes": settings.STRIKE_CONTRADICTED,
            "retention_end": retention.soon(conversation) if conversation else None,
            "keeping": None if conversation else keeping.choice(user.id, form.get("keep", "") if form else ""),
            "instructions": instructions.exist(user.id),
            "instructions_off": form.get("instructions") == "off"
            if form
            else bool(conversation and not conversation.uses_instructions),
            "limits": {"temperature": settings.TEMPERATURE_MAX, "max_tokens": settings.ANSWER_MAX_TOKENS},
        }
        | ({"chosen": form.get("model", AUTO), "draft": form["text"], "form": form} if form else {})
    )


def _draft_files(user: User, values: Sequence[str]) -> list[FileChip]:
    """Return the chips of the files of a message that was refused."""
    ids = [UUID(value) for value in values if IS_ID.fullmatch(value)]
    return [draft_chip(file) for file in attachments.unsent(user.id, ids)]


def _folder(user: User, conversation: Conversation | None, named: str) -> Folder | None:
    """Return the folder that a conversation is in, or that a new one is to be put into. Raises NotFoundError."""
    if conversation:
        return conversation.folder if conversation.folder_id else None
    try:
        return folders.access_folder(user.id, UUID(named)) if named else None
    except ValueError:
        raise folders.FolderGoneError(_(folders.GONE)) from None


def refused_context(user: User, form: QueryDict) -> dict[str, Any]:
    """Return the context of the new chat's page for a message that was refused, perhaps because its folder is gone."""
    try:
        return page_context(user, form=form, folder=form.get("folder", ""))
    except folders.FolderGoneError:
        return page_context(user, form=form)


def new_context(user: User, address: QueryDict) -> dict[str, Any]:
    """Return the context of the new chat's page, as its address wants it.

    `folder` is where the chat is to be put, `deleted` a conversation that can be restored, `collection` what it asks,
    `assistant` who answers it. `document` chooses its collection, and the question begins with its title.
    Raises NotFoundError.
    """
    deleted = address.get("deleted")
    context = page_context(user, folder=address.get("folder", ""), assistant=address.get("assistant"))
    context["deleted"] = access.deleted(user.id, deleted) if deleted else None
    context["changed_answers"] = len(change_notices.unseen(user))
    context["answers_found"] = len(gaps.found_for(user))
    context["answers_to_review"] = len(verified_notices.unseen(user))
    if document := address.get("document"):
        asked, title = chosen_collections.of_document(user.id, document)
        context |= {
            "choice": chosen_collections.offer(user.id, asked),
            "draft": _("About “%(title)s”:") % {"title": title} + " ",
        }
    elif asked := chosen_collections.chosen(user.id, address.getlist("collection")):
        context["choice"] = chosen_collections.offer(user.id, asked)
    return context


def conversation_context(user: User, conversation_id: UUID, form: QueryDict | None = None) -> dict[str, Any]:
    """Return the context of a conversation's page apart from its thread. Raises NotFoundError."""
    return page_context(user, access.access_conversation(user.id, conversation_id), form)


async def latest_page(
    request: HttpRequest,
    conversation: UUID,
    form: QueryDict | None = None,
    **more: Any,  # noqa: ANN401 - context
) -> HttpResponse:
    """Return a conversation's page with the end of its thread. Raises SignedOutError and NotFoundError."""
    async with page_turn():
        context = await as_user(request, conversation_context, conversation, form)
        part = await drawing.off_loop(branches.latest, context["conversation"])
        if part.messages and form is None and (compared := comparisons.open_comparison_of(part.messages[-1])):
            # It goes on here once one of the answers is chosen.
            return redirect("chat:comparison", compared)
        following = await drawing.off_loop(_suggested, context["conversation"], part)
    thread = await latest_thread(part)
    async with page_turn():
        return await drawn(request, PAGE, context | thread | following | more)


def _suggested(conversation: Conversation, part: ThreadPart) -> dict[str, Any]:
    """Return what could be asked after the last answer. Reads the database."""
    if not part.messages:
        return {}
    leaf = part.messages[-1]
    leaf.conversation = conversation
    return suggestions.context_of(conversation.owner_id, leaf)


async def latest_thread(part: ThreadPart) -> dict[str, Any]:
    """Return the end of a thread, and the address of its socket, which says what the page shows."""
    if not part.messages:
        return {"bubbles": []}
    leaf = part.messages[-1]
    bubbles = await drawing.bubbles_of(part, await snapshot_of(leaf))
    socket = f"/ws/conversations/{leaf.conversation_id}/?shown={fragments.state_of(leaf)}"
    return {"bubbles": bubbles, "socket": socket, "earlier_url": fragments.earlier_url(part)}


async def snapshot_of(message: Message) -> Snapshot | None:
    """Return the snapshot of a reply that is being written; None for other messages."""
    return await snapshots.snapshot(message.id) if message.status == Message.Status.STREAMING else None


async def earlier_page(request: HttpRequest, conversation: UUID, before: str) -> HttpResponse:
    """Return the part of a thread before a message: a page of its own, or for htmx the part alone."""
    part_only = bool(request.htmx)  # type: ignore[attr-defined]
    async with page_turn():
        context = await as_user(request, _access if part_only else conversation_context, conversation)
        part = await drawing.off_loop(branches.before, context["conversation"], message_id(before))
    thread = {"bubbles": await drawing.bubbles_of(part), "earlier_url": fragments.earlier_url(part), "earlier": True}
    async with page_turn():
        return await drawn(request, f"{PAGE}#turns" if part_only else PAGE, context | thread)


async def new_end(request: HttpRequest, conversation: UUID, *, is_new: bool) -> str:
    """Return the frame with the end of a thread once a reply has begun; `is_new`: its question is new as well."""
    context = await as_user(request, _access, conversation)
    part = await drawing.off_loop(branches.latest, context["conversation"], most=2)
    question, reply = part.messages
    asked, begun = await drawing.bubbles_of(part, await snapshot_of(reply))
    if is_new:
        return await drawing.off_loop(fragments.asked_frame, asked, begun, str(question.parent_id or ""))
    return await drawing.off_loop(fragments.following_frame, [begun], question.id)


def _access(user: User, conversation_id: UUID) -> dict[str, Any]:
    return {"conversation": access.access_conversation(user.id, conversation_id)}


def message_id(text: str) -> UUID:
    """Return the id in an address. Raises NotFoundError."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(_(branches.GONE)) from None


async def drawn(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Render a template on the drawing threads."""
    return await drawing.off_loop(render, request, template, dict(context), status=status)


def place_of(conversation: Conversation, reply: UUID) -> str:
    """Return the address of the page that shows a reply: the latest page or an earlier part. Synchronous."""
    page = reverse("chat:conversation", args=[conversation.id])
    if reply == conversation.current_leaf_id:
        return page
    if branches.is_in_latest(conversation, reply):
        return f"{page}#m-{reply}"
    following = branches.next_of(reply)
    return f"{page}?before={following}#m-{reply}" if following else page


def moved(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect to another page; htmx needs a header for that."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(url)
    return HttpResponse(headers={"HX-Redirect": url})
