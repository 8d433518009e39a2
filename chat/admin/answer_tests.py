"""The weekly run of answers in admin: one row with the models that may be asked, and what they may cost."""

from django.contrib import admin
from django.http import HttpRequest

from chat.models import AnswerTestSettings


class AnswerTestSettingsAdmin(admin.ModelAdmin[AnswerTestSettings]):
    list_display = ["__str__", "weekly_usd"]
    fields = ["allowed_models", "weekly_usd"]
    filter_horizontal = ["allowed_models"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not AnswerTestSettings.objects.exists()
