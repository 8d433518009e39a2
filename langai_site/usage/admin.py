from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.usage.audit_pages import admin as admin_audit_log
from langai_site.usage.forms import VerifyForm
from langai_site.usage.ledger import verification
from langai_site.usage.ledger.label_proof import compare_labels
from langai_site.usage.models import MonthClose, Price, Seal, UsageEntry
from langai_site.usage.read_only import ReadOnly
from langai_site.usage.reports.types import DIMENSIONS
from langai_site.usage.spending import admin as admin_budgets

# Importing them registers them.
assert admin_budgets
assert admin_audit_log

# The maximum number of answered rows, and of findings, shown at once.
SHOWN = 200


class InWords(admin.AllValuesFieldListFilter):
    """Filters by a code of the ledger, in the words that reports have for it."""

    def choices(self, changelist: Any) -> Iterator[Any]:  # noqa: ANN401 - as Django's own
        words = {value: DIMENSIONS[self.field.name].shown(value) for value in self.lookup_choices}
        for choice in super().choices(changelist):
            shown = str(choice["display"])
            yield {**choice, "display": words.get(shown, shown)}


@admin.register(UsageEntry)
class UsageEntryAdmin(ReadOnly, admin.ModelAdmin[UsageEntry]):
    """The ledger, and the page that verifies it."""

    list_display = (
        "at",
        "username",
        "team",
        "model",
        "label",
        "input_tokens",
        "output_tokens",
        "price",
        "first_token_ms",
        "duration_ms",
        "status_words",
    )
    list_filter = ("at", "model", "label", ("status", InWords), "hosted", ("kind", InWords), "team")
    search_fields = ("username", "model", "content_hash")
    date_hierarchy = "at"
    fieldsets = (
        (
            gettext_lazy("Who asked"),
            {"fields": ("at", "username", "user_id", "team", "conversation", "reply", "kind_words", "source_words")},
        ),
        (
            gettext_lazy("Who was asked"),
            {"fields": ("model", "provider", "hosted", "label", "route", "cached", "status_words")},
        ),
        (
            gettext_lazy("What was sent"),
            {"fields": ("bytes_sent", "content_hash", "sent_at", "documents", "earlier_answers", "seal")},
        ),
        (
            gettext_lazy("Tokens"),
            {"fields": ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "estimated")},
        ),
        (
            gettext_lazy("Money and time"),
            {"fields": ("price", "saved", "price_version", "first_token_ms", "duration_ms")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        verify = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", verify, name="usage_usageentry_verify"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Cost (US dollars)"), ordering="cost")
    def price(self, entry: UsageEntry) -> str:
        return _("no price") if entry.cost is None else f"{entry.cost.normalize():f}"

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def kind_words(self, entry: UsageEntry) -> str:
        return DIMENSIONS["kind"].shown(entry.kind)

    @admin.display(description=gettext_lazy("source"), ordering="source")
    def source_words(self, entry: UsageEntry) -> str:
        return DIMENSIONS["source"].shown(entry.source)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_words(self, entry: UsageEntry) -> str:
        return DIMENSIONS["status"].shown(entry.status)

    @admin.display(description=gettext_lazy("Seal"))
    def seal(self, entry: UsageEntry) -> str:
        found = Seal.objects.filter(entry=entry.pk).first()
        return f"{found.sequence}: {found.hash}" if found else _("not sealed yet")

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Show what went out, and whether the chain is intact. A GET request, because nothing changes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = VerifyForm(request.GET) if "label" in request.GET else VerifyForm()
        context = _answer(form) if form.is_bound and form.is_valid() else {}
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Verify the ledger")}
        page = {"form": form, "head": verification.head(), "closes": MonthClose.objects.all()[:12]}
        return TemplateResponse(request, "admin/usage/usageentry/verify.html", {**frame, **page, **context})


def _answer(form: VerifyForm) -> dict[str, Any]:
    found = verification.went_out(form.question())
    context: dict[str, Any] = {"count": found.count(), "entries": found[:SHOWN], "question": form.question()}
    if form.wants_chain():
        question = form.question()
        context["proof"] = compare_labels(question.start, question.end)
        context["findings"] = list(islice(verification.findings(form.cleaned_data["head"]), SHOWN))
    return context


@admin.register(MonthClose)
class MonthCloseAdmin(ReadOnly, admin.ModelAdmin[MonthClose]):
    """Closed months and their figures."""

    list_display = ("__str__", "entries", "input_tokens", "output_tokens", "cost", "saved", "unpriced", "closed_at")


@admin.register(Price)
class PriceAdmin(ReadOnly, admin.ModelAdmin[Price]):
    """The present and past prices of models, read-only: a price is set on its model's page, and never changed."""

    list_display = ["model", "valid_from", "source", "input", "output", "cached", "long"]
    list_filter = ["source", "valid_from"]
    search_fields = ["model"]

    @admin.display(description=gettext_lazy("Long prompts"))
    def long(self, price: Price) -> str:
        if not price.long_after:
            return _("same")
        rates = (price.long_input, price.long_output, price.long_cached)
        shown = " / ".join(f"{rate.normalize():f}" for rate in rates)
        return _("over %(count)s tokens: %(rates)s") % {"count": intcomma(price.long_after), "rates": shown}
