from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from search.models import Collection, Passage, Source


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):
    """Whoever manages a collection decides who reads it, and reads it only if named there."""

    list_display = ("name", "sensitivity", "everyone", "documents_in_search", "passages", "created_at")
    list_filter = ("sensitivity", "everyone")
    search_fields = ("name", "description")
    filter_horizontal = ("teams", "users")
    readonly_fields = ("documents_in_search", "passages", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "description", "sensitivity")}),
        (
            "Who may read it",
            {
                "fields": ("everyone", "teams", "users"),
                "description": "Admins, too, find only what they may read here.",
            },
        ),
        ("Contents", {"fields": ("documents_in_search", "passages", "created_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        live = Source.objects.filter(collection=OuterRef("pk"), live=True)
        passages = Passage.objects.filter(source__collection=OuterRef("pk"), source__live=True)
        return (
            super()
            .get_queryset(request)
            .annotate(document_count=_count(live, "collection"), passage_count=_count(passages, "source__collection"))
        )

    @admin.display(ordering="document_count")
    def documents_in_search(self, collection: Collection) -> int:
        return getattr(collection, "document_count", 0)

    @admin.display(ordering="passage_count")
    def passages(self, collection: Collection) -> int:
        return getattr(collection, "passage_count", 0)


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(by).annotate(n=Count("pk")).values("n")), 0)
