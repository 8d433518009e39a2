"""The page of a person's exports and imports."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.pages import conversation as pages
from chat.transfers import access
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user, by_person, signed_in
from langai_site.database.writer import apart
from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.web.stated_labels import highest_stated

PAGE, REPORT = "chat/transfers.html", "chat/transfer.html"
CHUNK = 256 * 1024


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show a person's exports and imports, and the forms that start new ones."""
    context = {"transfers": access.listed(signed_in(request).pk), "labels": list(Sensitivity)}
    return render(request, PAGE, context | {"most_mb": settings.IMPORT_MAX_MB})


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Start an export of all conversations."""
    everything, thoughts = "everything" in request.POST, "thoughts" in request.POST
    access.start_export(signed_in(request).pk, None, thoughts=thoughts, everything=everything)
    return redirect("chat:transfers")


@by_person
async def import_files(request: HttpRequest) -> HttpResponseBase:
    """Start an import of each uploaded file."""
    if request.method != "POST":
        return redirect("chat:transfers")
    user = await as_user(request, _same)
    await apart(_start_imports, request, user)
    return redirect("chat:transfers")


def _same(user: User) -> User:
    return user


def _start_imports(request: HttpRequest, user: User) -> None:
    files = request.FILES.getlist("files")
    if not files:
        raise InvalidError(_("Choose the file of an export first."))
    if len(files) > access.MOST_WAITING:
        words = _("You chose %(count)s files; %(most)s are allowed at once.")
        raise InvalidError(words % {"count": len(files), "most": access.MOST_WAITING})
    floor = highest_stated(request.POST.get("label", ""))
    for file in files:
        access.start_import(user, file, floor)


async def exported(request: HttpRequest, ids: Sequence[UUID]) -> HttpResponse:
    """Start an export of these conversations of the person, and show the page where it can be downloaded."""
    await as_user(request, _start, ids)
    return pages.moved(request, reverse("chat:transfers"))


def _start(user: User, ids: Sequence[UUID]) -> None:
    access.start_export(user.pk, ids)


@require_safe
def transfer(request: HttpRequest, transfer: UUID) -> HttpResponse:
    """Show one export or import with its report; for htmx its row in the list, which follows the progress."""
    context: dict[str, Any] = {"row": access.access_transfer(signed_in(request).pk, transfer)}
    return render(request, f"{PAGE}#row" if request.htmx else REPORT, context)  # type: ignore[attr-defined]


@require_safe
@costly
def download(request: HttpRequest, transfer: UUID) -> HttpResponseBase:
    """Send the file of an export to its owner."""
    path, row = access.download(signed_in(request).pk, transfer)
    headers = {
        "Content-Length": str(path.stat().st_size),
        "Content-Disposition": content_disposition_header(True, row.file_name) or "attachment",
    }
    return StreamingHttpResponse(_chunks(path), content_type="application/zip", headers=headers)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while data := await asyncio.to_thread(file.read, CHUNK):
            yield data
    finally:
        file.close()


@require_POST
def remove(request: HttpRequest, transfer: UUID) -> HttpResponse:
    access.remove(signed_in(request).pk, transfer)
    messages.success(request, _("Removed."))
    return redirect("chat:transfers")
