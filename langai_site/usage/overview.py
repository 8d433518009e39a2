"""What the admin's home says about budgets: those that are nearly or entirely used up."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from langai_site import registry
from langai_site.accounts.models import User
from langai_site.registry import OverviewLine
from langai_site.sentences import drawn
from langai_site.usage.models import Budget
from langai_site.usage.spending import budgets
from langai_site.usage.spending.standing import BudgetStanding, shown

NEAR_ITS_END = 80
LINES = 5


def register() -> None:
    registry.overview("usage", lines)


def lines(person: User) -> Sequence[OverviewLine]:
    """Return the most used budgets that are near their end, for people who may see budgets."""
    if not person.has_perm("usage.view_budget") or not budgets.exist():
        return ()
    found = budgets.standings(Budget.objects.filter(enabled=True))
    used = sorted((one for one in found if one.percent >= NEAR_ITS_END), key=lambda one: -one.percent)
    if used:
        return [_line(standing) for standing in used[:LINES]]
    return [OverviewLine(_("Budgets"), "ok", _("None is near its end."), _address(), _("All budgets"))]


def _line(standing: BudgetStanding) -> OverviewLine:
    text = _("%(budget)s: %(spent)s of %(limit)s spent (%(percent)s %%).")
    words = text % {
        "budget": capfirst(drawn(standing.name)),
        "spent": shown(standing.spent),
        "limit": shown(standing.limit),
        "percent": standing.percent,
    }
    is_gone = standing.hard and standing.percent >= 100
    return OverviewLine(_("Budgets"), "fail" if is_gone else "warn", words, _address(), _("Budgets"))


def _address() -> str:
    return reverse("admin:usage_budget_changelist")
