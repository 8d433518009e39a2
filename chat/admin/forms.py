"""Forms of the admin pages about routing."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chat.models import RoutingRule
from chat.values import Level
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity

# The position of a rule that was given no number: after all others.
LAST = 9_999


class RuleForm(forms.ModelForm[RoutingRule]):
    position = forms.IntegerField(
        label=pgettext_lazy("position", "Order"),
        required=False,
        min_value=0,
        max_value=LAST,
        help_text=_("Lower positions are checked first; blank ones last. Positions are renumbered on save."),
    )

    class Meta:
        model = RoutingRule
        fields = ["position", "name", "at_least", "complexity", "too_long", "use"]

    def clean_position(self) -> int:
        position = self.cleaned_data["position"]
        return LAST if position is None else position


class WhatIfForm(forms.Form):
    """An invented turn, to see where it would go."""

    label = forms.TypedChoiceField(
        label=_("Label"),
        choices=LABEL_CHOICES,
        coerce=lambda value: Sensitivity(int(value)),
        initial=Sensitivity.PUBLIC.value,
    )
    complexity = forms.TypedChoiceField(
        label=_("Complexity"),
        choices=lambda: [(level.value, level.label) for level in Level],
        coerce=Level,
        initial=Level.MODERATE.value,
    )
    tokens = forms.IntegerField(
        label=_("Tokens of the prompt"),
        min_value=0,
        max_value=100_000_000,
        initial=1_000,
        help_text=_("Without the answer."),
    )


class LabForm(forms.Form):
    """For how many days the turns are replayed with a policy."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=90, initial=7)
