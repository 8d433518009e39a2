from django.contrib import admin
from django.http import HttpRequest

from langai_site.outbound import catalogue
from langai_site.outbound.models import Model
from langai_site.outbound.types import ProviderError


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin):
    """What the configured keys and servers offer, and what each hosted model may see."""

    list_display = ["display_name", "name", "where", "ceiling_shown", "enabled", "available", "rank"]
    list_editable = ["enabled", "rank"]
    list_filter = ["provider", "enabled", "available"]
    search_fields = ["name", "display_name"]
    fields = ["display_name", "name", "where", "ceiling", "enabled", "available", "rank"]
    readonly_fields = ["name", "where", "available"]

    @admin.display(description="Runs")
    def where(self, model: Model) -> str:
        try:
            return "hosted" if catalogue.is_hosted(model.name) else "local"
        except ProviderError:
            return "not set up"

    @admin.display(description="May see up to", ordering="ceiling")
    def ceiling_shown(self, model: Model) -> str:
        return "all" if self.where(model) == "local" else model.get_ceiling_display()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
