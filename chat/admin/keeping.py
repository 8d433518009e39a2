"""Rules for temporary chats in admin: where people's new conversations start, and the longest that they may stay."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from chat.models.keeping import KeepingRule


class KeepingRuleAdmin(admin.ModelAdmin[KeepingRule]):
    list_display = ["whose", "keeping", "enforced"]
    fields = ["team", "keeping", "enforced"]
    list_select_related = ["team"]

    @admin.display(description=pgettext_lazy("rule", "for"), ordering="team__name")
    def whose(self, rule: KeepingRule) -> str:
        return str(rule.team or _("Everyone"))
