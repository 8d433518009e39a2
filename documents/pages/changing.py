"""What owners do with the documents of a collection: with one on its page, or with many that are ticked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from documents import care
from documents.care import GivenCare
from documents.diagnosis import known_languages
from documents.extraction.registry import FORMATS, accepted
from documents.forms import ReadAgainForm
from documents.models import Document
from documents.names import split
from documents.pages.fields import ids_of, label_of, labels, number_of, seen_label
from documents.services import changing, library, lifecycle
from documents.services.changing import ChangeResult
from documents.services.uploads import read_again as queue_again
from langai_site import document_uses
from langai_site.accounts.limits import costly
from langai_site.accounts.models import User
from langai_site.accounts.session import signed_in
from langai_site.errors import InvalidError, LangAIError
from langai_site.sensitivity import Sensitivity
from search.access import managers_of

PAGE = "documents/document.html"
REASONS_SHOWN = 5


@require_POST
def change(request: HttpRequest, collection: int) -> HttpResponse:
    """Do with the ticked documents what the pressed button says, then show the list again."""
    person, form = signed_in(request), request.POST
    back = form.get("back", "")
    page = reverse("documents:collection", args=[collection])
    if not (back.startswith(page) and url_has_allowed_host_and_scheme(back, allowed_hosts=None)):
        back = page
    action, ids = form.get("action", ""), ids_of(form)
    try:
        if action == "delete":
            deletion = changing.delete(person, collection, ids)
            return redirect(f"{page}?deleted={deletion.id}")
        _tell(request, action, _changed(person, collection, action, ids, request))
    except InvalidError as error:
        messages.error(request, error.message)
    return redirect(back)


def _changed(person: User, collection: int, action: str, ids: list[UUID], request: HttpRequest) -> ChangeResult:
    if action == "retry":
        return changing.retry(person, collection, ids)
    if action == "label":
        return changing.label(person, collection, ids, label_of(request.POST))
    if action == "move":
        target = number_of(request.POST, "target", _("Choose the collection to move them to."))
        return changing.move(person, collection, ids, target)
    raise InvalidError(_("Choose what to do with the documents."))


def _tell(request: HttpRequest, action: str, changed: ChangeResult) -> None:
    if changed.count or not changed.refused:
        messages.success(request, _outcome(action, changed.count))
    for reason in changed.refused[:REASONS_SHOWN]:
        messages.warning(request, reason)
    if changed.refused[REASONS_SHOWN:]:
        messages.warning(
            request, _("The same applies to %(count)s more.") % {"count": len(changed.refused) - REASONS_SHOWN}
        )


def _outcome(action: str, count: int) -> str:
    text = {
        "retry": ngettext("%(count)s document queued again.", "%(count)s documents queued again.", count),
        "label": ngettext(
            "%(count)s document given a higher label.", "%(count)s documents given a higher label.", count
        ),
        "move": ngettext("%(count)s document moved.", "%(count)s documents moved.", count),
    }[action]
    return text % {"count": count}


@require_POST
def restore(request: HttpRequest, collection: int, deletion: UUID) -> HttpResponse:
    """Bring back what was deleted together."""
    changed = changing.restore(signed_in(request), collection, deletion)
    for reason in changed.refused[:REASONS_SHOWN]:
        messages.warning(request, reason)
    return redirect("documents:collection", collection)


@costly
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: HttpRequest, document: UUID) -> HttpResponse:
    """Show what can be done with a document to those who manage it; a post changes what the form has."""
    person = signed_in(request)
    found = library.managed_document(person, document)
    if request.method != "POST":
        return render(request, PAGE, _context(person, found))
    try:
        title, label = request.POST.get("title", ""), label_of(request.POST, default=Sensitivity.PUBLIC)
        values = care.checked(found.collection_id, GivenCare(request.POST.get("owner"), request.POST.get("review_by")))
        seen = seen_label(request.POST)
        changing.describe(person, document, title=title, sensitivity=label, seen=seen, given_care=values)
    except LangAIError as error:
        context = _context(person, found) | {"refusal": error.message, "form": request.POST}
        return render(request, PAGE, context, status=error.status)
    messages.success(request, _("Your changes are saved."))
    return redirect("documents:document", document)


def _context(person: User, document: Document) -> dict[str, Any]:
    item, collection = library.item(person, document.pk)
    kind = FORMATS.get(split(document.file_name)[1].lower())
    again = ReadAgainForm(
        None,
        encodings=bool(kind and kind.encoded),
        languages=known_languages() if kind and kind.ocr else (),
        initial={"encoding": document.encoding, "ocr_languages": document.ocr_languages.split("+")},
    )
    lowest = document.lowest_label
    return {
        "item": item,
        "collection": collection,
        "document": document,
        "labels": [(slug, name) for slug, name in labels() if Sensitivity[slug.upper()] >= lowest],
        "label": Sensitivity(document.sensitivity).slug,
        "lowest": lowest if lowest else None,
        "people": managers_of(document.collection_id),
        "answers": document_uses.answers_citing([document.pk]).get(document.pk, 0),
        "title_max": changing.TITLE_MAX,
        "accepted": accepted(),
        "again": again,
        "can_cancel": document.status != Document.Status.READY and document.searched is not None,
    }


@require_POST
def read_again(request: HttpRequest, document: UUID) -> HttpResponse:
    """Have a document's file read again, with other settings."""
    found = library.managed_document(signed_in(request), document)
    kind = FORMATS.get(split(found.file_name)[1].lower())
    form = ReadAgainForm(
        request.POST,
        encodings=bool(kind and kind.encoded),
        languages=known_languages() if kind and kind.ocr else (),
    )
    try:
        if not form.is_valid():
            raise InvalidError(" ".join(str(error) for errors in form.errors.values() for error in errors))
        if found.status == Document.Status.FAILED and not any(form.cleaned_data.values()):
            lifecycle.retry(found)
        else:
            languages = "+".join(form.cleaned_data.get("ocr_languages", ()))
            queue_again(found, encoding=form.cleaned_data.get("encoding", ""), ocr_languages=languages)
    except LangAIError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("“%(title)s” is queued to be read again.") % {"title": found.title})
    return redirect("documents:document", document)


@require_POST
def keep_previous(request: HttpRequest, document: UUID) -> HttpResponse:
    """Cancel a replacement that is not read yet."""
    found = library.managed_document(signed_in(request), document)
    try:
        lifecycle.keep_previous(found)
    except LangAIError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("“%(title)s” stays as it was. The new file is removed.") % {"title": found.title})
    return redirect("documents:document", document)
