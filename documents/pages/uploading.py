"""Uploads files into a collection: many from a plain form, or one at a time with its progress."""

from uuid import UUID

from django.contrib import messages
from django.core.files import File
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_POST

from documents.names import shown_name
from documents.pages.fields import label_of
from documents.services import imports, library
from documents.services.imports import ImportOutcome, ImportResult, ImportTarget
from documents.services.uploads import replace
from langai_site.accounts import partial_uploads
from langai_site.accounts.limits import counted_as_page
from langai_site.accounts.session import signed_in
from langai_site.errors import InvalidError, LangAIError
from langai_site.sensitivity import Sensitivity

# Up to this many reasons are shown one by one: a message is kept in a cookie or a session.
REASONS_SHOWN = 10
OUTCOMES = {
    ImportOutcome.IMPORTED: gettext_noop("Uploaded. It is being read."),
    ImportOutcome.REPLACED: gettext_noop("Uploaded as the next version. It is being read."),
    ImportOutcome.UNCHANGED: gettext_noop("Already here, and unchanged."),
    ImportOutcome.CHANGED: gettext_noop(
        "A different file of this name is already here. Tick “Replace files of the same name”."
    ),
}


@require_POST
@counted_as_page
def upload(request: HttpRequest, collection: int) -> HttpResponseBase:
    """Store the files of a form; each succeeds or fails alone. A script that sends one is answered in JSON."""
    person = signed_in(request)
    found = library.managed_collection(person, collection)
    label = label_of(request.POST, default=Sensitivity.PUBLIC)
    target = ImportTarget(found, person, label, replace=bool(request.POST.get("replace")))
    complete = partial_uploads.sent_file(person.pk, None, request.POST.get("upload"))
    files = [file for file in (*request.FILES.getlist("files"), complete) if file]
    paths = request.POST.getlist("paths")
    wants_json = "application/json" in request.headers.get("Accept", "")
    if not files:
        return _refused(request, collection, InvalidError(_("Choose one file or more.")), wants_json)
    results = [_stored(file, paths[at] if at < len(paths) else "", target) for at, file in enumerate(files)]
    if wants_json:
        return _answer(results[0])
    _tell(request, results)
    return redirect("documents:collection", collection)


def _stored(file: "File[bytes]", path: str, target: ImportTarget) -> ImportResult:
    name = relative_path(path, shown_name(file.name or ""))
    try:
        return imports.take(file, name, target)
    except LangAIError as error:
        return ImportResult(name, ImportOutcome.FAILED, error.message)


def relative_path(path: str, name: str) -> str:
    """Return a file's path in the folder that was chosen, made of visible characters only; without one, its name."""
    folders = [shown_name(part) for part in path.replace("\\", "/").split("/")[:-1] if part.strip(". ")]
    return "/".join((*folders, name))[-imports.PATH_CHARACTERS :]


def _answer(result: ImportResult) -> JsonResponse:
    is_accepted = result.outcome not in (ImportOutcome.FAILED, ImportOutcome.CHANGED)
    return JsonResponse({"words": words_of(result), "is_accepted": is_accepted})


def words_of(result: ImportResult) -> str:
    return _(OUTCOMES[result.outcome]) if result.outcome in OUTCOMES else result.reason


def _tell(request: HttpRequest, results: list[ImportResult]) -> None:
    """Say how many files were accepted, and why others were not."""
    accepted = [result for result in results if result.outcome in (ImportOutcome.IMPORTED, ImportOutcome.REPLACED)]
    others = [result for result in results if result not in accepted]
    if accepted:
        text = ngettext(
            "%(count)s file accepted. It is found by search once it is read.",
            "%(count)s files accepted. They are found by search once they are read.",
            len(accepted),
        )
        messages.success(request, text % {"count": len(accepted)})
    for result in others[:REASONS_SHOWN]:
        messages.warning(request, f"{result.path}: {words_of(result)}")
    if others[REASONS_SHOWN:]:
        messages.warning(request, _("%(count)s more were not accepted.") % {"count": len(others) - REASONS_SHOWN})


def _refused(request: HttpRequest, collection: int, error: LangAIError, wants_json: bool) -> HttpResponse:
    if wants_json:
        return JsonResponse({"words": error.message, "is_accepted": False})
    messages.error(request, error.message)
    return redirect("documents:collection", collection)


@require_POST
def replace_file(request: HttpRequest, document: UUID) -> HttpResponse:
    """Upload a document's next version. The version before is searched until this one is read."""
    person = signed_in(request)
    found = library.managed_document(person, document)
    file = request.FILES.get("file")
    try:
        if not file:
            raise InvalidError(_("Choose the new file first."))
        newer = replace(found, file=file, user=person)
    except LangAIError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("“%(name)s” is queued as version %(version)s.") % {"name": newer.file_name, "version": newer.version},
        )
    return redirect("documents:document", document)
