from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Subquery
from django.db.models.expressions import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from langai_site.outbound import abilities, admin_trials, catalogue, health, listings, roles, stored_quirks
from langai_site.outbound.abilities import Ability
from langai_site.outbound.connections import reading
from langai_site.outbound.connections.admin import ConnectionAdmin as ConnectionAdmin
from langai_site.outbound.connections.kinds import RESERVED
from langai_site.outbound.connections.problems import short_text
from langai_site.outbound.forms import QUIRKS, ModelForm, plain
from langai_site.outbound.models import Model
from langai_site.outbound.types import ProviderError
from langai_site.sensitivity import Sensitivity
from langai_site.stale_forms import SEEN
from langai_site.usage import prices
from langai_site.usage.models import Price
from langai_site.web.seen_values import ListRowForm

ASKED = gettext_lazy("How it is asked")
ABILITIES = gettext_lazy("What it can do besides text")
WHERE, TRUST = gettext_lazy("Where it runs"), gettext_lazy("What it may see, and who may use it")
ROLES = gettext_lazy("What it is good for")
PRICE = gettext_lazy("Price, in US dollars for a million tokens")


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin[Model]):
    """The catalogue: what the configured keys and servers offer, and what an admin adds."""

    form = ModelForm
    list_display = (
        *("display_name", "name", "where", "state", "ceiling_shown", "roles_shown", "abilities_shown", "window_shown"),
        *("price_in", "price_out", "teams_shown", "enabled", "rank"),
    )
    list_editable = ("enabled", "rank")
    list_filter = ("provider", "enabled", "available", "teams")
    search_fields = ("name", "display_name")
    filter_horizontal = ("teams",)
    readonly_fields = ("where", "state", "listed_window", "abilities_shown", "learnt_shown", "price_history")
    actions = ("test_selected",)

    class Media:
        css = {"all": ["admin/models.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        reading.renew()
        now = prices.newest(OuterRef("name"))
        priced = super().get_queryset(request).prefetch_related("teams")
        return priced.annotate(
            price_input=Subquery(now.values("input")[:1]), price_output=Subquery(now.values("output")[:1])
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Make the name read-only once a model exists: the ledger and conversations know the model by it."""
        return (*self.readonly_fields, "name") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:  # noqa: ANN401 - Django's nested lists
        may_change = self.has_change_permission(request, obj) if obj else True
        price = ("price_input", "price_output", "price_cached", "price_cache_write", "price_from") if may_change else ()
        quirks = (
            (*(f"quirk_{name}" for name in QUIRKS), *(("forget",) if obj and obj.learnt else ())) if may_change else ()
        )
        able = tuple(f"ability_{name}" for name in Ability) if may_change else "abilities_shown"
        asked = (*(("learnt_shown",) if obj else ()), *quirks, "extra_body", "extra_headers")
        return [
            (None, {"fields": ("display_name", "name", "enabled", "rank", *((SEEN,) if obj and may_change else ()))}),
            (WHERE, {"fields": ("where", "state") if obj else ()}),
            (TRUST, {"fields": ("ceiling", "teams")}),
            (ROLES, {"fields": ("roles", "context_window", *(("listed_window",) if obj else ()), "parameters")}),
            (ABILITIES, {"fields": (able,)}),
            (ASKED, {"fields": asked, "classes": ("collapse",)}),
            (PRICE, {"fields": (price, *(("price_history",) if obj else ())) if price else ("price_history",)}),
        ]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django's own
        return super().get_changelist_form(request, form=ListRowForm, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse for models on offer, which a refresh would add again for everyone. Switch them off instead."""
        stays = obj is not None and listings.is_offered(obj.name, listed=obj.available)
        return super().has_delete_permission(request, obj) and not stays

    def _is_local(self, model: Model) -> bool:
        try:
            return not catalogue.is_hosted(model.name)
        except ProviderError:
            return False

    @admin.display(description=gettext_lazy("Runs"))
    def where(self, model: Model) -> str:
        try:
            return _("hosted") if catalogue.is_hosted(model.name) else _("local")
        except ProviderError:
            return _("not set up")

    @admin.display(description=gettext_lazy("State"))
    def state(self, model: Model) -> SafeString:
        words = catalogue.state(model)
        return format_html(
            '<span class="model-state{}">{}</span>', "" if words == catalogue.READY else " waits", short_text(words)
        )

    @admin.display(description=gettext_lazy("May see up to"), ordering="ceiling")
    def ceiling_shown(self, model: Model) -> str:
        return _("all") if self._is_local(model) else Sensitivity(model.ceiling).label

    @admin.display(description=gettext_lazy("Roles"))
    def roles_shown(self, model: Model) -> str:
        return roles.words(roles.read(model.roles)) or "-"

    @admin.display(description=gettext_lazy("Abilities"))
    def abilities_shown(self, model: Model) -> str:
        return ", ".join(abilities.words(abilities.of_row(model.listed_abilities, model.abilities))) or "-"

    @admin.display(description=gettext_lazy("Context window"))
    def window_shown(self, model: Model) -> str:
        return intcomma(model.window) if model.window else _("not known")

    @admin.display(description=gettext_lazy("Learnt from its server"))
    def learnt_shown(self, model: Model) -> str:
        words = stored_quirks.words(stored_quirks.read(model.learnt))
        return f"{words[0].upper()}{words[1:]}." if words else _("Nothing: its server accepts the usual requests.")

    @admin.display(description=gettext_lazy("Price in"), ordering="price_input")
    def price_in(self, model: Model) -> str:
        return self._price(model, getattr(model, "price_input", None))

    @admin.display(description=gettext_lazy("Price out"), ordering="price_output")
    def price_out(self, model: Model) -> str:
        return self._price(model, getattr(model, "price_output", None))

    def _price(self, model: Model, rate: Decimal | None) -> str:
        if self._is_local(model):
            return _("free")
        return _("unpriced") if rate is None else f"${plain(rate)}"

    @admin.display(description=gettext_lazy("For"))
    def teams_shown(self, model: Model) -> str:
        return ", ".join(team.name for team in model.teams.all()) or _("everyone")

    @admin.display(description=gettext_lazy("Prices so far"))
    def price_history(self, model: Model) -> SafeString:
        now = prices.current_of(model.name)
        rows = Price.objects.filter(model=model.name).order_by("-valid_from", "source", "-pk")
        context = {"prices": rows, "current": now.version if now else "", "local": self._is_local(model)}
        return SafeString(render_to_string("admin/outbound/model/prices.html", context))

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:  # noqa: ANN401 - our form, or the list's
        if not change:
            obj.provider = obj.name.partition("/")[0]
            obj.available = obj.provider in listings.DEFAULTS or obj.provider not in RESERVED
        super().save_model(request, obj, form, change)
        if isinstance(form, ModelForm) and (price := form.new_price()):
            prices.set_by_admin(obj.name, **price)

    def get_urls(self) -> list[URLPattern]:
        test, health_page = self.admin_site.admin_view(self.test), self.admin_site.admin_view(self.health)
        own = [
            path("health/", health_page, name="outbound_model_health"),
            path("<int:pk>/test/", test, name="outbound_model_test"),
        ]
        return [*own, *super().get_urls()]

    def health(self, request: HttpRequest) -> HttpResponse:
        """Show how calls to the models went lately; what they cost is for those who may see the ledger."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Health of models"),
            "opts": self.opts,
            "providers": health.report(),
            "shows_cost": request.user.has_perm("usage.view_usageentry"),
        }
        return TemplateResponse(request, "admin/outbound/model/health.html", context)

    @method_decorator(require_POST)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        model = get_object_or_404(Model, pk=pk)
        if not self.has_change_permission(request, model):
            raise PermissionDenied
        self._test(request, model)
        return redirect("admin:outbound_model_change", pk)

    @admin.action(description=gettext_lazy("Test the selected models"), permissions=["change"])
    def test_selected(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        for model in queryset:
            self._test(request, model)

    def _test(self, request: HttpRequest, model: Model) -> None:
        result = admin_trials.tried(model, request.user)
        messages.add_message(request, messages.SUCCESS if result.ok else messages.ERROR, result.words)
