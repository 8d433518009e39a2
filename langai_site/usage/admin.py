from django.contrib import admin
from django.http import HttpRequest

from langai_site.usage.models import Price, UsageEntry


@admin.register(UsageEntry)
class UsageEntryAdmin(admin.ModelAdmin):
    """The ledger, to be read: entries are written by calls only, and never changed."""

    list_display = [
        "at",
        "username",
        "team",
        "model",
        "input_tokens",
        "output_tokens",
        "price",
        "first_token_ms",
        "duration_ms",
        "status",
    ]
    list_filter = ["at", "model", "status", "hosted", "team"]
    search_fields = ["username", "model"]
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description="Cost (US dollars)", ordering="cost")
    def price(self, entry: UsageEntry) -> str:
        return "unpriced" if entry.cost is None else f"{entry.cost.normalize():f}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UsageEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: UsageEntry | None = None) -> bool:
        return False


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    """What each model costs and did cost, to be read: a price is set on its model's page, and never changed."""

    list_display = ["model", "valid_from", "source", "input", "output", "cached", "long"]
    list_filter = ["source", "valid_from"]
    search_fields = ["model"]

    @admin.display(description="Long prompts")
    def long(self, price: Price) -> str:
        if not price.long_after:
            return "same"
        rates = (price.long_input, price.long_output, price.long_cached)
        return f"over {price.long_after:,} tokens: " + " / ".join(f"{rate.normalize():f}" for rate in rates)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False
