from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from langai_site.errors import InvalidError
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from langai_site.usage import months
from langai_site.usage.ledger import verification
from langai_site.usage.ledger.verification import Head, LedgerQuestion


class VerifyForm(forms.Form):
    """An admin's question to the ledger: what went out, and whether the chain is intact."""

    start = forms.CharField(
        label=pgettext_lazy("a day", "From"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Such as 2026-03-01; empty: the beginning."),
    )
    end = forms.CharField(
        label=gettext_lazy("To"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("This day is included; empty: now."),
    )
    label = forms.TypedChoiceField(
        label=gettext_lazy("Labelled at least"),
        coerce=int,
        choices=LABEL_CHOICES,
        initial=Sensitivity.CONFIDENTIAL,
    )
    hosted = forms.BooleanField(label=gettext_lazy("Only what went to hosted models"), required=False, initial=True)
    chain = forms.BooleanField(
        label=gettext_lazy("Check the whole chain"),
        required=False,
        help_text=gettext_lazy("Reads every entry: minutes for a million."),
    )
    head = forms.CharField(
        label=gettext_lazy("Exported head"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "An earlier head that you have kept. Shows whether everything before it is still the same."
        ),
    )

    def clean_start(self) -> datetime | None:
        return self._moment("start")

    def clean_end(self) -> datetime | None:
        return self._moment("end", end=True)

    def clean_head(self) -> Head | None:
        text = self.cleaned_data["head"]
        return _checked(verification.read_head, text) if text else None

    def _moment(self, name: str, **how: bool) -> datetime | None:
        text = self.cleaned_data[name]
        return _checked(months.read_moment, text, **how) if text else None

    def question(self) -> LedgerQuestion:
        """Return the question; only for a valid form."""
        data = self.cleaned_data
        return LedgerQuestion(data["start"], data["end"], Sensitivity(data["label"]), data["hosted"])

    def wants_chain(self) -> bool:
        return bool(self.cleaned_data["chain"] or self.cleaned_data["head"])


def _checked(read: Any, text: str, **how: bool) -> Any:  # noqa: ANN401 - a parser, and what it returns
    try:
        return read(text.strip(), **how)
    except InvalidError as error:
        raise forms.ValidationError(error.message) from None
