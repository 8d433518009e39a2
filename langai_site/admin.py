from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from langai_site.detectors import detect, detect_by_rules, shown
from langai_site.models import Announcement, SensitivePattern
from langai_site.web.seen_values import ListRowForm, SeenValuesAdmin, SeenValuesForm


class TryForm(forms.ModelForm[SensitivePattern]):
    """A pattern as it is in the form, saved or not, and a text to try it on."""

    sample = forms.CharField(required=False, max_length=settings.SAMPLE_MAX_CHARS, strip=False)

    class Meta:
        model = SensitivePattern
        fields = ["name", "kind", "pattern", "label"]

    def validate_unique(self) -> None:
        """Skip the check, because nothing is saved."""


class PatternForm(SeenValuesForm[SensitivePattern]):
    """A pattern's page."""

    GUARDED = ("label", "enabled")


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin[Announcement]):
    """What stands on every page for its time."""

    list_display = ["text", "level", "starts_at", "ends_at", "before_sign_in"]
    fields = ["text", "level", "starts_at", "ends_at", "before_sign_in"]


@admin.register(SensitivePattern)
class SensitivePatternAdmin(SeenValuesAdmin[SensitivePattern]):
    """The admins' own rules for sensitive texts, besides the built-in detectors."""

    form = PatternForm
    list_display = ["name", "kind", "label", "enabled"]
    list_editable = ["enabled"]
    list_filter = ["kind", "label", "enabled"]
    search_fields = ["name", "note"]
    fields = ["name", "kind", "pattern", "label", "enabled", "note"]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django's own
        return super().get_changelist_form(request, form=ListRowForm, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.try_it))
        return [path("try/", view, name="langai_site_sensitivepattern_try"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"sample_chars": settings.SAMPLE_MAX_CHARS, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def try_it(self, request: HttpRequest) -> HttpResponse:
        """Show what the sample would raise: nothing is saved, sent or logged."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        form = TryForm(request.POST)
        context = {**self.admin_site.each_context(request), "title": _("Try it"), "opts": self.opts, "form": form}
        if form.is_valid():
            text = form.cleaned_data["sample"]
            own = shown(detect_by_rules(text, [form.instance.rule]))
            context |= {"found": [*own, *shown(detect(text))], "own": own}
        return TemplateResponse(request, "admin/langai_site/sensitivepattern/try.html", context)
