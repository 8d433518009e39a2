"""Exports one conversation: as Markdown, as JSON, or as a page to print."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from chat.conversations import access, branches
from chat.models import Conversation, Message
from chat.pages import conversation as pages
from chat.pages import drawing, fragments
from chat.transfers import archive, schema
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person

# Messages read in one job: other people's pages wait for the same threads, and messages can be long.
AT_ONCE = 25
PRINT = "chat/print.html"


def _exported(user: User, conversation: UUID) -> Conversation:
    return _with_folder(access.exported(user.id, conversation))


def _access(user: User, conversation: UUID) -> Conversation:
    return _with_folder(access.access_conversation(user.id, conversation))


def _with_folder(row: Conversation) -> Conversation:
    # Read here, because the pieces are made on other threads.
    _ = row.folder and row.folder.parent
    return row


@require_safe
@costly
@by_person
async def markdown(request: HttpRequest, conversation: UUID) -> HttpResponseBase:
    """Send the branch that the page shows as a Markdown file."""
    return await _sent(request, conversation, "md")


@require_safe
@costly
@by_person
async def as_json(request: HttpRequest, conversation: UUID) -> HttpResponseBase:
    """Send the conversation with all its branches as JSON; with `thoughts`, also what models thought."""
    return await _sent(request, conversation, "json")


TYPES = {"md": "text/markdown; charset=utf-8", "json": "application/json; charset=utf-8"}


async def _sent(request: HttpRequest, conversation: UUID, ending: str) -> HttpResponseBase:
    try:
        row = await as_user(request, _exported, conversation)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    is_json = ending == "json"
    pieces = schema.pieces(row, thoughts="thoughts" in request.GET) if is_json else archive.markdown(row)
    name = content_disposition_header(True, f"{archive.name_of(row)}.{ending}") or "attachment"
    return StreamingHttpResponse(_streamed(pieces), content_type=TYPES[ending], headers={"Content-Disposition": name})


async def _streamed(pieces: Iterator[str]) -> AsyncIterator[bytes]:
    """Yield the pieces, each made in a job of its own: one at a time is in memory."""
    while (piece := await drawing.off_loop(next, pieces, None)) is not None:
        yield piece.encode(errors="replace")


@require_safe
@costly
@by_person
async def print_page(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Show the whole branch on one page that prints well."""
    try:
        row = await as_user(request, _access, conversation)
    except SignedOutError:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    ids = await drawing.off_loop(branches.ids, row)
    turns = [await _drawn(some) for some in branches.chunks(ids, AT_ONCE)]
    return await pages.drawn(request, PRINT, {"conversation": row, "turns": fragments.safe("".join(turns))})


async def _drawn(ids: Sequence[UUID]) -> str:
    """Return the HTML of some messages, which only the page's own template puts together."""
    messages = await drawing.off_loop(branches.read_drawable, ids)
    html = await drawing.html_of(messages)
    return await drawing.off_loop(_turns, messages, html)


def _turns(messages: Sequence[Message], html: Mapping[UUID, SafeString]) -> str:
    bubbles = [fragments.bubble_of(message, html.get(message.id, fragments.NOTHING)) for message in messages]
    rows = [{"bubble": bubble, "message": message} for bubble, message in zip(bubbles, messages, strict=True)]
    return render_to_string(f"{PRINT}#turns", {"rows": rows})
