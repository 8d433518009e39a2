"""The page of a person's exports and imports."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from chat.pages import conversation as pages
from chat.transfers import access
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user, signed_in

PAGE, REPORT = "chat/transfers.html", "chat/transfer.html"
CHUNK = 256 * 1024


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show a person's exports and imports, and the forms that start new ones."""
    return render(request, PAGE, {"transfers": access.listed(signed_in(request).pk)})


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Start an export of all conversations."""
    access.start_export(signed_in(request).pk, None, thoughts="thoughts" in request.POST)
    return redirect("chat:transfers")


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
    messages.success(request, "Removed.")
    return redirect("chat:transfers")
