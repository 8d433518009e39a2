"""Admin pages show only metadata of conversations, read-only. Admins have no right to read what people wrote."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


class MetadataAdmin(admin.ModelAdmin[M]):
    """Read-only lists and pages. Their addresses cannot filter by columns that they do not show."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow only the page's own filters: an address with `title__contains` would reveal titles bit by bit."""
        filters = {name for name in (*self.list_filter, self.date_hierarchy) if isinstance(name, str)}
        return lookup.split("__")[0] in filters and super().lookup_allowed(lookup, value, request)
