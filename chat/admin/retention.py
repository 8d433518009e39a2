"""Rules of retention in admin. A change gives everybody notice again before it deletes anything."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from chat.models.retention import RetentionRule


class RetentionRuleAdmin(admin.ModelAdmin[RetentionRule]):
    list_display = ["kind", "label", "days", "keeps_pinned", "since"]
    fields = ["kind", "label", "days", "keeps_pinned"]

    def save_model(
        self, request: HttpRequest, obj: RetentionRule, form: ModelForm[RetentionRule], change: bool
    ) -> None:
        if form.changed_data:
            obj.since = timezone.now()
        super().save_model(request, obj, form, change)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"days": 365} | super().get_changeform_initial_data(request)
