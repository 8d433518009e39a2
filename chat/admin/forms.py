"""Forms of the admin pages about routing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from chat.models import RoutingRule
from chat.routing import wordings
from chat.values import Level
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from langai_site.sentences import drawn

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django has it
        super().__init__(*args, **kwargs)
        # A name of LangAI's own stands in the field as it is read elsewhere, and is stored as it was.
        if self.instance.name:
            self.initial["name"] = drawn(wordings.rule(self.instance.name))

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return self.instance.name if name == self.initial.get("name") else name

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
