"""What admin shows of conversations is metadata, to be read. Being admin adds no right to read what people wrote."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


class MetadataAdmin(admin.ModelAdmin[M]):
    """Lists and pages that nobody changes, and that cannot be asked about columns that they do not show."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page's own filters ask: an address that says `title__contains` would tell titles by and by."""
        filters = {name for name in (*self.list_filter, self.date_hierarchy) if isinstance(name, str)}
        return lookup.split("__")[0] in filters and super().lookup_allowed(lookup, value, request)
