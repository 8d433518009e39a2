"""Uploads, shows and removes the files of messages."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from django.core.files import File
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.conversations import attachments
from chat.pages import posts
from chat.pages.file_chips import draft_chip, refused_chip
from langai_site.accounts import partial_uploads
from langai_site.accounts.limits import costly, counted_as_page
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user, by_person, signed_in
from langai_site.attached_files import ServedFile
from langai_site.database.writer import apart
from langai_site.errors import InvalidError, LangAIError

CHUNK = 256 * 1024
CHIP = "chat/file_chip.html"


@require_POST
@by_person
@counted_as_page
async def attach(request: HttpRequest) -> HttpResponse:
    """Store one file of a message that is being written; return its chip, which says why if it is refused."""
    user = await as_user(request, _same)
    file = await apart(_sent_file, request, user)
    try:
        chip = draft_chip(await apart(attachments.upload, user, file))
    except InvalidError as error:
        chip = refused_chip(file.name or "", error.shown)
    return await apart(render, request, CHIP, {"chip": chip})


def _same(user: User) -> User:
    return user


def _sent_file(request: HttpRequest, user: User) -> "File[bytes]":
    file = partial_uploads.sent_file(user.pk, request.FILES.get("file"), request.POST.get("upload"))
    if file is None:
        raise InvalidError(_("No file was sent. Choose one, then try again."))
    return file


@require_safe
def state(request: HttpRequest, attachment: UUID) -> HttpResponse:
    """Return the chip of a file that is still being read; empty if it was sent or removed meanwhile."""
    found = attachments.unsent(signed_in(request).pk, [attachment])
    return render(request, CHIP, {"chip": draft_chip(found[0])}) if found else HttpResponse()


@require_POST
def remove(request: HttpRequest, attachment: UUID) -> HttpResponse:
    attachments.remove(signed_in(request).pk, attachment)
    return HttpResponse()


@require_safe
@costly
def served(request: HttpRequest, attachment: UUID) -> StreamingHttpResponse:
    """Send a file to its owner: a picture in place, as it was encoded again, and every other file as a download."""
    small = request.GET.get("size") == "small"
    return sent_in_chunks(*attachments.served(signed_in(request).pk, attachment, small=small))


def sent_in_chunks(file: ServedFile, shown: bool) -> StreamingHttpResponse:
    """Return the response with a file; `shown`: it is a picture, which is shown in place."""
    headers = {
        "Content-Length": str(file.size),
        "Content-Disposition": content_disposition_header(not shown, file.name) or "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(_chunks(str(file.path)), content_type=file.media_type, headers=headers)


async def _chunks(path: str) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(open, path, "rb")
    try:
        while data := await asyncio.to_thread(file.read, CHUNK):
            yield data
    finally:
        file.close()


@by_person
async def post_with_files(request: HttpRequest, conversation: UUID | None = None) -> HttpResponseBase:
    """Post a message together with its files: what pages do without JavaScript."""
    if request.method != "POST":
        return redirect("chat:conversation", conversation) if conversation else redirect("chat:new")
    user = await as_user(request, _same)
    # A copy: what was posted cannot be changed.
    form = request.POST.copy()
    request.POST = form  # type: ignore[assignment]
    try:
        await apart(_store_all, user, request.FILES.getlist("files"), form)
    except LangAIError as error:
        return await posts.refused(request, error, conversation)
    return await (posts.post(request, conversation) if conversation else posts.start(request))


def _store_all(user: User, files: Sequence["File[bytes]"], form: QueryDict) -> None:
    """Store files and add their ids to a form, each at once: what is stored is not lost if a later one is refused."""
    attachments.refuse_too_many(len(files) + len(form.getlist("attachments")))
    for file in files:
        form.appendlist("attachments", str(attachments.upload(user, file).id))
