"""The admin's upload pages: many new documents at once, or one document's next version."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from documents import services
from documents.diagnosis import known_languages
from documents.extraction.registry import FORMATS, readable_types
from documents.forms import ReadAgainForm, ReplaceForm, UploadForm
from documents.models import Document
from documents.names import split
from documents.notes import described
from documents.wording import drawn
from langai_site import document_uses
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from search.access import administered_collections, unread_collections
from search.models import Collection

# At runtime Django's class takes no type parameter; only the type checker needs it.
if TYPE_CHECKING:
    DocumentModelAdmin = admin.ModelAdmin[Document]
else:
    DocumentModelAdmin = admin.ModelAdmin

# Up to this many names are listed one by one: a message is kept in a cookie or a session.
NAMES_TOLD = 20


class Uploads(DocumentModelAdmin):
    """The part of DocumentAdmin that handles files."""

    def get_urls(self) -> list[URLPattern]:
        replace = self.admin_site.admin_view(self.replace_view)
        again = self.admin_site.admin_view(self.read_again_view)
        return [
            path("<path:object_id>/replace/", replace, name="documents_document_replace"),
            path("<path:object_id>/read-again/", again, name="documents_document_read_again"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Upload many files.

        Unlike ModelAdmin's own view, not in one transaction: each file succeeds or fails alone.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"collection": request.GET.get("collection", "")}
        collections = administered_collections(request.user)
        form = UploadForm(collections, *_sent(request), initial=initial)
        if form.is_valid():
            self._upload(request, form.cleaned_data)
            return redirect("admin:documents_document_changelist")
        return self._page(request, "upload", form, title=_("Upload documents"), **(extra_context or {}))

    def _upload(self, request: HttpRequest, data: dict[str, Any]) -> None:
        accepted = []
        for file in data["uploads"]:
            try:
                document = services.upload(
                    collection=data["collection"], file=file, user=_person(request), sensitivity=data["sensitivity"]
                )
            except LangAIError as error:
                messages.error(request, error.message)
            else:
                self.log_addition(request, document, [{"added": {}}])
                accepted.append(document.file_name)
        if accepted:
            messages.success(request, _accepted(accepted))
            _warn_of_unread(request, data["collection"])

    def replace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Upload a new file for a document. The current one stays searched until the new one has been read."""
        document = self._document(request, object_id)
        form = ReplaceForm(*_sent(request))
        if form.is_valid() and self._replace(request, document, form.cleaned_data["upload"]):
            return redirect("admin:documents_document_change", document.pk)
        title = _("Replace the file of “%(title)s”") % {"title": document.title}
        answers = document_uses.answers_citing([document.pk]).get(document.pk, 0)
        return self._page(request, "replace", form, title=title, document=document, answers=answers)

    def _replace(self, request: HttpRequest, document: Document, file: "File[bytes]") -> bool:
        try:
            replaced = services.replace(document, file=file, user=_person(request))
        except LangAIError as error:
            messages.error(request, error.message)
            return False
        self.log_change(request, replaced, [{"changed": {"fields": ["file"]}}])
        kept = replaced.searched
        values = {"name": replaced.file_name, "version": replaced.version, "searched": kept.version if kept else 0}
        if kept:
            text = _(
                "“%(name)s” is queued as version %(version)s. Until it has been read, version %(searched)s is searched."
            )
        else:
            text = _("“%(name)s” is queued as version %(version)s.")
        messages.success(request, text % values)
        return True

    def read_again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Read a document's file again, with other settings. What was read before stays searched until then."""
        document = self._document(request, object_id)
        kind = FORMATS.get(split(document.file_name)[1].lower())
        form = ReadAgainForm(
            request.POST if request.method == "POST" else None,
            encodings=bool(kind and kind.encoded),
            languages=known_languages() if kind and kind.ocr else (),
            initial={"encoding": document.encoding, "ocr_languages": document.ocr_languages.split("+")},
        )
        if form.is_valid() and self._read_again(request, document, form.cleaned_data):
            return redirect("admin:documents_document_change", document.pk)
        title = _("Read “%(title)s” again") % {"title": document.title}
        context = {"title": title, "document": document, "notes": described(document.notes)}
        return self._page(request, "read_again", form, **context)

    def _read_again(self, request: HttpRequest, document: Document, chosen: dict[str, Any]) -> bool:
        encoding, languages = chosen.get("encoding", ""), "+".join(chosen.get("ocr_languages", ()))
        try:
            services.read_again(document, encoding=encoding, ocr_languages=languages)
        except LangAIError as error:
            messages.error(request, error.message)
            return False
        self.log_change(request, document, gettext_noop("Had the file read again."))
        messages.success(request, _("“%(title)s” is queued to be read again.") % {"title": document.title})
        return True

    def _document(self, request: HttpRequest, object_id: str) -> Document:
        document = self.get_object(request, unquote(object_id))
        if document is None:
            raise Http404
        if not self.has_change_permission(request, document):
            raise PermissionDenied
        return document

    def _page(self, request: HttpRequest, name: str, form: Form, **context: object) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "types": drawn(readable_types()),
            **context,
        }
        return TemplateResponse(request, f"admin/documents/document/{name}.html", page)


def _accepted(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_TOLD])
    if others := len(names) - NAMES_TOLD if names[NAMES_TOLD:] else 0:
        shown = _("%(names)s and %(count)s more") % {"names": shown, "count": others}
    text = ngettext("%(count)s file accepted: %(names)s.", "%(count)s files accepted: %(names)s.", len(names))
    return text % {"count": len(names), "names": shown}


def _warn_of_unread(request: HttpRequest, collection: Collection) -> None:
    """Say so if nobody may read what was just uploaded."""
    if unread_collections(Collection.objects.filter(pk=collection.pk)).exists():
        page = reverse("admin:search_collection_change", args=[collection.pk])
        text = _('Nobody can find these documents in “{}” yet: <a href="{}">choose who may read it</a>.')
        messages.warning(request, format_html(text, collection, page))


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)
