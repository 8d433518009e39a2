from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from documents import services
from documents.extraction.registry import readable_types
from documents.forms import UploadForm
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.sensitivity import Sensitivity
from search.models import Passage

# Django's class takes its parameter only for the type checker.
if TYPE_CHECKING:
    DocumentModelAdmin = admin.ModelAdmin[Document]
else:
    DocumentModelAdmin = admin.ModelAdmin

PASSAGES_SHOWN = 200
BUSY = (Document.Status.QUEUED, Document.Status.WORKING)


def live(document: Document, name: str, content: object) -> SafeString:
    """A piece of the page that documents.js keeps up to date while the document is being read."""
    busy = "data-busy" if document.status in BUSY else ""
    return format_html('<div data-live="{}-{}" {}>{}</div>', document.pk, name, busy, content)


@admin.register(Document)
class DocumentAdmin(DocumentModelAdmin):
    list_display = (
        "title",
        "collection",
        "state",
        "page_count",
        "passage_count",
        "file_size",
        "uploader",
        "uploaded_at",
    )
    list_filter = ("status", "collection")
    list_select_related = ("collection", "uploaded_by")
    search_fields = ("title", "file_name")
    actions = ("retry",)
    fieldsets = (
        (None, {"fields": ("title", "collection", "sensitivity")}),
        ("Reading", {"fields": ("state", "page_count", "passage_count", "attempts", "ready_at")}),
        ("File", {"fields": ("file_name", "file_size", "sha256", "uploader", "uploaded_at")}),
        ("Passages", {"fields": ("extracted",)}),
    )
    readonly_fields = (
        *("collection", "state", "page_count", "passage_count", "attempts", "ready_at"),
        *("file_name", "file_size", "sha256", "uploader", "uploaded_at", "extracted"),
    )

    class Media:
        css = {"all": ["admin/documents.css"]}
        js = [Script("admin/documents.js", defer=True)]

    @admin.display(description="status", ordering="status")
    def state(self, document: Document) -> SafeString:
        return live(document, "state", render_to_string("admin/documents/document/state.html", {"document": document}))

    @admin.display(description="pages", ordering="pages")
    def page_count(self, document: Document) -> SafeString:
        return live(document, "pages", "-" if document.pages is None else document.pages)

    @admin.display(description="passages", ordering="passages")
    def passage_count(self, document: Document) -> SafeString:
        return live(document, "passages", "-" if document.passages is None else document.passages)

    @admin.display(description="size", ordering="size")
    def file_size(self, document: Document) -> str:
        return filesizeformat(document.size)

    @admin.display(description="uploaded by", ordering="uploaded_by__username")
    def uploader(self, document: Document) -> str:
        return str(document.uploaded_by or "LangAI")

    @admin.display(description="")
    def extracted(self, document: Document) -> SafeString:
        passages = Passage.objects.filter(source__document=document.pk, source__live=True).defer("vector")
        context = {"passages": passages[:PASSAGES_SHOWN], "count": passages.count(), "shown": PASSAGES_SHOWN}
        return live(document, "extracted", render_to_string("admin/documents/document/passages.html", context))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Upload many files. Not in one transaction, as ModelAdmin's own would be: each file stands for itself."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            self._upload(request, form.cleaned_data)
            return redirect("admin:documents_document_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Upload documents",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "types": readable_types(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/documents/document/upload.html", context)

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
            files = "1 file" if len(accepted) == 1 else f"{len(accepted)} files"
            messages.success(request, f"{files} accepted: {', '.join(accepted)}.")

    def save_model(self, request: HttpRequest, obj: Document, form: ModelForm, change: bool) -> None:
        """Only what a person may change, so that the worker's progress is not overwritten."""
        services.relabel(obj, title=obj.title, sensitivity=Sensitivity(obj.sensitivity))

    def response_change(self, request: HttpRequest, obj: Document) -> HttpResponse:
        if "_retry" not in request.POST:
            return super().response_change(request, obj)
        self._retry(request, [obj])
        return redirect(request.path)

    @admin.action(description="Retry failed documents", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        self._retry(request, list(queryset))

    def _retry(self, request: HttpRequest, documents: list[Document]) -> None:
        for document in documents:
            try:
                services.retry(document)
            except LangAIError as error:
                messages.error(request, error.message)
            else:
                messages.success(request, f"“{document.title}” is queued again.")

    def delete_model(self, request: HttpRequest, obj: Document) -> None:
        services.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            services.delete(document)


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
