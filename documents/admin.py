from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from documents import services
from documents.admin_uploads import Uploads
from documents.forms import DocumentForm
from documents.models import Document
from documents.notes import described
from langai_site import document_uses
from langai_site.audit.recording import record
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from langai_site.web.seen_values import with_seen
from search.access import administered_collections
from search.models import Passage
from search.raising import outcome

PASSAGES_SHOWN = 200


def live(document: Document, name: str, content: object) -> SafeString:
    """Return a part of the page that documents.js keeps up to date while the document is being read."""
    busy = "data-busy" if document.is_busy else ""
    return format_html('<div data-live="{}-{}" {}>{}</div>', document.pk, name, busy, content)


def _like_the_first(others: int) -> Iterator[str]:
    """Yield the sentence that other documents were refused as well."""
    if others:
        text = ngettext("The same applies to %(count)s other.", "The same applies to %(count)s others.", others)
        yield text % {"count": intcomma(others)}


@admin.register(Document)
class DocumentAdmin(Uploads):
    """Superusers manage every document, other staff those of the collections that they own."""

    form = DocumentForm
    list_display = (
        "title",
        "collection",
        "state",
        "label",
        "page_count",
        "passage_count",
        "file_size",
        "uploader",
        "uploaded_at",
    )
    list_filter = ("status", ("collection", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("collection", "uploaded_by", "previous")
    search_fields = ("title", "file_name", "imported_from")
    actions = ("retry",)
    fieldsets = (
        (None, {"fields": ("title", "collection", "sensitivity", "label", "raise_quoting")}),
        (gettext_lazy("Care"), {"fields": ("owner", "review_by", "citing")}),
        (
            gettext_lazy("Reading"),
            {"fields": ("state", "not_read", "page_count", "passage_count", "attempts", "ready_at")},
        ),
        (
            gettext_lazy("File"),
            {"fields": ("version", "file_name", "imported_from", "file_size", "sha256", "uploader", "uploaded_at")},
        ),
        (gettext_lazy("Passages"), {"fields": ("extracted",)}),
    )
    readonly_fields = (
        *("collection", "citing", "label", "state", "not_read", "page_count", "passage_count", "attempts"),
        *("ready_at", "version", "file_name", "imported_from", "file_size", "sha256", "uploader", "uploaded_at"),
        "extracted",
    )

    class Media:
        css = {"all": ["admin/documents.css"]}
        js = [Script("admin/documents.js", defer=True)]

    def get_form(
        self,
        request: HttpRequest,
        obj: Document | None = None,
        change: bool = False,
        **kwargs: Any,  # noqa: ANN401 - as Django's own
    ) -> type[ModelForm[Document]]:
        """Return the form without links that add or remove people beside the choice of an owner."""
        form = super().get_form(request, obj, change, **kwargs)
        if (owner := form.base_fields.get("owner")) and isinstance(owner.widget, RelatedFieldWidgetWrapper):
            owner.widget = owner.widget.widget
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Document | None = None) -> Any:  # noqa: ANN401 - as Django's
        return with_seen(super().get_fieldsets(request, obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).filter(collection__in=administered_collections(request.user))

    def _manages(self, request: HttpRequest, document: Document | None = None) -> bool:
        managed = administered_collections(request.user)
        return (managed.filter(pk=document.collection_id) if document else managed).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._manages(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._manages(request)

    def has_view_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return self._manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return self._manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return self._manages(request, obj)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, document: Document) -> SafeString:
        return live(document, "state", render_to_string("admin/documents/document/state.html", {"document": document}))

    @admin.display(description=gettext_lazy("label in force"))
    def label(self, document: Document) -> str:
        return document.label.label

    @admin.display(description=gettext_lazy("not read, or uncertain"))
    def not_read(self, document: Document) -> SafeString:
        shown = document.searched or document
        context = {"notes": described(shown.notes), "is_known": shown.notes is not None, "document": document}
        return live(document, "notes", render_to_string("admin/documents/document/notes.html", context))

    @admin.display(description=gettext_lazy("pages"), ordering="pages")
    def page_count(self, document: Document) -> SafeString:
        return live(document, "pages", "-" if document.pages is None else document.pages)

    @admin.display(description=gettext_lazy("passages"), ordering="passages")
    def passage_count(self, document: Document) -> SafeString:
        return live(document, "passages", "-" if document.passages is None else document.passages)

    @admin.display(description=gettext_lazy("size"), ordering="size")
    def file_size(self, document: Document) -> str:
        return filesizeformat(document.size)

    @admin.display(description=gettext_lazy("uploaded by"), ordering="uploaded_by__username")
    def uploader(self, document: Document) -> str:
        return str(document.uploaded_by or "LangAI")

    @admin.display(description=gettext_lazy("cited by"))
    def citing(self, document: Document) -> str:
        count = document_uses.answers_citing([document.pk]).get(document.pk, 0)
        return ngettext("%(count)s answer", "%(count)s answers", count) % {"count": intcomma(count)}

    @admin.display(description="")
    def extracted(self, document: Document) -> SafeString:
        passages = Passage.objects.live().filter(source__document=document.pk)
        context = {"passages": passages[:PASSAGES_SHOWN], "count": passages.count(), "shown": PASSAGES_SHOWN}
        return live(document, "extracted", render_to_string("admin/documents/document/passages.html", context))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the document with what was read of it, and record that, but not each refresh by its script."""
        response = super().change_view(request, object_id, form_url, extra_context)
        is_page = request.method == "GET" and "X-Refresh" not in request.headers
        if is_page and response.status_code == HTTPStatus.OK:
            record("document.read", "document", unquote(object_id))
        return response

    def save_model(self, request: HttpRequest, obj: Document, form: ModelForm[Document], change: bool) -> None:
        """Save only what a person may change, so that the worker's progress is not overwritten."""
        asked_for = form.cleaned_data["raise_quoting"]
        label, by = Sensitivity(obj.sensitivity), request.user.get_username()
        given: dict[str, Any] = {
            name: form.cleaned_data[name] for name in ("owner", "review_by") if name in form.changed_data
        }
        if services.relabel(obj, title=obj.title, sensitivity=label, raise_quoting=asked_for, by=by, given_care=given):
            self.log_change(request, obj, outcome(asked_for=asked_for))

    def response_change(self, request: HttpRequest, obj: Document) -> HttpResponse:
        if "_retry" in request.POST:
            self._retry(request, [obj])
        elif "_keep" in request.POST:
            self._keep(request, obj)
        else:
            return super().response_change(request, obj)
        return redirect(request.path)

    @admin.action(description=gettext_lazy("Retry failed documents"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        self._retry(request, list(queryset))

    def _retry(self, request: HttpRequest, documents: list[Document]) -> None:
        refused = []
        for document in documents:
            try:
                services.retry(document)
            except LangAIError as error:
                refused.append(error.message)
        if queued := len(documents) - len(refused):
            text = ngettext("%(count)s document queued again.", "%(count)s documents queued again.", queued)
            messages.success(request, text % {"count": intcomma(queued)})
        if refused:
            messages.error(request, " ".join((refused[0], *_like_the_first(len(refused) - 1))))

    def _keep(self, request: HttpRequest, document: Document) -> None:
        try:
            services.keep_previous(document)
        except LangAIError as error:
            messages.error(request, error.message)
        else:
            self.log_change(request, document, gettext_noop("Cancelled the replacement of the file."))
            messages.success(
                request, _("“%(title)s” stays as it was; the new file is removed.") % {"title": document.title}
            )

    def delete_model(self, request: HttpRequest, obj: Document) -> None:
        services.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        services.delete(*queryset)
