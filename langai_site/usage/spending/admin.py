from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.usage.models import Budget
from langai_site.usage.spending import budgets
from langai_site.usage.spending.standing import BudgetStanding, shown


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin[Budget]):
    """Budgets, and how much of each is left today or this month."""

    list_display = ("__str__", "kind", "enabled", "spent", "held", "left")
    list_filter = ("scope", "period", "hard", "enabled")
    list_select_related = ("user", "team")
    autocomplete_fields = ("user", "team")
    fields = ("scope", "user", "team", "period", "amount", "hard", "enabled")

    def save_model(self, request: HttpRequest, obj: Budget, form: ModelForm[Budget], change: bool) -> None:
        """Save the budget and count what was spent before it existed in this day or month."""
        super().save_model(request, obj, form, change)
        budgets.reconcile(obj)

    @admin.display(description=gettext_lazy("Kind"), ordering="hard")
    def kind(self, budget: Budget) -> str:
        return _("hard: then local models only") if budget.hard else _("soft: warns")

    @admin.display(description=gettext_lazy("Spent"))
    def spent(self, budget: Budget) -> str:
        return shown(_standing(budget).spent)

    @admin.display(description=gettext_lazy("Held"))
    def held(self, budget: Budget) -> str:
        return shown(_standing(budget).held)

    @admin.display(description=gettext_lazy("Left"))
    def left(self, budget: Budget) -> SafeString:
        """Return a bar of what is used, and the rest in words."""
        standing = _standing(budget)
        gone = min(standing.spent + standing.held, standing.limit)
        bar = "<meter min=0 max={} value={} high={}>{} %</meter> {}"
        return format_html(bar, standing.limit, gone, standing.limit * 4 / 5, standing.percent, shown(standing.left))


def _standing(budget: Budget) -> BudgetStanding:
    """Return the budget's standing, read once for the row's three columns."""
    kept: dict[str, Any] = budget.__dict__
    if "standing" not in kept:
        kept["standing"] = budgets.standings(Budget.objects.filter(pk=budget.pk))[0]
    standing: BudgetStanding = kept["standing"]
    return standing
