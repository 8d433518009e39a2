"""Adds files to a folder, lists them while they are being read, and removes them."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files import File
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from chat.conversations import folder_files, folders
from chat.conversations.attachments import AttachedFile
from chat.pages.file_chips import draft_chip
from langai_site.accounts.limits import counted_as_page
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.errors import InvalidError


@require_http_methods(["GET", "HEAD", "POST"])
@counted_as_page
def files(request: HttpRequest, folder: UUID) -> HttpResponseBase:
    """Add the files of a form, each of which succeeds or fails alone; a page asks for the list while some are read."""
    person = signed_in(request)
    if request.method == "POST":
        _say(request, *_added(person, folder, [file for file in request.FILES.getlist("files") if file]))
        return _back(folder)
    shown = folders.access_folder(person.pk, folder)
    return render(request, "chat/folder_files.html#list", {"folder": shown} | context(folder_files.files_in(shown)))


def context(found: Sequence[AttachedFile]) -> dict[str, object]:
    """Return what the list of a folder's files shows."""
    return {
        "files": [draft_chip(file) for file in found],
        "is_reading": any(file.state.state == "waiting" for file in found),
        "files_at_once": settings.ATTACHMENTS_PER_MESSAGE,
    }


def _added(person: User, folder: UUID, sent: "Sequence[File[bytes]]") -> tuple[int, list[str]]:
    """Return how many files were added, and why the others were not."""
    if not sent:
        return 0, [_("Choose one file or more.")]
    most = settings.ATTACHMENTS_PER_MESSAGE
    reasons = []
    for file in sent[:most]:
        try:
            folder_files.add(person, folder, file)
        except InvalidError as error:
            shown, name = error.shown, file.name or ""
            reasons.append(shown if name in shown else f"{name}: {shown}")
    count = len(sent[:most]) - len(reasons)
    if sent[most:]:
        reasons.append(_("Only %(most)s files can be added at once. Add the others now.") % {"most": most})
    return count, reasons


def _say(request: HttpRequest, count: int, reasons: Sequence[str]) -> None:
    if count:
        words = ngettext("%(count)s file was added.", "%(count)s files were added.", count)
        messages.success(request, words % {"count": count})
    for reason in reasons:
        messages.warning(request, reason)


@require_POST
def remove(request: HttpRequest, folder: UUID, attachment: UUID) -> HttpResponse:
    folder_files.remove(signed_in(request).pk, folder, attachment)
    return _back(folder)


def _back(folder: UUID) -> HttpResponse:
    return redirect(f"{reverse('chat:folder', args=[folder])}#files")
