"""What a link to a shared conversation opens: its page, its files, its export, and a copy of it."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import export
from chat.models import Conversation, Message
from chat.pages import conversation as pages
from chat.pages import drawing, fragments
from chat.pages.attachments import sent_in_chunks
from chat.pages.drawing import RenderInput
from chat.pages.page_turns import page_turn
from chat.pages.signing_in import page_of_person
from chat.shares import copying, reading
from chat.shares.reading import SharedConversation, SharedMessage
from chat.turns.citations import without_unknown
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import SignedOutError, as_user, by_person
from langai_site.attached_files import ServedFile
from langai_site.database.writer import apart
from langai_site.errors import NotFoundError

T = TypeVar("T")

PAGE = "chat/shared.html"
SPEAKERS = {Message.Role.USER: gettext_noop("Question"), Message.Role.ASSISTANT: gettext_noop("Answer")}


async def _read(request: HttpRequest, work: Callable[[User | None, str], T], token: str) -> T:
    """Read something of a link for its reader, who need not be signed in where links may be public.

    Raises SignedOutError and NotFoundError.
    """
    try:
        user = await as_user(request, _same)
    except SignedOutError:
        if not settings.PUBLIC_SHARES:
            raise
        try:
            return await apart(work, None, token)
        except NotFoundError:
            # Nobody is told whether there is such a link.
            raise SignedOutError(_("Sign in to open this link.")) from None
    return await apart(work, user, token)


def _same(user: User) -> User:
    return user


@require_safe
@costly
@page_of_person
async def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show a shared conversation, with the passages that its reader may read."""
    number = request.GET.get("page", "")

    def read(user: User | None, token: str) -> SharedConversation:
        return reading.read_page(user, token, int(number) if re.fullmatch(r"[0-9]{1,6}", number) else 1)

    async with page_turn():
        found = await _read(request, read, token)
    html = await drawing.html_for_readers(partial(_inputs, found))
    for message in found.messages:
        # For this page alone: the row is not saved.
        message.row.error = message.row.shown_error
    context = {
        "shared": found,
        "turns": [(message, html.get(message.row.id, fragments.NOTHING)) for message in found.messages],
        "hidden": sorted({name for message in found.messages for source in message.sources for name in source.ask}),
        "lacks": any(source.citation is None for message in found.messages for source in message.sources),
        "is_mine": request.user.is_authenticated and request.user.pk == found.share.owner_id,
        "previous": found.page - 1,
        "next": found.page + 1 if found.page < found.pages else 0,
    }
    async with page_turn():
        return await pages.drawn(request, PAGE, context)


def _inputs(shared: SharedConversation) -> list[RenderInput]:
    """Return what the HTML of the answers is made from. A number leads to its passage if the reader may read that."""
    answers = [one for one in shared.messages if one.row.role == Message.Role.ASSISTANT and one.text]
    return [RenderInput(one.row.id, _text(shared, one), _addresses(one), (), {}) for one in answers]


def _text(shared: SharedConversation, message: SharedMessage) -> str:
    return message.text if shared.share.includes_sources else without_unknown(message.text, ())


def _addresses(message: SharedMessage) -> dict[int, str]:
    return {source.number: address_of(source) for source in message.sources if source.citation}


def address_of(source: reading.SharedSource) -> str:
    """Return the address of a passage, which opens for those alone who may read its document."""
    cited = source.citation
    assert cited
    place = urlencode({"page": cited.page, "start": cited.start, "end": cited.end})
    return f"{reverse('search:source', args=[cited.source])}?{place}"


@require_safe
@costly
@page_of_person
async def markdown(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a shared conversation as a Markdown file."""
    found = await _read(request, reading.read_whole, token)
    text = await drawing.off_loop(_markdown, found)
    name = content_disposition_header(True, f"{found.title[:60]}.md") or "attachment"
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers={"Content-Disposition": name})


def _markdown(shared: SharedConversation) -> str:
    shared_by = _("Shared by %(owner)s") % {"owner": shared.share.owner}
    parts = [f"# {' '.join(shared.title.split())}", f"{shared_by} · {shared.label.label}"]
    for message in shared.messages:
        role = Message.Role(message.row.role)
        parts += [f"## {_(SPEAKERS[role])}", _text(shared, message), _sources(message.sources)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _sources(sources: Sequence[reading.SharedSource]) -> str:
    return "\n".join(f"- [{one.number}] {_source(one)}" for one in sources)


def _source(one: reading.SharedSource) -> str:
    if one.citation is None:
        return _("a document that you may not read")
    return ", ".join(filter(None, (one.title, one.place, export.added_on(one.citation))))


@require_safe
@costly
@by_person
async def file(request: HttpRequest, token: str, file: UUID) -> StreamingHttpResponse:
    """Send a file of a shared conversation: a picture in place, and every other file as a download."""

    def served(user: User | None, token: str) -> tuple[ServedFile, bool]:
        return reading.served(user, token, file)

    return sent_in_chunks(*await _read(request, served, token))


@require_POST
@by_person
async def copy(request: HttpRequest, token: str) -> HttpResponse:
    """Open a new conversation of the reader that begins with all that the link shows them."""
    user = await as_user(request, _same)
    made: Conversation = await apart(copying.copy, user, token)
    return pages.moved(request, reverse("chat:conversation", args=[made.id]))
